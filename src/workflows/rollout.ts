/**
 * Interpreter of the rollout's machine: asks `nextTask`, has an activity do it, feeds the result back. What may happen is decided
 * in `domain/rollout/machine.ts`; a command that decides the rollout cuts every wait short.
 */
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  currentUpdateInfo,
  log,
  workflowInfo,
} from '@temporalio/workflow';
import {
  approveMessage,
  COMMANDS,
  EXPLAIN_QUERY,
  evidenceArrivedSignal,
  rolloutFinishedSignal,
  STATUS_QUERY,
} from '../contracts/messages.ts';
import type { ApproveCommand, Command, CommandAnswer } from '../contracts/messages.ts';
import { promotionId } from '../contracts/names.ts';
import type { RolloutInput, RolloutStatus } from '../contracts/workflows.ts';
import { beginRollout, isFinal, nextTask, reduce, refuseApproval } from '../domain/rollout/machine.ts';
import type { RolloutEvent, RolloutState, RolloutTask } from '../domain/rollout/states.ts';
import {
  deadlineInWords,
  explainRollout,
  needsPerson,
  positionInWords,
  possibleActions,
  rolloutDetails,
  rolloutInALine,
  waitingForInWords,
} from '../domain/rollout/words.ts';
import { control, data, urgent, watch } from './activity-doors.ts';
import { createDisplay } from './display.ts';
import type { Shown } from './display.ts';
import { onQuery, onSignal, onUpdate } from './doors.ts';
import { HISTORY_EVENTS_MAX, PROCESSED_IDS_MAX } from './limits.ts';
import { tell } from './tell.ts';
import { terminalReason } from './terminal-failures.ts';

interface Desk {
  state: RolloutState;
  /** Grows with every message, so that a wait can be cut short by one. */
  messages: number;
  processed: string[];
}

/** One candidate's way from no exposure to all, or back to none. */
export async function rollout(input: RolloutInput): Promise<RolloutState> {
  const desk: Desk = {
    state: input.state ?? beginRollout(),
    messages: input.turn ?? 0,
    processed: [...(input.processed ?? [])],
  };
  const display = createDisplay();
  const parentId = workflowInfo().parent?.workflowId ?? null;
  const show = (): void => display.show(shownOf(input, desk.state, parentId));
  openDoors(input, desk, show);
  show();

  for (;;) {
    const task = nextTask(desk.state);
    if (task.kind === 'done') break;
    const event = await performOrGiveUp(input, desk, task);
    if (event !== null) desk.state = reduce(desk.state, event);
    show();
    if (workflowInfo().historyLength > HISTORY_EVENTS_MAX && desk.state.decision === null) {
      await condition(allHandlersFinished);
      await continueAsNew<typeof rollout>({
        ...input,
        state: desk.state,
        processed: desk.processed,
        turn: desk.messages,
      });
    }
  }
  await condition(allHandlersFinished);
  return desk.state;
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

function openDoors(input: RolloutInput, desk: Desk, show: () => void): void {
  const take = (id: string | null, event: RolloutEvent): CommandAnswer => {
    if (id === null || !desk.processed.includes(id)) {
      if (id !== null) desk.processed = [...desk.processed, id].slice(-PROCESSED_IDS_MAX);
      desk.state = reduce(desk.state, event);
      desk.messages += 1;
      show();
    }
    return answer(desk.state);
  };
  const refuse = (name: string, body: Command): string | null => {
    const id = idOf(name, body);
    if (id !== null && desk.processed.includes(id)) return null;
    if (isFinal(desk.state)) return `the rollout is over: ${desk.state.inWords}`;
    if (name === 'resume' && desk.state.phase !== 'paused') return 'the rollout is not paused';
    if (name === 'pause' && desk.state.phase === 'paused') return 'the rollout is already paused';
    if (name === 'approve') return refuseApproval(desk.state, approvalOf(body as ApproveCommand));
    return null;
  };
  for (const message of COMMANDS) {
    onUpdate(
      message,
      (body) => take(idOf(message.name, body), eventOf(message.name, body)),
      (body) => wrongCandidate(input, body) ?? refuse(message.name, body),
    );
    onSignal(message, (body) => {
      const reason = wrongCandidate(input, body) ?? refuse(message.name, body);
      if (reason === null) take(idOf(message.name, body), eventOf(message.name, body));
      else log.info('a command was not taken', { command: message.name, by: body.by, reason });
    });
  }
  onSignal(evidenceArrivedSignal, () => void (desk.messages += 1));
  onQuery(STATUS_QUERY, 'Where the candidate stands, and why', () => statusOf(input, desk.state));
  onQuery(EXPLAIN_QUERY, 'The same in words, with the next action', () => explainRollout(input, desk.state));
}

/** Two commands of different names are never one, whatever ids a person gave them. Without an id, each message counts. */
function idOf(name: string, body: Command): string | null {
  const id = body.commandId === '' ? currentUpdateInfo()?.id : body.commandId;
  return id === undefined ? null : `${name}/${id}`;
}

function statusOf(input: RolloutInput, state: RolloutState): RolloutStatus {
  const { model, rolloutId, bundle, idea, claim } = input;
  return { model, rolloutId, bundle, idea, claim, ...state };
}

function wrongCandidate(input: RolloutInput, body: Command | ApproveCommand): string | null {
  return 'candidate' in body && body.candidate !== input.bundle
    ? `this rollout judges candidate ${input.bundle}`
    : null;
}

function approvalOf(body: ApproveCommand): Extract<RolloutEvent, { kind: 'approved' }>['approval'] {
  const { by, role, step, candidate, evidenceDigest, reason, channel } = body;
  return { by, role, step, candidate, evidenceDigest, reason, channel };
}

function eventOf(name: (typeof COMMANDS)[number]['name'], body: Command | ApproveCommand): RolloutEvent {
  switch (name) {
    case 'approve':
      return { kind: 'approved', approval: approvalOf(approveMessage.schema.parse(body)) };
    case 'reject':
      return { kind: 'rejected', by: body.by, reason: body.reason };
    case 'pause':
      return { kind: 'paused', by: body.by, reason: body.reason };
    case 'resume':
      return { kind: 'resumed', by: body.by, reason: body.reason };
    case 'rollback':
      return { kind: 'rollbackOrdered', by: body.by, reason: body.reason };
    default:
      return name satisfies never;
  }
}

function answer(state: RolloutState): CommandAnswer {
  return {
    accepted: true,
    message: state.inWords,
    step: `${state.step}`,
    exposure: state.exposure,
    phase: state.phase,
    evidenceDigest: state.request?.evidenceDigest ?? null,
  };
}

/** What no retry can mend ends the rollout: nobody stays exposed to a candidate that cannot be judged or split. */
async function performOrGiveUp(input: RolloutInput, desk: Desk, task: RolloutTask): Promise<RolloutEvent | null> {
  const isDecided = (): boolean => desk.state.decision !== null;
  try {
    // A decision ends whatever is under way, also where the record store does not answer; generations fence what comes too late.
    if (!isDecided()) return await race(() => perform(input, desk, task), isDecided);
    return await perform(input, desk, task);
  } catch (error) {
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
      const verdict = await data(`offline evaluation of ${idea}`).evaluateOffline({ ...planOf(input), stable });
      return { kind: 'evaluated', passed: verdict.passed, decisionId: verdict.decisionId, inWords: verdict.inWords };
    }
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
      const { run, afterCohort, mayAdvance } = task;
      const look = watch(`cohort ${afterCohort + 1}, ${positionInWords(desk.state)}; so far ${desk.state.inWords}`);
      return {
        kind: 'judged',
        judgement: await look.judgeNext({ model, rolloutId, run, afterCohort, mayAdvance, turn: before }),
      };
    },
    () => desk.messages !== before,
  );
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
    salt: state.brief?.salt ?? '',
    calendar: state.brief?.calendar ?? { origin: 0, lengthMs: 1 },
    effectiveCohort: order?.effectiveCohort ?? null,
  };
}

/** Waits for `work` unless interrupted first; work that lost the race is cancelled and its result ignored. */
async function race(
  work: () => Promise<RolloutEvent | null>,
  interrupted: () => boolean,
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
  await condition(() => finished || interrupted());
  if (!finished) {
    scope.cancel();
    void running;
    return null;
  }
  if (failure !== null) throw failure;
  return result;
}
