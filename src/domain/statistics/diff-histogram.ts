import { requireCount, StatisticsError } from './statistics-error.ts';

/**
 * Counts of matched differences D = num/den ∈ [−1, 1], positive = candidate worse. Canonical form: den > 0, reduced, sorted by
 * value, count > 0. All evidence of a stream is such a histogram, so that order and batching of delivery cannot matter.
 */
export type DiffHistogram = ReadonlyArray<readonly [num: number, den: number, count: number]>;

type Triple = readonly [num: number, den: number, count: number];

function greatestCommonDivisor(a: number, b: number): number {
  let x = Math.abs(a);
  let y = b;
  while (y !== 0) [x, y] = [y, x % y];
  return x;
}

function requireDifference([num, den, count]: Triple): void {
  requireCount(count, `count of difference ${num}/${den}`);
  if (!(den > 0 && Number.isFinite(num) && Math.abs(num) <= den)) {
    throw new StatisticsError(
      'STAT_DIFFERENCE_RANGE',
      `difference ${num}/${den} is out of range; give a fraction from -1 to 1 with a positive denominator`,
    );
  }
}

function reduced([num, den, count]: Triple): Triple {
  // A numerator that is no integer stands for an exact real value over 1: nothing to reduce.
  if (!Number.isSafeInteger(num) || !Number.isSafeInteger(den)) return [num, den, count];
  if (num === 0) return [0, 1, count];
  const divisor = greatestCommonDivisor(num, den);
  return divisor === 1 ? [num, den, count] : [num / divisor, den / divisor, count];
}

/** Sign of a − b; exact while the cross products stay below 2^53, as they do for every quantum up to 9·10^7. */
function compareValues(a: Triple, b: Triple): number {
  return a[0] * b[1] - b[0] * a[1];
}

/** Whether nothing is left to do: most histograms come from `matchBlock` or from a record, canonical already. */
function isCanonical(histogram: DiffHistogram): boolean {
  let previous: Triple | undefined;
  for (const triple of histogram) {
    requireDifference(triple);
    const [num, den, count] = triple;
    if (count === 0 || Object.is(num, -0)) return false;
    if (previous !== undefined && compareValues(previous, triple) >= 0) return false;
    if (Number.isSafeInteger(num) && Number.isSafeInteger(den) && greatestCommonDivisor(num, den) !== 1) return false;
    previous = triple;
  }
  return true;
}

/**
 * Canonical form of a histogram that may be unsorted, unreduced, repeated or hold zero counts.
 * @throws STAT_COUNT_INVALID, STAT_DIFFERENCE_RANGE
 */
export function canonicalHistogram(triples: DiffHistogram): DiffHistogram {
  if (isCanonical(triples)) return triples;
  const all: Triple[] = [];
  for (const triple of triples) {
    requireDifference(triple);
    if (triple[2] > 0) all.push(reduced(triple));
  }
  all.sort(compareValues);
  const merged: Array<[number, number, number]> = [];
  for (const [num, den, count] of all) {
    const last = merged.at(-1);
    if (last !== undefined && compareValues(last, [num, den, 0]) === 0) last[2] += count;
    else merged.push([num, den, count]);
  }
  return merged;
}

/**
 * Union of batches: adds the counts of equal values.
 *
 * Associative and commutative; each batch must be given once (keep the set of applied batch ids, or one histogram per cohort).
 * @throws STAT_COUNT_INVALID, STAT_DIFFERENCE_RANGE
 */
export function mergeHistograms(...histograms: DiffHistogram[]): DiffHistogram {
  return canonicalHistogram(histograms.flat());
}

/** Number of matched differences in the histogram. @throws STAT_COUNT_INVALID, STAT_DIFFERENCE_RANGE */
export function histogramSize(histogram: DiffHistogram): number {
  let size = 0;
  for (const triple of histogram) {
    requireDifference(triple);
    size += triple[2];
  }
  return size;
}

function isStrictlyAscending(histogram: DiffHistogram): boolean {
  for (let i = 1; i < histogram.length; i++) if (compareValues(histogram[i - 1]!, histogram[i]!) >= 0) return false;
  return true;
}

/** Distinct values ascending with their counts, for summing ln factors in the one recorded order. Zero counts are left out. */
export function ascendingValues(histogram: DiffHistogram): { values: Float64Array; counts: Float64Array } {
  let kept: DiffHistogram = histogram.filter((triple) => {
    requireDifference(triple);
    return triple[2] > 0;
  });
  // Evidence from a ledger is canonical already; what a caller wrote by hand need not be.
  if (!isStrictlyAscending(kept)) kept = canonicalHistogram(kept);
  return {
    values: Float64Array.from(kept, ([num, den]) => num / den),
    counts: Float64Array.from(kept, ([, , count]) => count),
  };
}

/**
 * Histogram of D for shadow pairs: the same request scored by both models, D = candidate loss − control loss, k = 1.
 *
 * @param quantum 0 for losses in {0, 1}; otherwise R, and D is stored as ⌊D·R + ½⌋/R.
 * @throws STAT_LOSS_RANGE outside [0, 1]; STAT_QUANTUM_REQUIRED for other losses with quantum 0.
 */
export function pairedHistogram(
  pairs: Iterable<readonly [candidate: number, control: number]>,
  quantum: number,
): DiffHistogram {
  const counts = new Map<number, number>();
  for (const [candidate, control] of pairs) {
    const num = scaledLoss(candidate, quantum) - scaledLoss(control, quantum);
    const rounded = Math.floor(num + 0.5);
    counts.set(rounded, (counts.get(rounded) ?? 0) + 1);
  }
  const den = quantum === 0 ? 1 : quantum;
  return canonicalHistogram([...counts].map(([num, count]) => [num, den, count] as const));
}

/** How far a scaled loss may be from an integer and still be one: losses written with few decimals stay exact. */
const GRID_SLACK = 1e-15;

/** `loss`·`quantum` (quantum 0: the loss itself, which then must be 0 or 1), an exact integer when the loss lies on the quantum's grid. */
export function scaledLoss(loss: number, quantum: number): number {
  if (!(loss >= 0 && loss <= 1)) {
    throw new StatisticsError(
      'STAT_LOSS_RANGE',
      `loss is ${loss}; give a loss from 0 to 1 (a gain as 1 - gain, others rescaled to a declared range)`,
    );
  }
  if (quantum === 0) {
    if (loss === 0 || loss === 1) return loss;
    throw new StatisticsError(
      'STAT_QUANTUM_REQUIRED',
      `loss ${loss} is neither 0 nor 1 and quantum is 0; declare a quantum such as 10000`,
    );
  }
  const scaled = loss * quantum;
  const nearest = Math.round(scaled);
  return Math.abs(scaled - nearest) < GRID_SLACK * quantum ? nearest : scaled;
}
