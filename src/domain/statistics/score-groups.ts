import { requirePairs } from './regression.ts';
import { StatisticsError } from './statistics-error.ts';

/** @throws STAT_INPUT_INVALID unless every outcome is 0 or 1 */
export function requireOutcomes(y: ArrayLike<number>): void {
  for (let i = 0; i < y.length; i++) {
    if (y[i] !== 0 && y[i] !== 1)
      throw new StatisticsError('STAT_INPUT_INVALID', `outcome ${i} is ${y[i]}; give 0 or 1`);
  }
}

export interface ClassScores {
  /** Scores of each class, ascending. */
  positive: Float64Array;
  negative: Float64Array;
}

/** Splits scores by outcome and sorts each class: two native sorts of numbers, whatever ties there are. */
export function splitScores(y: ArrayLike<number>, score: ArrayLike<number>): ClassScores {
  requirePairs(y, score);
  requireOutcomes(y);
  let positives = 0;
  for (let i = 0; i < y.length; i++) positives += y[i]!;
  const positive = new Float64Array(positives);
  const negative = new Float64Array(y.length - positives);
  let [p, n] = [0, 0];
  for (let i = 0; i < y.length; i++) {
    // + 0 makes −0 and 0 one score: a numeric sort would set them apart.
    if (y[i] === 1) positive[p++] = score[i]! + 0;
    else negative[n++] = score[i]! + 0;
  }
  return { positive: positive.sort(), negative: negative.sort() };
}

/** Visits the distinct scores, ascending, with how many of each class have exactly that score. */
export function forEachScore(
  { positive, negative }: ClassScores,
  visit: (positives: number, negatives: number) => void,
): void {
  let [p, n] = [0, 0];
  while (p < positive.length || n < negative.length) {
    const fromPositive = p < positive.length ? positive[p]! : Infinity;
    const fromNegative = n < negative.length ? negative[n]! : Infinity;
    const score = fromPositive < fromNegative ? fromPositive : fromNegative;
    const [pStart, nStart] = [p, n];
    while (p < positive.length && positive[p]! <= score) p++;
    while (n < negative.length && negative[n]! <= score) n++;
    visit(p - pStart, n - nStart);
  }
}
