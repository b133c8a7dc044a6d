/**
 * Looks for label leaks in the values of outcome-rate features: every sampled value is computed again, from nothing but the
 * outcomes that were known by then, one outcome after the other, without any of the machinery that computed it first.
 */
import { durationMs, MINUTE_MS } from '../time.ts';
import type { EpochMs } from '../time.ts';
import type { ObservedOutcome, OutcomeRateDeclaration } from './outcome-rates.ts';

/** A row with the values that are to be checked, by feature name. */
export interface SampledRow {
  readonly unit: string;
  readonly at: EpochMs;
  readonly inputs: ObservedOutcome['inputs'];
  readonly values: Readonly<Record<string, number>>;
}

export interface FutureLabel {
  readonly unit: string;
  readonly feature: string;
  readonly value: number;
  /** What the outcomes known by then make of it. */
  readonly known: number;
}

/** Two doubles from the same integer counts; anything beyond rounding is another count. */
const TOLERANCE = 1e-12;

/**
 * The sampled values that the outcomes known by then do not explain; empty when nothing leaks.
 * @param outcomes at least all that became known within the features' windows of the sampled rows; more do no harm
 */
export function findFutureLabels(
  sample: readonly SampledRow[],
  outcomes: readonly ObservedOutcome[],
  features: readonly OutcomeRateDeclaration[],
): FutureLabel[] {
  return sample.flatMap((row) =>
    features.flatMap((feature) => {
      const value = row.values[feature.name] ?? Number.NaN;
      const known = rateKnownAt(row, outcomes, feature);
      return Math.abs(value - known) <= TOLERANCE ? [] : [{ unit: row.unit, feature: feature.name, value, known }];
    }),
  );
}

function rateKnownAt(row: SampledRow, outcomes: readonly ObservedOutcome[], feature: OutcomeRateDeclaration): number {
  const minute = Math.floor(row.at / MINUTE_MS) * MINUTE_MS;
  const newest = minute - durationMs(feature.lag) - durationMs(feature.age);
  const oldest = newest - durationMs(feature.window);
  let count = 0;
  let positives = 0;
  for (const { knownAt, label, inputs } of outcomes) {
    const known = Math.floor(knownAt / MINUTE_MS) * MINUTE_MS;
    if (label === null || known <= oldest || known > newest) continue;
    if (feature.key.some((name) => (inputs[name] ?? null) !== (row.inputs[name] ?? null))) continue;
    count += 1;
    if (label === 1) positives += 1;
  }
  const { rate, weight } = feature.prior;
  return (positives + weight * rate) / (count + weight);
}
