/**
 * The rollout's machine: what one candidate's way from no exposure to all, or back to none, may do. Pure and total.
 * `reduce(state, event)` takes in what happened, `nextTask(state)` says what the interpreter does next; nothing else decides.
 *
 * Promises kept here: exposure rises only after an `advance` verdict and the approvals the step asks for; a rollback order or
 * verdict wins in every state and nothing leaves it; a verdict about another run or of an older look changes nothing.
 */
import { approvalsGiven, approved, askFor, requestKey, unexpired } from './approvals.ts';
import type { Judgement, RolloutEvent, RolloutState, RolloutTask, Step } from './states.ts';

/** First reason of a hold for evidence that is due and has not arrived. */
const MISSING = 'data-pending';

export function beginRollout(): RolloutState {
  return {
    phase: 'progressing',
    brief: null,
    evaluated: false,
    newCase: null,
    rebase: null,
    extraCohorts: 0,
    splitRefused: null,
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

/** (state, event) → state. An event that does not apply changes at most the head: the decision it tells of stands in the chain. */
export function reduce(state: RolloutState, event: RolloutEvent): RolloutState {
  const next = apply(state, event);
  const head = event.kind === 'judged' ? event.judgement.head : 'head' in event ? event.head : undefined;
  return head === undefined || head.sequence <= (next.head?.sequence ?? 0) ? next : { ...next, head };
}

function apply(state: RolloutState, event: RolloutEvent): RolloutState {
  if (event.kind === 'finished') return { ...state, recorded: true };
  if (event.kind === 'retreated') return retreated(state, event.afterMs);
  if (event.kind === 'announced') return { ...state, announced: requestKey(event.request) };
  if (state.decision !== null) return state;
  switch (event.kind) {
    case 'begun':
      return state.brief === null ? { ...state, brief: event.brief, inWords: 'offline evaluation' } : state;
    case 'evaluated':
    case 'checked':
      return examined(state, event);
    case 'suiteGrew':
      return state.evaluated ? { ...state, newCase: event.caseId } : state;
    case 'applied':
      return applied(state, event);
    case 'splitRefused':
      return { ...state, ordered: null, splitRefused: event.reason, inWords: event.reason };
    case 'judged':
      return judged(state, event);
    case 'servedOut':
      return servedOut(state, event.cohort);
    case 'patienceEnded':
      return event.step === state.step ? escalated(state, event.inWords) : state;
    case 'extended':
      return extended(state, event);
    case 'rebaseOrdered': {
      const { policyDigest, by, reason } = event;
      return { ...state, rebase: { policyDigest, by, reason } };
    }
    case 'rebased':
      return rebased(state, event);
    case 'rebaseRefused':
      return state.rebase?.policyDigest === event.policyDigest
        ? { ...state, rebase: null, inWords: event.reason }
        : state;
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
  if (!state.evaluated) return { kind: 'evaluate', newCase: null };
  if (requestKey(state.request) !== state.announced) return { kind: 'announce', request: state.request };
  // A rise that was decided on the suite of yesterday waits for the word of today's.
  if (state.newCase !== null) return { kind: 'evaluate', newCase: state.newCase };
  if (state.rebase !== null) return { kind: 'rebase', rebase: state.rebase };
  // An order that a pause overtook is carried out later, and then only while the gate does not hold.
  const mayRise = state.phase !== 'paused' && state.last?.verdict !== 'hold';
  const step = currentStep(state);
  if (state.ordered !== null) {
    if (mayRise || falls(state)) return { kind: 'apply', order: state.ordered, generation: state.generation };
    // The run that was left has ended: an order into another one is all there is to wait for.
    if (state.ordered.step === null || state.ordered.step.run !== state.run) return { kind: 'wait' };
  } else if (state.splitRefused !== null && (state.run === null || state.fullFrom !== null)) {
    // No gate looks, and the split that would let one look is somebody else's.
    return { kind: 'wait' };
  } else if (step?.mode === 'infra') {
    return { kind: 'check', step: state.step };
  }
  if (state.fullFrom !== null && state.ordered === null) return { kind: 'serveOut', cohort: state.fullFrom };
  return {
    kind: 'judge',
    run: state.run ?? 'shadow',
    afterCohort: state.judgedCohort,
    afterAgain: state.last?.again ?? 0,
    mayAdvance:
      state.phase !== 'paused' && state.ordered === null && state.splitRefused === null && approvalsGiven(state),
    extraCohorts: state.extraCohorts,
    patienceMs: state.escalated ? null : (step?.patienceMs ?? null),
  };
}

/** An order to expose less waits for nobody. */
function falls({ ordered, exposure }: RolloutState): boolean {
  return ordered !== null && ordered.step !== null && ordered.step.exposure < exposure;
}

export function isFinal(state: RolloutState): boolean {
  return state.decision !== null;
}

/** The step the candidate stands on. */
export function currentStep(state: RolloutState): Step | null {
  return state.brief?.steps[state.step] ?? null;
}

function closingTask(state: RolloutState, decision: NonNullable<RolloutState['decision']>): RolloutTask {
  if (decision.outcome !== 'promoted' && state.touched && !state.retreated)
    return { kind: 'retreat', generation: state.generation };
  if (state.announced !== null) return { kind: 'announce', request: null };
  return state.recorded ? { kind: 'done' } : { kind: 'finish', decision };
}

/** What an examination at exposure 0 found: of the suite, of the serving process, or of a case the suite has got since. */
function examined(state: RolloutState, event: Extract<RolloutEvent, { kind: 'evaluated' | 'checked' }>): RolloutState {
  if (state.brief === null) return state;
  const newCase = event.newCase ?? null;
  if (newCase !== null) {
    if (state.newCase !== newCase) return state;
    const seen = { ...state, newCase: null };
    return event.passed ? { ...seen, inWords: event.inWords } : fail(seen, event.inWords);
  }
  const isDue = event.kind === 'checked' ? currentStep(state)?.mode === 'infra' : !state.evaluated;
  if (!isDue || state.ordered !== null) return state;
  const seen = { ...state, evaluated: true, inWords: event.inWords };
  return event.passed ? proceed(seen, event.decisionId, event.evidenceDigest ?? null) : fail(seen, event.inWords);
}

/** On to the next step at exposure 0; only one that scores anything needs a split. */
function proceed(state: RolloutState, decisionId: string, evidenceDigest: string | null): RolloutState {
  const next = state.step + 1;
  if (state.brief?.steps[next]?.mode === 'infra') return { ...state, step: next };
  return order(state, next, decisionId, evidenceDigest, null);
}

function fail(state: RolloutState, reason: string): RolloutState {
  return decide(state, state.exposure > 0 ? 'rolled_back' : 'refused', reason, null);
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
    extraCohorts: 0,
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
  const run = ordered.step.run ?? state.run;
  const runBegins = run !== state.run;
  const isUnwatched = ordered.step.mode === 'full' && ordered.step.run === null;
  return {
    ...state,
    ordered: null,
    step: ordered.target,
    exposure: ordered.step.exposure,
    run,
    judgedCohort: runBegins ? event.effectiveCohort - 1 : state.judgedCohort,
    last: runBegins ? null : state.last,
    fullFrom: isUnwatched ? event.effectiveCohort : null,
    inWords: `${ordered.step.mode} at exposure ${ordered.step.exposure} from ${event.effectiveFrom}`,
  };
}

function judged(state: RolloutState, event: Extract<RolloutEvent, { kind: 'judged' }>): RolloutState {
  const { judgement } = event;
  if (judgement.run !== state.run || !isNews(state, judgement)) return state;
  const seen: RolloutState = {
    ...missing(toldNow(state, event), judgement),
    judgedCohort: judgement.cohort,
    last: judgement,
    inWords: judgement.inWords,
  };
  switch (judgement.verdict) {
    case 'rollback':
      return fail(seen, judgement.inWords);
    case 'advance':
      return order(seen, state.step + 1, judgement.decisionId, judgement.evidenceDigest, judgement.effectiveCohort);
    case 'escalate':
      return escalated(seen, judgement.inWords);
    case 'hold':
      // What is missing is not bad: it turns nobody's yes.
      return { ...seen, request: judgement.reasons[0] === MISSING ? unexpired(seen) : null };
    case 'continue':
      return { ...seen, request: judgement.onlyApprovalMissing ? askFor(seen) : null };
    default:
      return judgement.verdict satisfies never;
  }
}

/** A rollout that began before its model had channels hears of them with its next look. */
function toldNow(state: RolloutState, { notifications }: Extract<RolloutEvent, { kind: 'judged' }>): RolloutState {
  if (state.brief === null || notifications === undefined) return state;
  const { notifications: _before, ...brief } = state.brief;
  return { ...state, brief: notifications === null ? brief : { ...brief, notifications } };
}

/** Since when evidence that is due is missing. A look that holds for something else, or calls a person, says nothing of it. */
function missing(state: RolloutState, { verdict, reasons, cohort }: Judgement): RolloutState {
  if (verdict === 'hold' && reasons[0] === MISSING) return { ...state, missingSince: state.missingSince ?? cohort };
  if (verdict === 'hold' || verdict === 'escalate') return state;
  const { missingSince: _since, ...rest } = state;
  return rest;
}

/** Looks come in the order of their cohorts, and after one cohort in their own; whatever was heard of before is no news. */
function isNews({ judgedCohort, last }: RolloutState, { cohort, again = 0 }: Judgement): boolean {
  if (cohort !== judgedCohort) return cohort > judgedCohort;
  return last !== null && again > (last.again ?? 0);
}

/** A passed deadline: at exposure 0 there is nothing for a person to decide, above it a person is called and nothing moves. */
function escalated(state: RolloutState, inWords: string): RolloutState {
  if (state.exposure === 0) return decide(state, 'refused', inWords, null);
  return { ...state, escalated: true, request: null, inWords };
}

function extended(state: RolloutState, event: Extract<RolloutEvent, { kind: 'extended' }>): RolloutState {
  const inWords = `deadline extended by ${event.cohorts} cohorts by ${event.by}: ${event.reason}`;
  return { ...state, escalated: false, extraCohorts: state.extraCohorts + event.cohorts, inWords };
}

/** Another policy takes over: exposure stays or shrinks to that of its step, approvals and extensions fall with the old one. */
function rebased(state: RolloutState, event: Extract<RolloutEvent, { kind: 'rebased' }>): RolloutState {
  if (state.brief === null || state.rebase?.policyDigest !== event.policyDigest) return state;
  const { policyDigest, steps, people, step, inWords } = event;
  const target = steps[step];
  if (target === undefined || target.exposure > state.exposure) return { ...state, rebase: null };
  const brief = { ...state.brief, policyDigest, steps, people };
  // What the old policy had decided and nobody had carried out is judged again.
  const seen = {
    ...state,
    brief,
    rebase: null,
    request: null,
    ordered: null,
    escalated: false,
    extraCohorts: 0,
    inWords,
  };
  return target.exposure < state.exposure
    ? order(seen, step, event.decisionId, state.last?.evidenceDigest ?? null, null)
    : { ...seen, step };
}

function retreated(state: RolloutState, afterMs: number | undefined): RolloutState {
  if (state.decision === null) return state;
  return { ...state, retreated: true, exposure: 0, ...(afterMs === undefined ? {} : { zeroAfterMs: afterMs }) };
}

function servedOut(state: RolloutState, cohort: number): RolloutState {
  if (state.fullFrom !== cohort || state.ordered !== null || state.last === null || state.splitRefused !== null)
    return state;
  return order(state, state.step + 1, `${state.last.decisionId}/promoted`, state.last.evidenceDigest, null);
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
    rebase: null,
    newCase: null,
    generation: state.generation + 1,
    decision: { outcome, reason, by, effectiveFrom },
    inWords: reason,
  };
}
