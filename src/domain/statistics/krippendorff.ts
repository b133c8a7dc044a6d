import { requireArgument, StatisticsError } from './statistics-error.ts';

const MEASUREMENT_LEVELS = ['nominal', 'ordinal', 'interval', 'ratio'] as const;
/** How far apart two values are: alike or not, by rank, by difference, or by share of their sum. */
export type MeasurementLevel = (typeof MEASUREMENT_LEVELS)[number];

/** Ratings that can be paired: how often each value was paired with each, over its item's other ratings. */
interface Coincidences {
  values: number[];
  matrix: number[][];
  totals: number[];
}

function coincidencesOf(ratings: ReadonlyArray<ReadonlyArray<number | null>>): Coincidences {
  const items = (ratings[0] ?? []).map((_, item) =>
    ratings.flatMap((row) => (row[item] === null || row[item] === undefined ? [] : [row[item]])),
  );
  const pairable = items.filter((given) => given.length >= 2);
  const values = [...new Set(pairable.flat())].sort((a, b) => a - b);
  const indexOf = new Map(values.map((value, i) => [value, i]));
  const matrix = values.map(() => values.map(() => 0));
  for (const given of pairable) {
    for (const [r, first] of given.entries()) {
      for (const [s, second] of given.entries()) {
        if (r !== s) matrix[indexOf.get(first)!]![indexOf.get(second)!]! += 1 / (given.length - 1);
      }
    }
  }
  return { values, matrix, totals: matrix.map((row) => row.reduce((sum, count) => sum + count, 0)) };
}

function squaredDifference({ values, totals }: Coincidences, level: MeasurementLevel, i: number, j: number): number {
  if (i === j) return 0;
  const [a, b] = [values[i]!, values[j]!];
  switch (level) {
    case 'nominal':
      return 1;
    case 'interval':
      return (a - b) ** 2;
    case 'ratio':
      return a + b === 0 ? 0 : ((a - b) / (a + b)) ** 2;
    case 'ordinal': {
      const [low, high] = i < j ? [i, j] : [j, i];
      const between = totals.slice(low, high + 1).reduce((sum, count) => sum + count, 0);
      return (between - (totals[low]! + totals[high]!) / 2) ** 2;
    }
    default:
      return level satisfies never;
  }
}

function requireRatings(ratings: ReadonlyArray<ReadonlyArray<number | null>>, level: MeasurementLevel): void {
  if (!MEASUREMENT_LEVELS.includes(level)) {
    throw new StatisticsError(
      'STAT_INPUT_INVALID',
      `level is ${level as string}; give one of ${MEASUREMENT_LEVELS.join(', ')}`,
    );
  }
  for (const [annotator, row] of ratings.entries()) {
    if (row.length !== ratings[0]!.length) {
      throw new StatisticsError(
        'STAT_LENGTH_MISMATCH',
        `annotator ${annotator} has ${row.length} ratings, the first ${ratings[0]!.length}; give null where one is missing`,
      );
    }
    for (const [item, value] of row.entries()) {
      if (value === null) continue;
      const name = `rating of item ${item} by annotator ${annotator}`;
      requireArgument(Number.isFinite(value), name, value, 'a finite number, or null where it is missing');
      requireArgument(level !== 'ratio' || value >= 0, name, value, 'a number from 0: only such have ratios');
    }
  }
}

/**
 * Krippendorff's alpha: agreement of any number of annotators with missing ratings.
 *
 * @param ratings annotators × items, null where missing; items with fewer than two ratings are ignored
 * @param level how far apart two values are: alike or not, by rank, by difference, by share of their sum
 * @returns null when no two values differ, so that nothing could disagree
 * @throws STAT_LENGTH_MISMATCH, STAT_INPUT_INVALID
 * Source: Krippendorff 2011 (coincidence matrix); vectors `agreement.json`.
 */
export function krippendorffAlpha(
  ratings: ReadonlyArray<ReadonlyArray<number | null>>,
  level: MeasurementLevel,
): number | null {
  requireRatings(ratings, level);
  const coincidences = coincidencesOf(ratings);
  const { matrix, totals } = coincidences;
  const size = totals.reduce((sum, count) => sum + count, 0);
  let [observed, expected] = [0, 0];
  for (const [i, row] of matrix.entries()) {
    for (const [j, count] of row.entries()) {
      const difference = squaredDifference(coincidences, level, i, j);
      observed += count * difference;
      expected += totals[i]! * totals[j]! * difference;
    }
  }
  return expected === 0 ? null : 1 - ((size - 1) * observed) / expected;
}
