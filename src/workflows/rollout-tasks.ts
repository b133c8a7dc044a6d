/** What the interpreter has done for each task of the machine, and what becomes of it. */
import { CancellationScope, condition } from '@temporalio/workflow';
import { rolloutFinishedSignal } from '../contracts/messages.ts';
import { promotionId } from '../contracts/names.ts';
import type { RolloutInput } from '../contracts/workflows.ts';
import type { RolloutEvent, RolloutState, RolloutTask } from '../domain/rollout/states.ts';
import { control, data, urgent, watch } from './activity-doors.ts';
import type { Desk } from './rollout-doors.ts';
import { tell } from './tell.ts';
import { failureType, terminalReason } from './terminal-failures.ts';
import { workflowNow } from './workflow-time.ts';

/** What no retry can mend ends the rollout: nobody stays exposed to a candidate that cannot be judged or split. */
export async function performOrGiveUp(
  input: RolloutInput,
  desk: Desk,
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
async function perform(input: RolloutInput, desk: Desk, task: RolloutTask): Promise<RolloutEvent | null> {
  const { idea } = input;
  switch (task.kind) {
    case 'begin':
      return { kind: 'begun', brief: await control(`what ${idea} is compared with`).beginRollout(planOf(input)) };
    case 'evaluate': {
      const stable = desk.state.brief?.stable ?? '';
      const { newCase } = task;
      const what =
        newCase === null ? `offline evaluation of ${idea}` : `evaluation of ${idea} on the new case ${newCase}`;
      const verdict = await data(what).evaluateOffline({ ...planOf(input), stable, newCase });
      const { passed, decisionId, inWords } = verdict;
      return { kind: 'evaluated', passed, decisionId, inWords, newCase };
    }
    case 'check': {
      const policyDigest = desk.state.brief?.policyDigest ?? '';
      const check = { ...planOf(input), step: task.step, policyDigest };
      const { passed, decisionId, inWords } = await data(`serving check of ${idea}`).checkServing(check);
      return { kind: 'checked', passed, decisionId, inWords };
    }
    case 'rebase':
      return rebase(input, desk.state, task.rebase);
    case 'apply':
      return applyOrder(input, desk.state, task);
    case 'judge':
    case 'serveOut':
      return awaitEvidence(input, desk, task);
    case 'wait': {
      const before = desk.messages;
      await condition(() => desk.messages !== before);
      return null;
    }
    case 'announce':
      await announce(input, task.request, desk.messages);
      return { kind: 'announced', request: task.request };
    case 'retreat':
      await urgent('everyone back on stable').returnToStable(splitOf(input, desk.state, task.generation, null));
      return { kind: 'retreated' };
    case 'finish':
      await finish(input, desk.state, task.decision);
      return { kind: 'finished' };
    case 'done':
      return null;
    default:
      return task satisfies never;
  }
}

/** Any message cuts the wait short: what is waited for may have changed with it. */
async function awaitEvidence(
  input: RolloutInput,
  desk: Desk,
  task: Extract<RolloutTask, { kind: 'judge' | 'serveOut' }>,
): Promise<RolloutEvent | null> {
  const { model, rolloutId, idea } = input;
  const before = desk.messages;
  return race(
    async () => {
      if (task.kind === 'serveOut') {
        await control(`first whole cohort served by ${idea} alone`).cohortServedNext({
          model,
          rolloutId,
          cohort: task.cohort,
        });
        return { kind: 'servedOut', cohort: task.cohort };
      }
      const { state } = desk;
      const { run, afterCohort, mayAdvance, extraCohorts } = task;
      const look = watch(`cohort ${afterCohort + 1} of ${idea}: ${state.inWords}`);
      return look.judgeNext({
        model,
        rolloutId,
        run,
        afterCohort,
        mayAdvance,
        extraCohorts,
        policyDigest: state.brief?.policyDigest ?? '',
        step: state.step,
        approvals: state.request?.approvals ?? [],
        splitRefused: state.splitRefused,
        turn: before,
      });
    },
    () => desk.messages !== before,
    task.kind === 'judge' ? patienceOf(desk, task.patienceMs) : null,
  );
}

/** What is left of a step's workflow time; null where it has no end. */
function patienceOf({ stepSince, state }: Desk, patienceMs: number | null): Patience | null {
  if (patienceMs === null) return null;
  const inWords = 'the step has waited longer than its patience, and event time has not brought a verdict';
  return {
    leftMs: Math.max(1, stepSince.at + patienceMs - workflowNow()),
    event: { kind: 'patienceEnded', step: state.step, inWords },
  };
}

async function rebase(
  input: RolloutInput,
  state: RolloutState,
  { policyDigest, by, reason }: NonNullable<RolloutState['rebase']>,
): Promise<RolloutEvent> {
  const { model, rolloutId } = input;
  const { step, exposure } = state;
  const from = state.brief?.policyDigest ?? '';
  const answer = await control(`re-basing to policy ${policyDigest.slice(0, 8)}`).rebasePolicy({
    model,
    rolloutId,
    policyDigest,
    from,
    step,
    exposure,
    by,
    reason,
  });
  if (!answer.accepted) return { kind: 'rebaseRefused', policyDigest, reason: answer.reason };
  const { steps, people, decisionId, inWords } = answer;
  return { kind: 'rebased', policyDigest, steps, people, step: answer.step, decisionId, inWords };
}

async function announce(input: RolloutInput, request: RolloutState['request'], turn: number): Promise<void> {
  const { model, rolloutId, bundle: candidate, idea } = input;
  const summary =
    request === null ? 'no approval is waited for' : `approval by ${request.roles.join(' or ')} is waited for`;
  await control(summary).announceRequest({ model, rolloutId, candidate, idea, request, turn });
}

async function finish(
  input: RolloutInput,
  state: RolloutState,
  decision: NonNullable<RolloutState['decision']>,
): Promise<void> {
  const step = state.brief?.steps[state.step]?.mode ?? 'offline';
  const { handoffId } = await control(`outcome: ${decision.outcome}`).finishRollout({
    ...planOf(input),
    ...decision,
    step,
    stepIndex: state.step,
  });
  const { model, rolloutId } = input;
  await tell(promotionId(model), rolloutFinishedSignal, { rolloutId, outcome: decision.outcome, handoffId });
}

function planOf(input: RolloutInput): RolloutInput {
  const { model, rolloutId, bundle, idea, claim } = input;
  return { model, rolloutId, bundle, idea, claim };
}

async function applyOrder(
  input: RolloutInput,
  state: RolloutState,
  task: Extract<RolloutTask, { kind: 'apply' }>,
): Promise<RolloutEvent> {
  const { order, generation } = task;
  const split = splitOf(input, state, generation, order);
  const where = order.step === null ? 'promotion to stable' : `${order.step.mode} at exposure ${order.step.exposure}`;
  const applied = await control(where).setExposure(split);
  await control(`recording: ${where}`).recordExposure({
    ...split,
    ...applied,
    step: order.target,
    mode: order.step?.mode ?? 'stable',
    evidenceDigest: order.evidenceDigest,
  });
  return {
    kind: 'applied',
    target: order.target,
    effectiveCohort: applied.effectiveCohort,
    effectiveFrom: applied.effectiveFrom,
  };
}

/** The split an order stands for; without an order, the way back. */
function splitOf(
  input: RolloutInput,
  state: RolloutState,
  generation: number,
  order: Extract<RolloutTask, { kind: 'apply' }>['order'] | null,
): Parameters<ReturnType<typeof control>['setExposure']>[0] {
  const stable = state.brief?.stable ?? '';
  const promoted = order !== null && order.step === null;
  const back = order === null;
  return {
    model: input.model,
    rolloutId: input.rolloutId,
    generation: (state.brief?.generationBase ?? 0) + generation,
    decisionId: back ? `${input.rolloutId}/back-${generation}` : order.decisionId,
    stable: promoted ? input.bundle : stable,
    candidate: back || promoted ? null : input.bundle,
    exposure: order?.step?.exposure ?? 0,
    mirror: !back && !promoted,
    leaving: back ? input.bundle : null,
    salt: state.brief?.salt ?? '',
    calendar: state.brief?.calendar ?? { origin: 0, lengthMs: 1 },
    effectiveCohort: order?.effectiveCohort ?? null,
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
