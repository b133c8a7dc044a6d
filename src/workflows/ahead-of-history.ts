/**
 * Keeps a run from writing a history that no replay follows. A question that the server hands out while a workflow task waits to begin
 * is answered from all events so far, also from those of the task that waits: the run in memory is then ahead of its history. What the
 * task brings besides comes second in the running code and first in a replay, where messages go before results; a run whose replay
 * differs stands still for good. An update that comes so is refused, to be sent again. For anything else the task is given back: the
 * server sees it fail once, the run leaves the memory and is taken up again from its history. It takes a question and an order that
 * wait together, as they do while no worker runs.
 */
import { ApplicationFailure } from '@temporalio/common';
import { workflowInfo } from '@temporalio/workflow';
import type { ConcludeActivationInput, WorkflowInterceptors } from '@temporalio/workflow';
import { SEND_AGAIN } from '../contracts/messages.ts';
import { HISTORY_EVENTS_LANDING_MAX, HISTORY_EVENTS_MAX } from './limits.ts';

/** How far a history is as a run sees it: number of events, and bytes as of the last task that began; 0 where the server does not say. */
interface Progress {
  readonly historyLength: number;
  readonly historySize: number;
}

/** How far a run has acted: on so many events, by so many of its own that must follow them. */
interface Acted {
  readonly historyLength: number;
  readonly events: number;
}

/**
 * Events between the tasks that two activations belong to, beside those of the run's own: the first is completed, the second is scheduled
 * and begins. Of a task that led to nothing a run that is read from its history sees the end as well.
 */
const eventsBetweenTasks = (own: number): number => (own === 0 ? 2 : own + 3);
/** The task that waits may have to be scheduled, and begins: so much longer is a history than it seems to a run that is ahead. */
const EVENTS_UNSEEN = 2;

/** Notices which activation must not go on from where a run in memory is; one for each run. */
export class HistoryGuard {
  #acted: Acted | null = null;
  #before: Acted | null = null;
  #bytes = 0;

  /** Whether updates must be refused now. */
  isOutOfStep = false;

  /**
   * Call with every activation that is no question.
   * @param onlyUpdates Whether it brings nothing that cannot be refused
   * @throws Error when going on from here would not be what a replay does
   */
  look({ historyLength, historySize }: Progress, onlyUpdates: boolean): void {
    const acted = this.#acted;
    this.isOutOfStep = false;
    const begins = historySize === 0 || historySize > this.#bytes;
    this.#bytes = historySize;
    if (acted !== null) {
      if (historyLength <= acted.historyLength) return;
      // The events of the run's own are not there: what it acted on belongs to the very task that begins now.
      this.isOutOfStep = historyLength < acted.historyLength + eventsBetweenTasks(acted.events);
      if (this.isOutOfStep && !onlyUpdates) throw outOfStep();
    }
    // A replay, which sees all of the task, might find it time to continue as new.
    if (!begins && isNearALimit(historyLength)) throw outOfStep();
    this.#before = acted;
    this.#acted = { historyLength, events: 0 };
  }

  /** Call with the commands that an activation which is no question led to. */
  conclude(commands: ConcludeActivationInput['commands']): void {
    const events = eventsOf(commands);
    // A task that did nothing but refuse leaves no trace: the next may have the numbers of its events.
    if (events === 0 && commands.some(({ updateResponse }) => updateResponse?.rejected != null))
      this.#acted = this.#before;
    else if (this.#acted !== null) this.#acted = { ...this.#acted, events: this.#acted.events + events };
  }
}

const isNearALimit = (historyLength: number): boolean =>
  [HISTORY_EVENTS_MAX, HISTORY_EVENTS_LANDING_MAX].some(
    (limit) => historyLength <= limit && limit <= historyLength + EVENTS_UNSEEN,
  );

/** How many events commands become, or more: what is begun and given up in one breath becomes none. */
function eventsOf(commands: ConcludeActivationInput['commands']): number {
  const givenUp = commands.filter((each) => each.requestCancelActivity != null || each.cancelTimer != null).length;
  const begun = commands.filter((each) => each.scheduleActivity != null || each.startTimer != null).length;
  const shown = commands.filter(
    (each) => each.upsertWorkflowSearchAttributes != null || each.modifyWorkflowProperties != null,
  ).length;
  return shown + Math.max(0, begun - givenUp);
}

/** How the words begin that a task is given back with. */
export const OUT_OF_STEP = 'the run had answered ahead of its history';

function outOfStep(): Error {
  const error = new Error(`${OUT_OF_STEP}; it is taken up again from there`);
  error.name = 'AheadOfHistory';
  delete error.stack;
  return error;
}

function sendAgain(): ApplicationFailure {
  const failure = ApplicationFailure.nonRetryable(`${OUT_OF_STEP}, and nothing was done: send it again`, SEND_AGAIN);
  delete failure.stack;
  return failure;
}

/** Found by its name: the bundle of the workflows gives it to every run. */
export const interceptors = (): WorkflowInterceptors => {
  const guard = new HistoryGuard();
  let isQuestion = false;
  return {
    internals: [
      {
        activate(input, next) {
          const jobs = input.activation.jobs ?? [];
          isQuestion = jobs.some(({ queryWorkflow }) => queryWorkflow != null);
          if (!isQuestion)
            guard.look(
              workflowInfo(),
              jobs.every(({ doUpdate }) => doUpdate != null),
            );
          next(input);
        },
        concludeActivation(input, next) {
          const output = next(input);
          if (!isQuestion) guard.conclude(output.commands);
          return output;
        },
      },
    ],
    inbound: [
      {
        validateUpdate(input, next) {
          if (guard.isOutOfStep) throw sendAgain();
          next(input);
        },
      },
    ],
  };
};
