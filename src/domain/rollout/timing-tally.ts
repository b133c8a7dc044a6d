/**
 * How long the two bundles took for their scores, and how often they had none: integer counts for pages, by buckets of a fixed list, so that
 * cohorts add up. Measured on somebody's machine: nothing is judged by them, and no evidence digest covers them.
 */
import { quantileBucket } from '../statistics/latency-slo.ts';

/** So many a decade, the widest half as wide again as it begins: percentiles are told no finer. */
const DECADE = [10, 12, 15, 20, 25, 30, 40, 50, 60, 80];
/** Up to there; the clock tells no less than one. */
const FIRST = [1, 2, 3, 4, 5, 6, 8];
const MICROS_PER_MS = 1000;

/** Upper ends of the buckets, milliseconds, ascending: 0.001 to 10,000; a bucket holds what is above the one before, and at most its own. */
export const TIMING_EDGES_MS: readonly number[] = [
  ...FIRST,
  ...[1, 10, 100, 1_000, 10_000, 100_000].flatMap((times) => DECADE.map((micros) => micros * times)),
  10_000_000,
].map((micros) => micros / MICROS_PER_MS);

export interface ArmTimings {
  /** Requests with a healthy score. */
  readonly scored: number;
  /** Requests that it was asked for and gave none. */
  readonly failed: number;
  /** Bucket → requests of those scored whose time is known, by ascending bucket; the one after the last edge is open. */
  readonly buckets: ReadonlyArray<readonly [bucket: number, requests: number]>;
}

export interface TimingTally {
  readonly stable: ArmTimings;
  readonly candidate: ArmTimings;
}

/** What the log says of one request. */
export interface TimedRequest {
  readonly stable: number | null;
  readonly candidate: number | null;
  readonly stableError: string | null;
  readonly candidateError: string | null;
  /** Milliseconds; null where it was not measured. */
  readonly stableMs: number | null;
  readonly candidateMs: number | null;
}

/** Tallies the requests of one cohort. */
export function tallyTimings(requests: readonly TimedRequest[]): TimingTally {
  return {
    stable: armOf(requests.map(({ stable, stableError, stableMs }) => [stable, stableError, stableMs])),
    candidate: armOf(
      requests.map(({ candidate, candidateError, candidateMs }) => [candidate, candidateError, candidateMs]),
    ),
  };
}

function armOf(requests: ReadonlyArray<readonly [number | null, string | null, number | null]>): ArmTimings {
  const buckets = new Map<number, number>();
  let [scored, failed] = [0, 0];
  for (const [score, error, ms] of requests) {
    if (error !== null) failed += 1;
    if (score === null) continue;
    scored += 1;
    if (ms === null) continue;
    const bucket = bucketOf(ms);
    buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1);
  }
  return { scored, failed, buckets: ascending(buckets) };
}

function bucketOf(ms: number): number {
  const bucket = TIMING_EDGES_MS.findIndex((edge) => ms <= edge);
  return bucket === -1 ? TIMING_EDGES_MS.length : bucket;
}

const ascending = (buckets: ReadonlyMap<number, number>): ArmTimings['buckets'] =>
  [...buckets].sort(([a], [b]) => a - b);

/** Sums tallies: the order does not matter, and none are nothing. */
export function mergeTimings(tallies: readonly TimingTally[]): TimingTally {
  const merged = (arm: 'stable' | 'candidate'): ArmTimings => {
    const buckets = new Map<number, number>();
    for (const tally of tallies)
      for (const [bucket, requests] of tally[arm].buckets) buckets.set(bucket, (buckets.get(bucket) ?? 0) + requests);
    const sum = (part: 'scored' | 'failed'): number => tallies.reduce((total, tally) => total + tally[arm][part], 0);
    return { scored: sum('scored'), failed: sum('failed'), buckets: ascending(buckets) };
  };
  return { stable: merged('stable'), candidate: merged('candidate') };
}

/** Requests whose time is known. */
export const timedOf = ({ buckets }: ArmTimings): number => buckets.reduce((sum, [, requests]) => sum + requests, 0);

/**
 * Upper end of the bucket that holds a percentile, milliseconds: at most so much, and more than the edge below.
 * @param share From 0 to 1
 * @returns null where no time is known; Infinity beyond the last edge
 */
export function percentileMs({ buckets }: ArmTimings, share: number): number | null {
  const counts = Array.from({ length: TIMING_EDGES_MS.length + 1 }, () => 0);
  for (const [bucket, requests] of buckets) counts[bucket]! += requests;
  const found = quantileBucket(TIMING_EDGES_MS, counts, share);
  return found === null ? null : (found[1] ?? Number.POSITIVE_INFINITY);
}
