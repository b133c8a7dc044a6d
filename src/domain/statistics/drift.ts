import { binnedDrift } from './distribution-distance.ts';
import type { BinnedDrift } from './distribution-distance.ts';
import { kolmogorovSmirnov } from './kolmogorov-smirnov.ts';
import type { KolmogorovSmirnov } from './kolmogorov-smirnov.ts';
import { quantileOfSorted } from './quantile.ts';
import { requireArgument, StatisticsError } from './statistics-error.ts';

/** Finer than any sample that a person would look at. */
const BINS_MAX = 10_000;

interface MissingRates {
  reference: number;
  current: number;
}

/** Two-sample drift of a numeric feature; what needs present values on both sides is null without them. */
export type NumericDrift = {
  missingRate: MissingRates;
  /** Interior bin edges: distinct quantiles of the reference; bins are right-closed and open at both ends. */
  edges: number[] | null;
  ks: KolmogorovSmirnov | null;
  wasserstein1: number | null;
  /** Over the reference's population standard deviation; null when that is 0. */
  wasserstein1Normalised: number | null;
} & (BinnedDrift | { psi: null });

/** Two-sample drift of a categorical feature. */
export type CategoricalDrift = {
  /** Union of both sides by code unit, null last for missing values. */
  categories: Array<string | null>;
  newCategories: Array<string | null>;
  goneCategories: Array<string | null>;
} & (BinnedDrift | { psi: null });

function isPresent(value: number | null | undefined): value is number {
  return value !== null && value !== undefined && Number.isFinite(value);
}

/** ∫ |F − G|, exactly, over the merged ascending samples. */
function wasserstein(a: Float64Array, b: Float64Array): number {
  const merged = new Float64Array(a.length + b.length);
  merged.set(a);
  merged.set(b, a.length);
  merged.sort();
  let [i, j, distance] = [0, 0, 0];
  for (let k = 0; k + 1 < merged.length; k++) {
    while (i < a.length && a[i]! <= merged[k]!) i++;
    while (j < b.length && b[j]! <= merged[k]!) j++;
    // Halved, so that no gap between two doubles overflows.
    distance += Math.abs(i / a.length - j / b.length) * (merged[k + 1]! / 2 - merged[k]! / 2);
  }
  return 2 * distance;
}

/** Population standard deviation of ascending values, taken in units of their range: no square over- or underflows. */
function populationDeviation(values: Float64Array): number {
  const low = values[0]!;
  const halfRange = values.at(-1)! / 2 - low / 2;
  if (halfRange === 0) return 0;
  const shares = values.map((value) => (value / 2 - low / 2) / halfRange);
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  return 2 * halfRange * Math.sqrt(shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / shares.length);
}

/** Counts of ascending values in right-closed bins between the edges. */
function binCounts(sorted: Float64Array, edges: readonly number[]): number[] {
  const counts = Array.from({ length: edges.length + 1 }, () => 0);
  let bin = 0;
  for (const value of sorted) {
    while (bin < edges.length && value > edges[bin]!) bin++;
    counts[bin]!++;
  }
  return counts;
}

/**
 * Drift of a numeric feature between a reference and a current sample. null, NaN and ±Infinity count as missing.
 *
 * @param bins number of reference quantiles that make the bins of the binned distances, ≥ 1
 * @throws STAT_INPUT_INVALID, STAT_INPUT_EMPTY
 * Source: definitions and values in vectors `drift.json`.
 */
export function numericDrift(
  reference: ArrayLike<number | null>,
  current: ArrayLike<number | null>,
  bins = 10,
): NumericDrift {
  requireArgument(
    Number.isInteger(bins) && bins >= 1 && bins <= BINS_MAX,
    'bins',
    bins,
    `an integer from 1 to ${BINS_MAX}, by default 10`,
  );
  requireSamples(reference, current);
  const [a, b] = [reference, current].map((values) =>
    Float64Array.from(Array.from(values).filter(isPresent), (x) => x + 0).sort(),
  ) as [Float64Array, Float64Array];
  const missing = [reference.length - a.length, current.length - b.length] as const;
  const missingRate = { reference: missing[0] / reference.length, current: missing[1] / current.length };
  if (a.length === 0 || b.length === 0) {
    return { missingRate, edges: null, ks: null, wasserstein1: null, wasserstein1Normalised: null, psi: null };
  }
  const quantiles = Array.from({ length: bins - 1 }, (_, i) => quantileOfSorted(a, (i + 1) / bins));
  const edges = quantiles.filter((edge, i) => i === 0 || edge !== quantiles[i - 1]);
  const [referenceCounts, currentCounts] = [binCounts(a, edges), binCounts(b, edges)];
  if (missing[0] + missing[1] > 0) {
    referenceCounts.push(missing[0]);
    currentCounts.push(missing[1]);
  }
  const wasserstein1 = wasserstein(a, b);
  const deviation = populationDeviation(a);
  return {
    missingRate,
    edges,
    ...binnedDrift(referenceCounts, currentCounts),
    ks: kolmogorovSmirnov(a, b),
    wasserstein1,
    wasserstein1Normalised: deviation === 0 ? null : wasserstein1 / deviation,
  };
}

function requireSamples(reference: ArrayLike<unknown>, current: ArrayLike<unknown>): void {
  if (reference.length > 0 && current.length > 0) return;
  throw new StatisticsError(
    'STAT_INPUT_EMPTY',
    `${reference.length} reference and ${current.length} current values; give at least one each`,
  );
}

function countCategories(values: ArrayLike<string | null>): Map<string | null, number> {
  const counts = new Map<string | null, number>();
  for (const value of Array.from(values)) counts.set(value ?? null, (counts.get(value ?? null) ?? 0) + 1);
  return counts;
}

function byCodeUnitNullLast(a: string | null, b: string | null): number {
  if (a === b) return 0;
  if (a === null || b === null) return a === null ? 1 : -1;
  return a < b ? -1 : 1;
}

/**
 * Drift of a categorical feature. Missing values (null) are one more category.
 *
 * @throws STAT_INPUT_EMPTY. Source: definitions and values in vectors `drift.json`.
 */
export function categoricalDrift(
  reference: ArrayLike<string | null>,
  current: ArrayLike<string | null>,
): CategoricalDrift {
  requireSamples(reference, current);
  const [before, now] = [countCategories(reference), countCategories(current)];
  const categories = [...new Set([...before.keys(), ...now.keys()])].sort(byCodeUnitNullLast);
  return {
    categories,
    newCategories: categories.filter((category) => !before.has(category)),
    goneCategories: categories.filter((category) => !now.has(category)),
    ...binnedDrift(
      categories.map((category) => before.get(category) ?? 0),
      categories.map((category) => now.get(category) ?? 0),
    ),
  };
}
