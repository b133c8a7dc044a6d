/**
 * One look from its record: what the gate was told beside the counts, and the counts themselves. A look is taken here and judged again
 * here, by the same lines, so that a decision can be checked from its record alone. Pure.
 */
import { beginGate, lookAgain, lookAt } from '../statistics/index.ts';
import type { Cohort, Completion, CountTuple, DiffHistogram, GateState, LookRecord } from '../statistics/index.ts';
import { policyAtStep } from './gate-runs.ts';
import type { GateRunPlan } from './gate-runs.ts';

/** What a look was told, beside the counts. Plain JSON, part of the decision record. */
export interface LookBasis {
  /** First cohort of the run: the gate numbers cohorts from it. */
  readonly runStart: number;
  /** The cohort looked at, as the calendar numbers it. */
  readonly cohort: number;
  readonly step: number;
  readonly exposureBp: number;
  readonly status: 'ok' | 'void';
  readonly assigned: { readonly control: number; readonly candidate: number };
  /** New units per arm of earlier cohorts that had not been known at their looks, where any came. */
  readonly assignedLater?: readonly AssignedLater[];
  /** Ids of the evidence records that came with this look. */
  readonly batches: readonly string[];
  readonly mayAdvance: boolean;
  /** By how much people had extended the step's deadline. */
  readonly extraCohorts: number;
  /** Faults of the assignment besides the sample ratio, for example `foreign-split`. */
  readonly assignmentFaults: readonly string[];
  /** How many looks after this cohort came before, where any did: evidence has come since, and the cohort itself counts no second time. */
  readonly again?: number;
}

/** New units per arm of a cohort that was looked at before they were known. */
export interface AssignedLater {
  /** As the calendar numbers it. */
  readonly cohort: number;
  readonly exposureBp: number;
  readonly control: number;
  readonly candidate: number;
}

/** Counts of one stream in one cohort. */
export interface StreamCounts {
  readonly stream: string;
  /** As the calendar numbers it. */
  readonly cohort: number;
  readonly histogram: DiffHistogram | null;
  readonly window: CountTuple | null;
}

interface Look {
  readonly basis: LookBasis;
  readonly evidence: readonly StreamCounts[];
}

/** Takes one look. The gate's step is the one the rollout stands on: the rollout, not the gate, is what moves. */
export function takeLook(
  plan: GateRunPlan,
  state: GateState,
  { basis, evidence }: Look,
): { state: GateState; record: LookRecord } {
  const policy = policyAtStep(plan, state.step, basis.extraCohorts);
  const { mayAdvance, assignmentFaults } = basis;
  if (basis.again !== undefined) {
    requireSameCohort(basis, state);
    const completions = completionsOf(basis, evidence);
    return lookAgain(policy, state, basis.status, { mayAdvance, assignmentFaults, completions });
  }
  const earlier = evidence.filter(({ cohort }) => cohort !== basis.cohort);
  return lookAt(policy, state, cohortOfLook(plan, basis, evidence), {
    mayAdvance,
    completions: completionsOf(basis, earlier),
    assignmentFaults,
  });
}

function requireSameCohort({ runStart, cohort }: LookBasis, { watermark }: GateState): void {
  const last = runStart + watermark - 1;
  if (cohort !== last) throw new Error(`a second look after cohort ${cohort}, and the last one was after ${last}`);
}

/** A look with the streams of the policy it was judged by. */
export interface PastLook extends Look {
  readonly streams: readonly string[];
}

/**
 * The gate's state after looks that were judged by other policies: every recorded count is judged again, and nothing advances on the way.
 * Of a cohort whose policy did not know a stream, the stream has no counts and none are awaited; what a policy knew and nobody has told
 * yet is awaited still. Harm that is found in old evidence is decided at the next look, on record: its running maximum stays.
 * @param step Step of the run on which the rollout stands under the new policy
 */
export function judgeAgain(plan: GateRunPlan, step: number, looks: readonly PastLook[]): GateState {
  let state: GateState = { ...beginGate(plan.policy), step };
  for (const { basis, evidence, streams } of looks) {
    const given = evidence.filter(({ stream }) => plan.policy.streams.some(({ id }) => id === stream));
    // What is named as known to have no counts is named once, with its cohort.
    const unknown = basis.again === undefined ? plan.policy.streams.filter(({ id }) => !streams.includes(id)) : [];
    const nothing = unknown.map(({ id, kind }) => ({
      stream: id,
      cohort: basis.cohort,
      histogram: kind === 'difference' ? [] : null,
      window: kind === 'count' ? ([0, 0, 0, 0] as const) : null,
    }));
    const again = { ...basis, step: stepServedAt(plan, basis.exposureBp), mayAdvance: false };
    ({ state } = takeLook(plan, state, { basis: again, evidence: [...given, ...nothing] }));
    state = { ...state, terminal: null };
  }
  return state;
}

/**
 * Step of a run that units served at an exposure count for: the highest that exposes no more. Where even the first exposes more they count
 * for none: the number after the last step.
 */
export function stepServedAt({ policy }: GateRunPlan, exposureBp: number): number {
  const served = policy.steps.findLastIndex((step) => step.exposureBp <= exposureBp);
  return served === -1 ? policy.steps.length : served;
}

function cohortOfLook({ policy }: GateRunPlan, basis: LookBasis, evidence: readonly StreamCounts[]): Cohort {
  const own = evidence.filter(({ cohort }) => cohort === basis.cohort);
  const given = new Set(own.map(({ stream }) => stream));
  return {
    cohort: basis.cohort - basis.runStart + 1,
    step: basis.step,
    exposureBp: basis.exposureBp,
    status: basis.status,
    assigned: basis.assigned,
    ...countsByStream(own),
    pending: policy.streams.map(({ id }) => id).filter((id) => !given.has(id)),
  };
}

function completionsOf(basis: LookBasis, evidence: readonly StreamCounts[]): Completion[] {
  const earlier = new Map<number, StreamCounts[]>();
  for (const counts of evidence) {
    earlier.set(counts.cohort, [...(earlier.get(counts.cohort) ?? []), counts]);
  }
  const later = (basis.assignedLater ?? []).map(({ cohort, ...assigned }) => ({ cohort, assigned }));
  const counted = [...earlier].map(([cohort, counts]) => ({ cohort, ...countsByStream(counts) }));
  return [...counted, ...later].map((completion) => ({
    ...completion,
    cohort: completion.cohort - basis.runStart + 1,
  }));
}

function countsByStream(evidence: readonly StreamCounts[]): Pick<Cohort, 'differences' | 'counts'> {
  return {
    differences: Object.fromEntries(
      evidence.flatMap(({ stream, histogram }) => (histogram === null ? [] : [[stream, histogram]])),
    ),
    counts: Object.fromEntries(evidence.flatMap(({ stream, window }) => (window === null ? [] : [[stream, window]]))),
  };
}
