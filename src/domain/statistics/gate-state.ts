import type { DiffHistogram } from './diff-histogram.ts';
import type { CountTuple } from './gate-cohort.ts';
import type { StreamState } from './gate-evidence.ts';
import type { GatePolicy } from './gate-policy.ts';
import type { GateDecision } from './gate-verdict.ts';
import { requireArgument, requireCount, StatisticsError } from './statistics-error.ts';

/**
 * One look, after one cohort. ln e are natural logarithms rounded to 1e-9; a look at a cohort of which nothing is known has none.
 * With the recorded counts and the policy it can be judged again. Keys are in alphabetical order, streams by id, so that equal evidence
 * gives byte-identical records.
 */
export interface LookRecord {
  cohort: number;
  decision: GateDecision;
  lnSrm?: number;
  lnSrmMax?: number;
  /** Last judged cohort of each stream; absent when every stream is judged up to `cohort` itself. */
  prefixes?: Record<string, number>;
  /** Stream ids (rollback, hold), or `data-pending`, `cohort-void`, `srm`, `deadline`, `approval`, `floors`, `evidence`. */
  reasons: string[];
  /** The step before the decision, from 0. */
  step: number;
  streams?: Record<string, StreamRecord>;
}

/** One stream at one look. */
export interface StreamRecord {
  lnHarm: number;
  /** Running maximum since the start, at least 0: what a rollback is judged by. Looks at exposure 0 do not raise it. */
  lnHarmMax: number;
  /** Without restarts; only at exposure 0, where harm is judged by it. */
  lnHarmPlain?: number;
  /** null when the stream declares no safe margin. */
  lnSafe: number | null;
}

/** Where the gate stands: integer counts per stream up to the watermark. */
export interface GateFinal {
  terminal: 'promoted' | 'rolled-back' | null;
  /** Steps passed so far; the number of steps once promoted. */
  step: number;
  /** Last evaluated cohort, 0 if none. */
  watermark: number;
  state: Record<string, StreamState>;
}

/** What one stream carries from look to look besides its counts. */
export interface StreamProgress {
  /** p_i: last judged cohort of the stream. */
  prefix: number;
  lnHarmMax: number;
  /** [units, cohorts] judged that belong to the current step, and to the whole rollout. */
  inStep: readonly [units: number, cohorts: number];
  inRollout: readonly [units: number, cohorts: number];
}

/** A cohort that some stream has still to be judged on: what is there of it, and which streams are awaited. */
export interface HeldCohort {
  step: number;
  status: 'ok' | 'void';
  pending: string[];
  differences: Record<string, DiffHistogram>;
  counts: Record<string, CountTuple>;
}

/** All the gate must remember between looks. JSON-safe: plain objects, integers, and maxima rounded to 1e-9. */
export interface GateState extends GateFinal {
  progress: {
    cohortsInStep: number;
    lnSrmMax: number;
    /** Units at first exposure by exposure in basis points. */
    assigned: Record<string, readonly [control: number, candidate: number]>;
    streams: Record<string, StreamProgress>;
    held: Record<string, HeldCohort>;
  };
}

const isMaximum = (value: number) => value >= 0 && value < Infinity;

/** @throws STAT_INPUT_INVALID unless the stream's counts reach as far as the state says they were judged */
function requireStream(state: GateState, id: string, epochs: number): void {
  const progress = state.progress.streams[id];
  const counts = state.state[id];
  if (progress === undefined || counts === undefined) {
    throw new StatisticsError(
      'STAT_INPUT_INVALID',
      `the gate's state knows no stream ${id}; begin the gate with the policy it is judged by`,
    );
  }
  const { prefix, lnHarmMax, inStep, inRollout } = progress;
  requireCount(prefix, `last judged cohort of stream ${id}`, 'STAT_INPUT_INVALID');
  for (const count of [...inStep, ...inRollout]) requireCount(count, `units of stream ${id}`, 'STAT_INPUT_INVALID');
  requireArgument(isMaximum(lnHarmMax), `lnHarmMax of stream ${id}`, lnHarmMax, 'a finite number from 0');
  if (prefix > state.watermark || ('epochs' in counts && counts.epochs.length !== epochs)) {
    throw new StatisticsError(
      'STAT_INPUT_INVALID',
      `stream ${id} is judged to cohort ${prefix} of ${state.watermark}, which its counts do not fit; give the state as a look returned it, with the policy of that look`,
    );
  }
}

/**
 * Refuses a state that no look of this policy can have returned, as far as going on from it would hang or give wrong numbers.
 *
 * @param epochs restart epochs up to the watermark, 0 before the first cohort
 * @throws STAT_INPUT_INVALID
 */
export function requireGateState(policy: GatePolicy, state: GateState, epochs: number): void {
  const { step, watermark, progress } = state;
  requireArgument(
    Number.isInteger(step) && step >= 0 && step < policy.steps.length + (state.terminal === null ? 0 : 1),
    'step of the state',
    step,
    `a step of the policy, which has ${policy.steps.length}`,
  );
  requireCount(watermark, 'watermark of the state', 'STAT_INPUT_INVALID');
  requireCount(progress.cohortsInStep, 'cohortsInStep of the state', 'STAT_INPUT_INVALID');
  requireArgument(isMaximum(progress.lnSrmMax), 'lnSrmMax of the state', progress.lnSrmMax, 'a finite number from 0');
  for (const { id } of policy.streams) requireStream(state, id, epochs);
}
