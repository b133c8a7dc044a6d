/**
 * From the units of one cohort to the integer counts a gate judges. Pure: what is missing stays missing, nothing is guessed.
 */
import { matchBlock, mergeHistograms } from '../statistics/index.ts';
import type { CountTuple, DiffHistogram } from '../statistics/index.ts';

/** One request as the log shows it: the arm its unit was assigned to, both scores where both were computed, and its label if it arrived. */
export interface MeasuredUnit {
  readonly unit: string;
  readonly generation: number;
  readonly arm: 'stable' | 'candidate';
  readonly served: 'stable' | 'candidate' | 'fallback';
  readonly stable: number | null;
  readonly candidate: number | null;
  readonly stableError: string | null;
  readonly candidateError: string | null;
  readonly label: number | null;
  /** Whether any outcome is known, a valid label or not. */
  readonly outcomeKnown: boolean;
  readonly inputs: Readonly<Record<string, string | number | null>>;
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

/** The bounded loss that a policy names. @param range Of the label, for squaredError */
export function namedLoss(name: 'brier' | 'squaredError', range: readonly [number, number] = [0, 1]): UnitLoss {
  return name === 'brier' ? brierLoss : scaledSquaredError(range);
}

export interface LossMeasurement {
  readonly histogram: DiffHistogram;
  /** Units that entered the comparison. */
  readonly units: number;
  /** Units that could have entered it, had their label arrived. */
  readonly eligible: number;
}

/** What a matured unit without any outcome means: nothing is known of it, or the event did not happen. Source: gate statistics §10.2. */
export type Absence = 'exclude' | 'zero';

/** The label a loss is computed with; null where the unit must be left out. An outcome known to be invalid is never a label. */
export const labelOf = ({ label, outcomeKnown }: MeasuredUnit, absence: Absence): number | null =>
  label ?? (absence === 'zero' && !outcomeKnown ? 0 : null);

/** Requests by their unit, in order of first appearance: a unit counts once, whatever it asks. Source: gate statistics §1. */
function byUnit(requests: readonly MeasuredUnit[]): Map<string, MeasuredUnit[]> {
  const units = new Map<string, MeasuredUnit[]>();
  for (const request of requests) {
    const known = units.get(request.unit);
    if (known === undefined) units.set(request.unit, [request]);
    else known.push(request);
  }
  return units;
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * Paired differences: both arms scored the same request, D = loss(candidate) − loss(stable), its mean over a unit's requests rounded to
 * the quantum. Only valid where acting on a prediction does not change its label. Source: gate statistics §2.6.
 */
export function pairedLoss(
  requests: readonly MeasuredUnit[],
  loss: UnitLoss,
  absence: Absence = 'exclude',
): LossMeasurement {
  const counts = new Map<number, number>();
  let entered = 0;
  let eligible = 0;
  for (const ofUnit of byUnit(requests).values()) {
    const scored = ofUnit.filter(({ stable, candidate }) => stable !== null && candidate !== null);
    if (scored.length === 0) continue;
    eligible += 1;
    const differences = scored.flatMap((request) => {
      const label = labelOf(request, absence);
      return label === null ? [] : [loss(request.candidate ?? 0, label) - loss(request.stable ?? 0, label)];
    });
    if (differences.length === 0) continue;
    entered += 1;
    const key = Math.floor(mean(differences) * QUANTUM + 0.5);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const triples = [...counts].map(([value, count]) => [value, QUANTUM, count] as const);
  return { histogram: mergeHistograms(triples), units: entered, eligible };
}

/**
 * Matched differences between the arms that really served; a unit's loss is the mean over its requests, its arm the one it was first
 * assigned to. Source: gate statistics §2.1 to §2.5.
 * @param salt Of the rollout: orders the units within each arm.
 */
export function blockedLoss(
  requests: readonly MeasuredUnit[],
  loss: UnitLoss,
  salt: string,
  absence: Absence = 'exclude',
): LossMeasurement {
  const served = requests.filter((request) => request.served === request.arm && request[request.arm] !== null);
  const units = [...byUnit(served)];
  const labelled = units.flatMap(([id, ofUnit]) => {
    const arm = ofUnit[0]?.arm ?? 'stable';
    const losses = ofUnit.flatMap((request) => {
      const label = labelOf(request, absence);
      return label === null || request.arm !== arm ? [] : [loss(request[arm] ?? 0, label)];
    });
    if (losses.length === 0) return [];
    return [{ id, arm: arm === 'candidate' ? ('candidate' as const) : ('control' as const), y: mean(losses) }];
  });
  const block = matchBlock(labelled, { salt, maxMatch: MATCHES_MAX, quantum: QUANTUM });
  const entered = block.hist.reduce((sum, [, , count]) => sum + count, 0);
  return { histogram: block.hist, units: entered, eligible: units.length };
}

/** Units that an arm failed to score at least once, over the units it was asked to score: an event counts once a unit. */
export function scoringErrors(requests: readonly MeasuredUnit[]): CountTuple {
  const tally = { candidateAsked: 0, candidateFailed: 0, stableAsked: 0, stableFailed: 0 };
  for (const ofUnit of byUnit(requests).values()) {
    if (ofUnit.some(({ candidate, candidateError }) => candidate !== null || candidateError !== null)) {
      tally.candidateAsked += 1;
      if (ofUnit.some(({ candidateError }) => candidateError !== null)) tally.candidateFailed += 1;
    }
    if (ofUnit.some(({ stable, stableError }) => stable !== null || stableError !== null)) {
      tally.stableAsked += 1;
      if (ofUnit.some(({ stableError }) => stableError !== null)) tally.stableFailed += 1;
    }
  }
  const { candidateAsked, candidateFailed, stableAsked, stableFailed } = tally;
  return [candidateFailed, candidateFailed + stableFailed, candidateAsked, candidateAsked + stableAsked];
}

/** Units per arm, for the sample-ratio test: each by the arm it was first assigned to. */
export function assignedUnits(requests: readonly MeasuredUnit[]): { control: number; candidate: number } {
  const units = [...byUnit(requests).values()];
  const candidate = units.filter(([first]) => first?.arm === 'candidate').length;
  return { control: units.length - candidate, candidate };
}

/**
 * Whether somebody else’s answer stood in for a healthy stable: then the cohort says nothing of stable against candidate.
 * Outcome-blind: looks at who answered, never at labels.
 */
export function stableWasOverridden(units: readonly MeasuredUnit[]): boolean {
  return units.some((unit) => unit.arm === 'stable' && unit.served === 'fallback' && unit.stableError === null);
}
