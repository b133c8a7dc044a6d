import { binomialCdf, binomialSf, clopperPearson, studentTQuantile } from '../../src/domain/statistics/index.ts';
import type { Sample } from './experiments.ts';

/** Two-sided 98 %, so that each end is a one-sided 99 % limit. */
const CONFIDENCE = 0.98;

export interface Estimate {
  value: number;
  low: number;
  high: number;
}

/** What a row asks of its samples. Without a target a figure is only printed. */
export interface Measure {
  name: string;
  estimate(samples: readonly Sample[]): Estimate;
  /** Units in which value and limits are printed. */
  percent: boolean;
  target?: Target;
}

/**
 * `atMost`: the estimate may not exceed it; `limit99`: nor may the 99 % upper limit; `between`: where the estimate must lie. `published`
 * is the value printed beside.
 */
export interface Target {
  atMost?: number;
  limit99?: number;
  between?: readonly [low: number, high: number];
  published?: number;
}

function columnOf(samples: readonly Sample[], column: string): number[] {
  return samples.map((sample) => sample[column]!).filter((value) => !Number.isNaN(value));
}

export function share(column: string, target?: Target): Measure {
  const estimate = (samples: readonly Sample[]): Estimate => {
    const values = columnOf(samples, column);
    const k = values.reduce((sum, value) => sum + value, 0);
    const { lower, upper } = clopperPearson(k, values.length, CONFIDENCE);
    return { value: k / values.length, low: lower, high: upper };
  };
  return { name: column, percent: true, estimate, ...(target === undefined ? {} : { target }) };
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

/** Order statistic with its exact, distribution-free interval. */
export function quantileOf(column: string, q: number, target?: Target): Measure {
  const estimate = (samples: readonly Sample[]): Estimate => {
    const values = columnOf(samples, column).sort((a, b) => a - b);
    const n = values.length;
    const tail = (1 - CONFIDENCE) / 2;
    // An interval end beyond the samples is no number of theirs: it is unknown.
    const at = (rank: number) => (rank > n ? Infinity : (values[rank - 1] ?? -Infinity));
    return {
      value: at(Math.max(1, Math.ceil(q * n))),
      low: at(firstRank(n, (rank) => binomialCdf(rank - 1, n, q) > tail) - 1),
      high: at(firstRank(n, (rank) => binomialSf(rank - 1, n, q) <= tail)),
    };
  };
  return {
    name: `${column} p${Math.round(100 * q)}`,
    percent: false,
    estimate,
    ...(target === undefined ? {} : { target }),
  };
}

export function meanOf(column: string, target?: Target): Measure {
  const estimate = (samples: readonly Sample[]): Estimate => {
    const values = columnOf(samples, column);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
    const half = studentTQuantile((1 + CONFIDENCE) / 2, values.length - 1) * Math.sqrt(variance / values.length);
    return { value: mean, low: mean - half, high: mean + half };
  };
  return { name: `${column} mean`, percent: false, estimate, ...(target === undefined ? {} : { target }) };
}

/** Whether a target asks anything, and does not merely put a published value beside. */
export function isAsked(target: Target | undefined): boolean {
  return target !== undefined && Object.keys(target).some((key) => key !== 'published');
}

/** Whether the estimate meets the target; `isSmall` asks only that the interval does not contradict it. */
export function meets({ value, low, high }: Estimate, target: Target | undefined, isSmall: boolean): boolean {
  if (target === undefined) return true;
  const { atMost = Infinity, limit99 = Infinity, between = [-Infinity, Infinity] } = target;
  if (isSmall) return low <= atMost && low <= limit99 && low <= between[1] && high >= between[0];
  return value <= atMost && high <= limit99 && value >= between[0] && value <= between[1];
}
