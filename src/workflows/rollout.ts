/**
 * Interpreter of the rollout's machine: asks `nextTask`, has an activity do it, feeds the result back. What may happen is decided
 * in `domain/rollout/machine.ts`; a command that decides the rollout cuts every wait short.
 */
import { allHandlersFinished, condition, continueAsNew, workflowInfo } from '@temporalio/workflow';
import type { RolloutInput } from '../contracts/workflows.ts';
import { beginRollout, nextTask, reduce } from '../domain/rollout/machine.ts';
import type { RolloutEvent, RolloutState } from '../domain/rollout/states.ts';
import {
  deadlineInWords,
  needsPerson,
  possibleActions,
  rolloutDetails,
  rolloutInALine,
  waitingForInWords,
} from '../domain/rollout/words.ts';
import { createDisplay } from './display.ts';
import type { Shown } from './display.ts';
import { HISTORY_EVENTS_MAX } from './limits.ts';
import { createOrderLog } from './order-log.ts';
import { keepTimes, openDoors } from './rollout-doors.ts';
import type { RolloutDesk } from './rollout-doors.ts';
import { createRolloutNews } from './rollout-news.ts';
import { performOrGiveUp } from './rollout-tasks.ts';
import { workflowNow } from './workflow-time.ts';

/** One candidate's way from no exposure to all, or back to none. */
export async function rollout(input: RolloutInput): Promise<RolloutState> {
  const desk: RolloutDesk = {
    state: input.state ?? beginRollout(),
    messages: input.turn ?? 0,
    processed: [...(input.processed ?? [])],
    stepSince: input.stepSince ?? { step: 0, at: workflowNow() },
    decidedAt: null,
  };
  const display = createDisplay(input.waitsSince);
  const parentId = workflowInfo().parent?.workflowId ?? null;
  const news = createRolloutNews(input, desk, display);
  const orders = createOrderLog(input.model, input.rolloutId, input.unlogged);
  const show = (): void => {
    display.show(shownOf(input, desk.state, parentId));
    news.look();
  };
  openDoors(input, desk, orders, show);
  show();

  for (;;) {
    const task = nextTask(desk.state);
    if (task.kind === 'done') break;
    const event = await performOrGiveUp(input, desk, task);
    if (event !== null) desk.state = reduce(desk.state, timed(event, desk.decidedAt));
    keepTimes(desk);
    show();
    if (workflowInfo().historyLength > HISTORY_EVENTS_MAX && desk.state.decision === null) {
      await condition(allHandlersFinished);
      await continueAsNew<typeof rollout>({
        ...input,
        state: desk.state,
        processed: desk.processed,
        turn: desk.messages,
        stepSince: desk.stepSince,
        waitsSince: display.waitsSince,
        ...news.leave(),
        unlogged: orders.leave(),
      });
    }
  }
  await news.settled();
  await orders.settled();
  await condition(allHandlersFinished);
  return desk.state;
}

/** How long the way back took: from the decision to the word that nobody is exposed. */
function timed(event: RolloutEvent, decidedAt: number | null): RolloutEvent {
  return event.kind === 'retreated' && decidedAt !== null ? { ...event, afterMs: workflowNow() - decidedAt } : event;
}

function shownOf(input: RolloutInput, state: RolloutState, parentId: string | null): Shown {
  const [urgent] = possibleActions(input, state);
  return {
    details: rolloutDetails(input, state, parentId),
    attributes: {
      HoldfastModel: input.model,
      HoldfastStage: 'rollout',
      HoldfastPhase: state.phase,
      HoldfastWaitingFor: waitingForInWords(state),
      HoldfastCandidate: `${input.idea} ${input.bundle.slice(0, 8)}`,
      HoldfastDeadline: deadlineInWords(state),
      HoldfastNeedsHuman: needsPerson(state),
      HoldfastExposure: state.exposure,
    },
    line: rolloutInALine(input, state),
    next: urgent === undefined ? null : { update: urgent.updates.join(' or '), input: urgent.body },
    gate: state.last === null ? [] : [`after cohort ${state.last.cohort}`, ...state.last.table.split('\n')],
  };
}
