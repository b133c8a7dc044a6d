import { normalSf } from './normal-distribution.ts';
import { forEachScore, splitScores } from './score-groups.ts';
import type { ClassScores } from './score-groups.ts';

/** Below this the two scores rank alike, and z would divide rounding by rounding. */
const VARIANCE_MIN = 1e-18;

/** Twice the number of (positive, negative) pairs in order, a tie counting one: an exact integer up to 4·10^15 pairs. */
function doubledConcordance(scores: ClassScores): number {
  let doubled = 0;
  let negativesBelow = 0;
  forEachScore(scores, (positives, negatives) => {
    doubled += positives * (2 * negativesBelow + negatives);
    negativesBelow += negatives;
  });
  return doubled;
}

/**
 * Area under the ROC curve, ties counting one half.
 *
 * @param y outcomes 0 or 1; null when only one class is present
 * @throws STAT_LENGTH_MISMATCH, STAT_INPUT_EMPTY, STAT_INPUT_INVALID
 * Source: Mann & Whitney 1947; vectors `classification.json`.
 */
export function rocAuc(y: ArrayLike<number>, score: ArrayLike<number>): number | null {
  return aucOf(splitScores(y, score));
}

export function aucOf(scores: ClassScores): number | null {
  const pairs = scores.positive.length * scores.negative.length;
  return pairs === 0 ? null : doubledConcordance(scores) / (2 * pairs);
}

/**
 * Average precision Σ (R_n − R_{n−1})·P_n over distinct thresholds, descending; null without positives.
 * Source: vectors `classification.json`.
 */
export function averagePrecisionOf(scores: ClassScores): number | null {
  const groups: Array<[positives: number, negatives: number]> = [];
  forEachScore(scores, (positives, negatives) => groups.push([positives, negatives]));
  const total = scores.positive.length;
  if (total === 0) return null;
  let [hits, size, sum] = [0, 0, 0];
  for (const [positives, negatives] of groups.reverse()) {
    hits += positives;
    size += positives + negatives;
    sum += (positives / total) * (hits / size);
  }
  return sum;
}

/** How many of the ascending values are below `score`, plus half of those equal. */
function midRank(sorted: Float64Array, score: number): number {
  const bound = (isBefore: (value: number) => boolean) => {
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBefore(sorted[middle]!)) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return (bound((value) => value < score) + bound((value) => value <= score)) / 2;
}

interface Placements {
  auc: number;
  /** Per positive: share of negatives below it. Per negative: share of positives above it. */
  positive: number[];
  negative: number[];
}

function placementsOf(y: ArrayLike<number>, score: ArrayLike<number>): Placements | null {
  const scores = splitScores(y, score);
  const auc = aucOf(scores);
  if (auc === null) return null;
  const placements: Placements = { auc, positive: [], negative: [] };
  for (let i = 0; i < y.length; i++) {
    if (y[i] === 1) placements.positive.push(midRank(scores.negative, score[i]!) / scores.negative.length);
    else placements.negative.push(1 - midRank(scores.positive, score[i]!) / scores.positive.length);
  }
  return placements;
}

function covariance(a: readonly number[], aMean: number, b: readonly number[], bMean: number): number {
  let sum = 0;
  for (const [i, value] of a.entries()) sum += (value - aMean) * (b[i]! - bMean);
  return sum / (a.length - 1);
}

function placementCovariance(a: Placements, b: Placements): number {
  const positive = covariance(a.positive, a.auc, b.positive, b.auc) / a.positive.length;
  return positive + covariance(a.negative, a.auc, b.negative, b.auc) / a.negative.length;
}

/** Two AUCs on the same units, with the variances and the covariance of the two. */
export interface DeLong {
  auc1: number;
  auc2: number;
  var1: number;
  var2: number;
  cov: number;
  diff: number;
  varDiff: number;
  z: number | null;
  pTwoSided: number | null;
}

/**
 * Comparison of two AUCs on the same units. One look at a fixed size: for display, never for a gate.
 *
 * @returns null when a class has fewer than two units; z and p null when the variance of the difference is below 1e-18
 * @throws STAT_LENGTH_MISMATCH, STAT_INPUT_EMPTY, STAT_INPUT_INVALID
 * Source: DeLong, DeLong & Clarke-Pearson 1988, covariances over n − 1; vectors `classification.json`.
 */
export function deLong(y: ArrayLike<number>, score1: ArrayLike<number>, score2: ArrayLike<number>): DeLong | null {
  const [first, second] = [placementsOf(y, score1), placementsOf(y, score2)];
  if (first === null || second === null || first.positive.length < 2 || first.negative.length < 2) return null;
  const var1 = placementCovariance(first, first);
  const var2 = placementCovariance(second, second);
  const cov = placementCovariance(first, second);
  const diff = first.auc - second.auc;
  const varDiff = var1 + var2 - 2 * cov;
  const z = varDiff < VARIANCE_MIN ? null : diff / Math.sqrt(varDiff);
  return {
    auc1: first.auc,
    auc2: second.auc,
    var1,
    var2,
    cov,
    diff,
    varDiff,
    z,
    pTwoSided: z === null ? null : 2 * normalSf(Math.abs(z)),
  };
}
