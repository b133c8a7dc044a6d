/**
 * The rollout's machine: what one candidate's way from no exposure to all, or back to none, may do. Pure and total.
 * `reduce(state, event)` takes in what happened, `nextTask(state)` says what the interpreter does next; nothing else decides.
 *
 * Promises kept here: exposure rises only after an `advance` verdict and the approvals the step asks for; a rollback order or
 * verdict wins in every state and nothing leaves it; a verdict about another run or an older cohort changes nothing.
 */
import type { ApprovalRequest, RolloutApproval, RolloutEvent, RolloutState, RolloutTask, Step } from './states.ts';

export function beginRollout(): RolloutState {
  return {
    phase: 'progressing',
    brief: null,
    evaluated: false,
    step: 0,
    exposure: 0,
    ordered: null,
    touched: false,
    retreated: false,
    run: null,
    judgedCohort: 0,
    last: null,
    request: null,
    announced: null,
    fullFrom: null,
    decision: null,
    recorded: false,
    generation: 0,
    escalated: false,
    inWords: 'preparing',
  };
}

/** (state, event) → state. An event that does not apply returns the state unchanged. */
export function reduce(state: RolloutState, event: RolloutEvent): RolloutState {
  if (event.kind === 'finished') return { ...state, recorded: true };
  if (event.kind === 'retreated') return state.decision === null ? state : { ...state, retreated: true, exposure: 0 };
  if (event.kind === 'announced') return { ...state, announced: requestKey(event.request) };
  if (state.decision !== null) return state;
  switch (event.kind) {
    case 'begun':
      return state.brief === null ? { ...state, brief: event.brief, inWords: 'offline evaluation' } : state;
    case 'evaluated':
      return evaluated(state, event);
    case 'applied':
      return applied(state, event);
    case 'judged':
      return judged(state, event);
    case 'servedOut':
      return servedOut(state, event.cohort);
    case 'approved':
      return approved(state, event.approval);
    case 'paused':
      return { ...state, phase: 'paused', inWords: `paused by ${event.by}: ${event.reason}` };
    case 'resumed':
      return state.phase === 'paused' ? { ...state, phase: 'progressing', inWords: `resumed by ${event.by}` } : state;
    case 'rejected':
      return decide(state, 'withdrawn', `rejected by ${event.by}: ${event.reason}`, event.by);
    case 'gaveUp':
      return decide(state, state.exposure > 0 ? 'rolled_back' : 'refused', event.reason, null);
    case 'rollbackOrdered':
      return decide(
        state,
        state.exposure > 0 ? 'rolled_back' : 'withdrawn',
        `rolled back by ${event.by}: ${event.reason}`,
        event.by,
      );
    default:
      return event satisfies never;
  }
}

/** What the interpreter does next. While a person may speak at any time, there is always exactly one task. */
export function nextTask(state: RolloutState): RolloutTask {
  if (state.decision !== null) return closingTask(state, state.decision);
  if (state.brief === null) return { kind: 'begin' };
  if (!state.evaluated) return { kind: 'evaluate' };
  if (requestKey(state.request) !== state.announced) return { kind: 'announce', request: state.request };
  // An order that a pause overtook is carried out later, and then only while the gate does not hold.
  const mayRise = state.phase !== 'paused' && state.last?.verdict !== 'hold';
  if (state.ordered !== null) {
    if (mayRise) return { kind: 'apply', order: state.ordered, generation: state.generation };
    if (state.run === null || state.ordered.step === null || state.ordered.step.mode === 'full')
      return { kind: 'wait' };
  }
  if (state.fullFrom !== null && state.ordered === null) return { kind: 'serveOut', cohort: state.fullFrom };
  return {
    kind: 'judge',
    run: state.run ?? 'shadow',
    afterCohort: state.judgedCohort,
    mayAdvance: state.phase !== 'paused' && approvalsGiven(state),
  };
}

export function isFinal(state: RolloutState): boolean {
  return state.decision !== null;
}

/** The step the candidate stands on. */
export function currentStep(state: RolloutState): Step | null {
  return state.brief?.steps[state.step] ?? null;
}

/** Whether every approval that leaving the present step asks for has been given. */
export function approvalsGiven(state: RolloutState): boolean {
  const needed = currentStep(state)?.approvals ?? null;
  return needed === null || (state.request?.approvals.length ?? 0) >= needed.quorum;
}

/** Identity of an approval request and the approvals it has: what people have been told of. */
export function requestKey(request: ApprovalRequest | null): string | null {
  return request === null
    ? null
    : `${request.step}/${request.evidenceDigest}/${request.approvals.map((given) => given.by).join(',')}`;
}

function closingTask(state: RolloutState, decision: NonNullable<RolloutState['decision']>): RolloutTask {
  if (decision.outcome !== 'promoted' && state.touched && !state.retreated)
    return { kind: 'retreat', generation: state.generation };
  if (state.announced !== null) return { kind: 'announce', request: null };
  return state.recorded ? { kind: 'done' } : { kind: 'finish', decision };
}

function evaluated(state: RolloutState, event: Extract<RolloutEvent, { kind: 'evaluated' }>): RolloutState {
  if (state.evaluated || state.brief === null) return state;
  if (!event.passed) return decide({ ...state, evaluated: true }, 'refused', event.inWords, null);
  return order({ ...state, evaluated: true, inWords: event.inWords }, state.step + 1, event.decisionId, null, null);
}

/** Orders the move to a step; for the step after the last, the candidate's promotion to stable. */
function order(
  state: RolloutState,
  target: number,
  decisionId: string,
  evidenceDigest: string | null,
  cohort: number | null,
): RolloutState {
  const step = state.brief?.steps[target] ?? null;
  return {
    ...state,
    request: null,
    escalated: false,
    touched: true,
    generation: state.generation + 1,
    ordered: { target, step, decisionId, evidenceDigest, effectiveCohort: cohort },
  };
}

function applied(state: RolloutState, event: Extract<RolloutEvent, { kind: 'applied' }>): RolloutState {
  const ordered = state.ordered;
  if (ordered === null || ordered.target !== event.target) return state;
  if (ordered.step === null) {
    const done: RolloutState = { ...state, ordered: null, phase: 'healthy', exposure: 1 };
    return decide(done, 'promoted', 'certified at every step; it now serves everyone', null, event.effectiveFrom);
  }
  const run = ordered.step.mode === 'shadow' ? 'shadow' : 'canary';
  const runBegins = run !== state.run;
  return {
    ...state,
    ordered: null,
    step: ordered.target,
    exposure: ordered.step.exposure,
    run,
    judgedCohort: runBegins ? event.effectiveCohort - 1 : state.judgedCohort,
    last: runBegins ? null : state.last,
    fullFrom: ordered.step.mode === 'full' ? event.effectiveCohort : null,
    inWords: `${ordered.step.mode} at exposure ${ordered.step.exposure} from ${event.effectiveFrom}`,
  };
}

function judged(state: RolloutState, event: Extract<RolloutEvent, { kind: 'judged' }>): RolloutState {
  const { judgement } = event;
  if (judgement.run !== state.run || judgement.cohort <= state.judgedCohort) return state;
  const seen: RolloutState = { ...state, judgedCohort: judgement.cohort, last: judgement, inWords: judgement.inWords };
  switch (judgement.verdict) {
    case 'rollback':
      return decide(seen, state.exposure > 0 ? 'rolled_back' : 'refused', judgement.inWords, null);
    case 'advance':
      return order(seen, state.step + 1, judgement.decisionId, judgement.evidenceDigest, judgement.effectiveCohort);
    case 'escalate':
      return state.exposure === 0
        ? decide(seen, 'refused', judgement.inWords, null)
        : { ...seen, escalated: true, request: null };
    case 'hold':
      return { ...seen, request: null };
    case 'continue':
      return { ...seen, request: judgement.onlyApprovalMissing ? askFor(seen) : null };
    default:
      return judgement.verdict satisfies never;
  }
}

/** The request stays bound to the evidence it was opened with for as long as only approvals are missing. */
function askFor(state: RolloutState): ApprovalRequest | null {
  const approvals = currentStep(state)?.approvals ?? null;
  if (state.last === null || approvals === null) return null;
  if (state.request !== null && state.request.step === state.step) return state.request;
  return {
    step: state.step,
    evidenceDigest: state.last.evidenceDigest,
    since: state.last.eventTime,
    roles: approvals.roles,
    quorum: approvals.quorum,
    approvals: [],
  };
}

function servedOut(state: RolloutState, cohort: number): RolloutState {
  if (state.fullFrom !== cohort || state.ordered !== null || state.last === null) return state;
  return order(state, state.step + 1, `${state.last.decisionId}/promoted`, state.last.evidenceDigest, null);
}

function approved(state: RolloutState, approval: RolloutApproval): RolloutState {
  return state.request === null || refuseApproval(state, approval) !== null
    ? state
    : { ...state, request: { ...state.request, approvals: [...state.request.approvals, approval] } };
}

/** Why an approval cannot be taken now, in words with the present digest; null when it can. */
export function refuseApproval(state: RolloutState, approval: RolloutApproval): string | null {
  if (state.decision !== null) return `the rollout is over: ${state.decision.outcome}`;
  const request = state.request;
  if (request === null) return `nothing waits for an approval now (${state.inWords})`;
  const present = `the present request is for step ${request.step} with evidence ${request.evidenceDigest}`;
  if (approval.step !== request.step) return `step ${approval.step} is not the one that waits; ${present}`;
  if (approval.evidenceDigest !== request.evidenceDigest) return `the evidence has moved on; ${present}`;
  if (!request.roles.includes(approval.role))
    return `role ${approval.role} is not asked for; allowed: ${request.roles.join(', ')}`;
  const people = state.brief?.people[approval.role] ?? [];
  if (!people.includes(approval.by))
    return `${approval.by} does not hold role ${approval.role}; allowed: ${people.join(', ')}`;
  if (approval.by === state.brief?.author) return `${approval.by} is the candidate’s author and cannot approve it`;
  if (request.approvals.some((given) => given.by === approval.by))
    return `${approval.by} has already approved this step`;
  return null;
}

function decide(
  state: RolloutState,
  outcome: NonNullable<RolloutState['decision']>['outcome'],
  reason: string,
  by: string | null,
  effectiveFrom: string | null = null,
): RolloutState {
  return {
    ...state,
    phase: outcome === 'promoted' ? 'healthy' : 'degraded',
    ordered: null,
    request: null,
    generation: state.generation + 1,
    decision: { outcome, reason, by, effectiveFrom },
    inWords: reason,
  };
}
