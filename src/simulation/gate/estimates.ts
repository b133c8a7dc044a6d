/** Estimates from independent replications, each with a two-sided interval. */
import { binomialCdf, binomialSf, clopperPearson, studentTQuantile } from '../../domain/statistics/index.ts';

export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Share of replications; exact interval (Clopper & Pearson 1934). */
export function shareEstimate(count: number, n: number, confidence: number): Estimate {
  const { lower, upper } = clopperPearson(count, n, confidence);
  return { value: count / n, low: lower, high: upper };
}

/** Smallest rank from 1 to n + 1 that has `isBeyond`, a predicate that holds from some rank on. */
function firstRank(n: number, isBeyond: (rank: number) => boolean): number {
  let [low, high] = [1, n + 1];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBeyond(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Order statistic with its exact, distribution-free interval; an end beyond the samples is infinite, as they do not know it. */
export function quantileEstimate(values: readonly number[], q: number, confidence: number): Estimate {
  const sorted = [...values].sort((a, b) => a - b);
  const n = sorted.length;
  const tail = (1 - confidence) / 2;
  const at = (rank: number) => (rank > n ? Infinity : (sorted[rank - 1] ?? -Infinity));
  return {
    value: at(Math.max(1, Math.ceil(q * n))),
    low: at(firstRank(n, (rank) => binomialCdf(rank - 1, n, q) > tail) - 1),
    high: at(firstRank(n, (rank) => binomialSf(rank - 1, n, q) <= tail)),
  };
}

/** Mean with Student's interval. */
export function meanEstimate(values: readonly number[], confidence: number): Estimate {
  const n = values.length;
  const value = values.reduce((sum, one) => sum + one, 0) / n;
  if (n < 2) return { value, low: -Infinity, high: Infinity };
  const variance = values.reduce((sum, one) => sum + (one - value) ** 2, 0) / (n - 1);
  const half = studentTQuantile((1 + confidence) / 2, n - 1) * Math.sqrt(variance / n);
  return { value, low: value - half, high: value + half };
}
