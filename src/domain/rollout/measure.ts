/**
 * From the units of one cohort to the integer counts a gate judges. Pure: what is missing stays missing, nothing is guessed.
 */
import { matchBlock, mergeHistograms } from '../statistics/index.ts';
import type { CountTuple, DiffHistogram } from '../statistics/index.ts';

/** One unit as the log shows it: the arm it was assigned to, both scores where both were computed, and its label if it arrived. */
export interface MeasuredUnit {
  readonly unit: string;
  readonly arm: 'stable' | 'candidate';
  readonly served: 'stable' | 'candidate' | 'fallback';
  readonly stable: number | null;
  readonly candidate: number | null;
  readonly stableError: string | null;
  readonly candidateError: string | null;
  readonly label: number | null;
}

/** Bounded loss of one prediction, in [0, 1]. */
export type UnitLoss = (prediction: number, label: number) => number;

/** Differences are kept as whole multiples of 1/10,000 (gate statistics §2.5). */
export const QUANTUM = 10_000;
const MATCHES_MAX = 20;

/** Brier's squared error of a probability against a 0/1 label. */
export const brierLoss: UnitLoss = (prediction, label) => (prediction - label) ** 2;

/** Squared error of a regression, scaled by the label's declared range and cut at 1. */
export function scaledSquaredError(range: readonly [number, number]): UnitLoss {
  const width = range[1] - range[0];
  return (prediction, label) => Math.min(1, ((prediction - label) / width) ** 2);
}

export interface LossMeasurement {
  readonly histogram: DiffHistogram;
  /** Units that entered the comparison. */
  readonly units: number;
  /** Units that could have entered it, had their label arrived. */
  readonly eligible: number;
}

/**
 * Paired differences: both arms scored the same request, D = loss(candidate) − loss(stable), rounded to the quantum.
 * Only valid where acting on a prediction does not change its label. Source: gate statistics §2.6.
 */
export function pairedLoss(units: readonly MeasuredUnit[], loss: UnitLoss): LossMeasurement {
  const counts = new Map<number, number>();
  let entered = 0;
  let eligible = 0;
  for (const unit of units) {
    if (unit.stable === null || unit.candidate === null) continue;
    eligible += 1;
    if (unit.label === null) continue;
    entered += 1;
    const difference = loss(unit.candidate, unit.label) - loss(unit.stable, unit.label);
    const key = Math.floor(difference * QUANTUM + 0.5);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const triples = [...counts].map(([value, count]) => [value, QUANTUM, count] as const);
  return { histogram: mergeHistograms(triples), units: entered, eligible };
}

/**
 * Matched differences between the arms that really served. Source: gate statistics §2.1 to §2.5.
 * @param salt Of the rollout: orders the units within each arm.
 */
export function blockedLoss(units: readonly MeasuredUnit[], loss: UnitLoss, salt: string): LossMeasurement {
  const scored = units.filter((unit) => unit.served === unit.arm && unit[unit.arm] !== null);
  const labelled = scored.flatMap((unit) => {
    const prediction = unit[unit.arm];
    if (prediction === null || unit.label === null) return [];
    return [
      {
        id: unit.unit,
        arm: unit.arm === 'candidate' ? ('candidate' as const) : ('control' as const),
        y: loss(prediction, unit.label),
      },
    ];
  });
  const block = matchBlock(labelled, { salt, maxMatch: MATCHES_MAX, quantum: QUANTUM });
  const entered = block.hist.reduce((sum, [, , count]) => sum + count, 0);
  return { histogram: block.hist, units: entered, eligible: scored.length };
}

/** Failures to score, one a unit and arm, over the requests each arm was asked to score. */
export function scoringErrors(units: readonly MeasuredUnit[]): CountTuple {
  let candidateAsked = 0;
  let candidateFailed = 0;
  let stableAsked = 0;
  let stableFailed = 0;
  for (const unit of units) {
    if (unit.candidate !== null || unit.candidateError !== null) candidateAsked += 1;
    if (unit.candidateError !== null) candidateFailed += 1;
    if (unit.stable !== null || unit.stableError !== null) stableAsked += 1;
    if (unit.stableError !== null) stableFailed += 1;
  }
  return [candidateFailed, candidateFailed + stableFailed, candidateAsked, candidateAsked + stableAsked];
}

/** Units per arm, for the sample-ratio test. */
export function assignedUnits(units: readonly MeasuredUnit[]): { control: number; candidate: number } {
  const candidate = units.filter((unit) => unit.arm === 'candidate').length;
  return { control: units.length - candidate, candidate };
}

/**
 * Whether somebody else’s answer stood in for a healthy stable: then the cohort says nothing of stable against candidate.
 * Outcome-blind: looks at who answered, never at labels.
 */
export function stableWasOverridden(units: readonly MeasuredUnit[]): boolean {
  return units.some((unit) => unit.arm === 'stable' && unit.served === 'fallback' && unit.stableError === null);
}
