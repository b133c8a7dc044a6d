import { joinDeliveries, readCohort } from './gate-cohort.ts';
import type { Cohort, Completion, ReadCohort } from './gate-cohort.ts';
import { planGate } from './gate-plan.ts';
import type { GatePolicy } from './gate-policy.ts';
import { GateRun } from './gate-run.ts';
import type { GateFinal, GateState, LookRecord } from './gate-state.ts';

/**
 * The state before the first cohort.
 *
 * @throws what `requirePolicy` refuses, naming field and value
 */
export function beginGate(policy: GatePolicy): GateState {
  const streams = planGate(policy).streams.map(({ policy: stream }) => stream);
  return {
    terminal: null,
    step: 0,
    watermark: 0,
    state: Object.fromEntries(
      streams.map(({ id, kind }) => [id, kind === 'difference' ? { epochs: [] } : { windows: {} }]),
    ),
    progress: {
      cohortsInStep: 0,
      lnSrmMax: 0,
      assigned: {},
      streams: Object.fromEntries(
        streams.map(({ id }) => [id, { prefix: 0, lnHarmMax: 0, inStep: [0, 0], inRollout: [0, 0] }] as const),
      ),
      held: {},
    },
  };
}

/** What a look is told beside the cohort. */
export interface LookOptions {
  /** Whether the people the step asks are agreed. false: where row 7 would advance, the look says `continue`, reason `approval`. */
  mayAdvance?: boolean | undefined;
  /**
   * What is known to be wrong with the assignment besides the sample ratio, for example `foreign-split`. Sticky by the caller: as long as
   * it is named, row 4 holds and only streams that need no assignment can roll back.
   */
  assignmentFaults?: readonly string[] | undefined;
  /** Evidence of *earlier* cohorts that was pending at their own look and is complete now. */
  completions?: readonly Completion[] | undefined;
}

/**
 * One look, after one cohort, in cohort order: `cohort.cohort` is `state.watermark + 1`.
 *
 * A caller that stores evidence per stream and cohort feeds, at the look after cohort t:
 * - `cohort`: the record of cohort t with what is known of it. Name in `pending` every stream whose evidence for t is not complete,
 *   whether late or simply not matured yet (a label of two days is always pending at its own cohort's look).
 * - `completions`: for earlier cohorts, the evidence of streams that were pending and is complete now; `awaitedEvidence(state)` lists
 *   what is still awaited. Each is given once; giving it again with equal content while it is held is a no-op.
 *
 * Each stream is judged on its own prefix p_i ≤ t − lag; the others never wait for it. A look at a cohort of status `pending` changes
 * nothing: look again at the same cohort when it is known. A recorded look is never recomputed on replay.
 *
 * @returns the next state and the look's record; `advance` means every condition of row 7 is met and the step was raised
 * @throws STAT_COHORT_ORDER, STAT_GATE_ENDED, conflicting-cohort, and what a policy or cohort is refused for
 * Source: gate statistics §9; vectors `gate-replay.json`.
 */
export function lookAt(
  policy: GatePolicy,
  state: GateState,
  cohort: Cohort,
  options: LookOptions = {},
): { state: GateState; record: LookRecord } {
  const run = new GateRun(planGate(policy), state);
  for (const completion of options.completions ?? []) run.complete(completion);
  const record = run.look(readCohort(policy, cohort), options);
  return { state: run.freeze(), record };
}

/**
 * One more look after the cohort that was looked at last, with evidence that has come since: what a stream was missing is judged without
 * waiting for the next cohort. Evidence decides, not its arrival: prefixes, running maxima, floors and deadline are those that a look at
 * that cohort would have had, had the evidence been there.
 *
 * @param status of the cohort of the last look: a void one holds, whatever has come
 * @throws STAT_COHORT_ORDER before the first look, STAT_GATE_ENDED, conflicting-cohort, and what a policy or evidence is refused for
 * Source: gate statistics §9.6; looks between cohorts are stopping times like any other.
 */
export function lookAgain(
  policy: GatePolicy,
  state: GateState,
  status: 'ok' | 'void',
  options: LookOptions = {},
): { state: GateState; record: LookRecord } {
  const run = new GateRun(planGate(policy), state);
  for (const completion of options.completions ?? []) run.complete(completion);
  const record = run.lookAgain(status, options);
  return { state: run.freeze(), record };
}

/** The streams and cohorts whose evidence the gate still awaits, oldest cohort first. */
export function awaitedEvidence(state: GateState): Array<{ cohort: number; streams: string[] }> {
  return Object.entries(state.progress.held)
    .map(([cohort, { pending }]) => ({ cohort: Number(cohort), streams: pending }))
    .filter(({ streams }) => streams.length > 0)
    .sort((a, b) => a.cohort - b.cohort);
}

/** Deliveries by cohort number, joined. @throws conflicting-cohort */
export function joinByNumber(policy: GatePolicy, cohorts: Iterable<Cohort>): Map<number, ReadCohort> {
  const joined = new Map<number, ReadCohort>();
  for (const record of cohorts) {
    const read = readCohort(policy, record);
    const known = joined.get(read.cohort);
    joined.set(read.cohort, known === undefined ? read : joinDeliveries(known, read));
  }
  return joined;
}

/**
 * Judges a set of cohorts from the beginning, whatever their order of delivery: one look per cohort over the contiguous prefix 1…, until a
 * terminal decision, a missing cohort or a pending one (whose look, a hold, is the last).
 *
 * @throws conflicting-cohort when one cohort comes with different content; what a policy or cohort is refused for
 * Source: gate statistics §9; vectors `gate-replay.json`.
 */
export function analyzeCohorts(
  policy: GatePolicy,
  cohorts: Iterable<Cohort>,
): { decisions: LookRecord[]; final: GateFinal } {
  const plan = planGate(policy);
  const joined = joinByNumber(policy, cohorts);
  const run = new GateRun(plan, beginGate(policy));
  const decisions: LookRecord[] = [];
  for (let cohort = joined.get(1); cohort !== undefined && !run.isOver; cohort = joined.get(cohort.cohort + 1)) {
    decisions.push(run.look(cohort));
    if (cohort.status === 'pending') break;
  }
  return { decisions, final: run.final() };
}
