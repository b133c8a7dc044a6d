/** Waiting and giving up: how a workflow has the machine's tasks done, and what cuts them short. */
import { CancellationScope, condition, workflowInfo } from '@temporalio/workflow';
import type { RolloutInput } from '../contracts/workflows.ts';
import type { RolloutEvent, RolloutTask } from '../domain/rollout/states.ts';
import { control, data, urgent, watch } from './activity-doors.ts';
import { HISTORY_EVENTS_MAX } from './limits.ts';
import type { RolloutDesk } from './rollout-doors.ts';
import { doWork } from './rollout-work.ts';
import type { Hands, Work } from './rollout-work.ts';
import { tell } from './tell.ts';
import { failureType, terminalReason } from './terminal-failures.ts';
import { workflowNow } from './workflow-time.ts';

const HANDS: Hands = { control, data, urgent, watch, tell };

/** What no retry can mend ends the rollout: nobody stays exposed to a candidate that cannot be judged or split. */
export async function performOrGiveUp(
  input: RolloutInput,
  desk: RolloutDesk,
  task: RolloutTask,
): Promise<RolloutEvent | null> {
  const isDecided = (): boolean => desk.state.decision !== null;
  try {
    // A decision ends whatever is under way, also where the record store does not answer; generations fence what comes too late.
    if (!isDecided()) return await race(() => perform(input, desk, task), isDecided);
    return await perform(input, desk, task);
  } catch (error) {
    if (task.kind === 'apply' && desk.state.decision === null && failureType(error) === 'GENERATION_STALE')
      return { kind: 'splitRefused', reason: 'somebody else has written the split: its generation is above ours' };
    const reason = terminalReason(error);
    if (reason === null || desk.state.decision !== null) throw error;
    return { kind: 'gaveUp', reason };
  }
}

/** Has one task done. Null when a message made another task more urgent. */
async function perform(input: RolloutInput, desk: RolloutDesk, task: RolloutTask): Promise<RolloutEvent | null> {
  switch (task.kind) {
    case 'done':
      return null;
    case 'wait': {
      const before = desk.messages;
      await condition(() => desk.messages !== before);
      return null;
    }
    case 'judge':
    case 'serveOut':
      return awaitEvidence(input, desk, task);
    default:
      return doWork(HANDS, input, desk, task);
  }
}

/** Any order cuts the wait short: what is waited for may have changed with it. So does a history that has grown long meanwhile. */
async function awaitEvidence(
  input: RolloutInput,
  desk: RolloutDesk,
  task: Extract<Work, { kind: 'judge' | 'serveOut' }>,
): Promise<RolloutEvent | null> {
  const before = desk.messages;
  return race(
    () => doWork(HANDS, input, desk, task),
    () => desk.messages !== before || workflowInfo().historyLength > HISTORY_EVENTS_MAX,
    task.kind === 'judge' ? patienceOf(desk, task.patienceMs) : null,
  );
}

/** What is left of a step's workflow time; null where it has no end. */
function patienceOf({ stepSince, state }: RolloutDesk, patienceMs: number | null): Patience | null {
  if (patienceMs === null) return null;
  const inWords = 'the step has waited longer than its patience, and event time has not brought a verdict';
  return {
    leftMs: Math.max(1, stepSince.at + patienceMs - workflowNow()),
    event: { kind: 'patienceEnded', step: state.step, inWords },
  };
}

/** A wait that ends by itself, with the event it ends in. */
interface Patience {
  readonly leftMs: number;
  readonly event: RolloutEvent;
}

/** Waits for `work` unless interrupted first; work that lost the race is cancelled and its result ignored. */
async function race(
  work: () => Promise<RolloutEvent | null>,
  interrupted: () => boolean,
  patience: Patience | null = null,
): Promise<RolloutEvent | null> {
  let result: RolloutEvent | null = null;
  let failure: unknown = null;
  let finished = false;
  const scope = new CancellationScope({ cancellable: true });
  const running = scope.run(async () => {
    try {
      result = await work();
    } catch (error) {
      failure = error;
    }
    finished = true;
  });
  const isOver = (): boolean => finished || interrupted();
  const inTime = await (patience === null ? condition(isOver).then(() => true) : condition(isOver, patience.leftMs));
  if (!finished) {
    scope.cancel();
    void running;
    return inTime ? null : (patience?.event ?? null);
  }
  if (failure !== null) throw failure;
  return result;
}
