/**
 * Task of the machine → activities: what the interpreter has done, and the event that becomes of it. Knows neither waiting nor the
 * workflow SDK: whoever interprets the machine brings its hands.
 */
import { rolloutFinishedSignal } from '../contracts/messages.ts';
import type { MessageDefinition, MessageInput, MessageSchema } from '../contracts/messages.ts';
import { promotionId } from '../contracts/names.ts';
import type { AllActivities, RolloutInput, SetExposureInput } from '../contracts/workflows.ts';
import type { Desk } from '../domain/rollout/desk.ts';
import type { RolloutEvent, RolloutState, RolloutTask } from '../domain/rollout/states.ts';
import { positionInWords } from '../domain/rollout/words.ts';

/** How an interpreter has something done; each way takes a summary for people. */
export interface Hands {
  /** Short work that decides about traffic. */
  readonly control: (summary: string) => AllActivities;
  /** Work on data. */
  readonly data: (summary: string) => AllActivities;
  /** The way back: never given up. */
  readonly urgent: (summary: string) => AllActivities;
  /** Waits that also read data. */
  readonly watch: (summary: string) => AllActivities;
  readonly tell: <Schema extends MessageSchema>(
    workflowId: string,
    message: MessageDefinition<string, Schema>,
    body: MessageInput<Schema>,
  ) => Promise<void>;
}

/** A task that is more than waiting for people. */
export type Work = Exclude<RolloutTask, { readonly kind: 'wait' | 'done' }>;

/** Has one task done. */
export async function doWork(hands: Hands, input: RolloutInput, desk: Desk, task: Work): Promise<RolloutEvent> {
  const { idea } = input;
  switch (task.kind) {
    case 'begin': {
      const summary = `what ${idea} is compared with`;
      return { kind: 'begun', brief: await hands.control(summary).beginRollout(planOf(input)) };
    }
    case 'evaluate':
      return evaluate(hands, input, desk.state, task.newCase);
    case 'check': {
      const policyDigest = desk.state.brief?.policyDigest ?? '';
      const check = { ...planOf(input), step: task.step, policyDigest };
      const { reasons: _reasons, ...verdict } = await hands.data(`serving check of ${idea}`).checkServing(check);
      return { kind: 'checked', ...verdict };
    }
    case 'rebase':
      return rebase(hands, input, desk.state, task.rebase);
    case 'apply':
      return applyOrder(hands, input, desk.state, task);
    case 'judge':
      return judge(hands, input, desk, task);
    case 'serveOut': {
      const { model, rolloutId } = input;
      const { cohort } = task;
      await hands.control(`first whole cohort served by ${idea} alone`).cohortServedNext({ model, rolloutId, cohort });
      return { kind: 'servedOut', cohort };
    }
    case 'announce':
      await announce(hands, input, task.request, desk.messages);
      return { kind: 'announced', request: task.request };
    case 'retreat':
      await hands.urgent('everyone back on stable').returnToStable(splitOf(input, desk.state, task.generation, null));
      return { kind: 'retreated' };
    case 'finish':
      await finish(hands, input, desk.state, task.decision);
      return { kind: 'finished' };
    default:
      return task satisfies never;
  }
}

async function evaluate(
  hands: Hands,
  input: RolloutInput,
  state: RolloutState,
  newCase: string | null,
): Promise<RolloutEvent> {
  const { idea } = input;
  const what = newCase === null ? `offline evaluation of ${idea}` : `evaluation of ${idea} on the new case ${newCase}`;
  const stable = state.brief?.stable ?? '';
  const evaluation = { ...planOf(input), stable, newCase };
  const { reasons: _reasons, ...verdict } = await hands.data(what).evaluateOffline(evaluation);
  return { kind: 'evaluated', ...verdict, newCase };
}

function judge(
  hands: Hands,
  { model, rolloutId }: RolloutInput,
  { state, messages }: Desk,
  { run, afterCohort, afterAgain, mayAdvance, extraCohorts }: Extract<RolloutTask, { kind: 'judge' }>,
): Promise<RolloutEvent> {
  return hands.watch(`cohort ${afterCohort + 1}, ${positionInWords(state)}; so far ${state.inWords}`).judgeNext({
    model,
    rolloutId,
    run,
    afterCohort,
    afterAgain,
    mayAdvance,
    extraCohorts,
    policyDigest: state.brief?.policyDigest ?? '',
    step: state.step,
    approvals: state.request?.approvals ?? [],
    splitRefused: state.splitRefused,
    turn: messages,
  });
}

async function rebase(
  hands: Hands,
  input: RolloutInput,
  state: RolloutState,
  { policyDigest, by, reason }: NonNullable<RolloutState['rebase']>,
): Promise<RolloutEvent> {
  const { model, rolloutId } = input;
  const { step, exposure } = state;
  const from = state.brief?.policyDigest ?? '';
  const answer = await hands.control(`re-basing to policy ${policyDigest.slice(0, 8)}`).rebasePolicy({
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
  const { accepted: _accepted, ...rebased } = answer;
  return { kind: 'rebased', policyDigest, ...rebased };
}

async function announce(
  hands: Hands,
  input: RolloutInput,
  request: RolloutState['request'],
  turn: number,
): Promise<void> {
  const { model, rolloutId, bundle: candidate, idea } = input;
  const summary =
    request === null ? 'no approval is waited for' : `approval by ${request.roles.join(' or ')} is waited for`;
  await hands.control(summary).announceRequest({ model, rolloutId, candidate, idea, request, turn });
}

async function finish(
  hands: Hands,
  input: RolloutInput,
  state: RolloutState,
  decision: NonNullable<RolloutState['decision']>,
): Promise<void> {
  const step = state.brief?.steps[state.step]?.mode ?? 'offline';
  const { handoffId } = await hands.control(`outcome: ${decision.outcome}`).finishRollout({
    ...planOf(input),
    ...decision,
    step,
    stepIndex: state.step,
    zeroAfterMs: state.zeroAfterMs ?? null,
  });
  const { model, rolloutId } = input;
  await hands.tell(promotionId(model), rolloutFinishedSignal, { rolloutId, outcome: decision.outcome, handoffId });
}

function planOf(input: RolloutInput): RolloutInput {
  const { model, rolloutId, bundle, idea, claim } = input;
  return { model, rolloutId, bundle, idea, claim };
}

async function applyOrder(
  hands: Hands,
  input: RolloutInput,
  state: RolloutState,
  task: Extract<RolloutTask, { kind: 'apply' }>,
): Promise<RolloutEvent> {
  const { order, generation } = task;
  const where = order.step === null ? 'promotion to stable' : `${order.step.mode} at exposure ${order.step.exposure}`;
  const applied = await hands.control(where).setExposure({
    ...splitOf(input, state, generation, order),
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
): SetExposureInput {
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
