import { requireArgument, requireCount, StatisticsError } from './statistics-error.ts';

/** A table of categories × categories is filled: more than this would be a list of ids, not of categories. */
const CATEGORIES_MAX = 4096;

/** Chance-corrected agreement of two annotators; null when chance alone would agree always. */
export interface CohenKappa {
  kappa: number | null;
  /** Disagreement weighted by distance, and by its square, for ordered categories. */
  linear: number | null;
  quadratic: number | null;
}

/** @throws STAT_INPUT_INVALID unless `count` is a number of categories that a confusion table can be made for */
export function requireCategories(count: number, name: string): void {
  requireArgument(
    Number.isInteger(count) && count >= 1 && count <= CATEGORIES_MAX,
    name,
    count,
    `an integer from 1 to ${CATEGORIES_MAX}`,
  );
}

function requireCategory(value: number, categories: number): void {
  if (!Number.isInteger(value) || value < 0 || value >= categories) {
    throw new StatisticsError(
      'STAT_INPUT_INVALID',
      `category is ${value}; give an integer from 0 to ${categories - 1}`,
    );
  }
}

/**
 * Cohen's kappa of two annotators over the same items.
 *
 * @param a, b categories 0 … categories − 1
 * @throws STAT_LENGTH_MISMATCH, STAT_INPUT_EMPTY, STAT_INPUT_INVALID
 * Source: Cohen 1960, 1968; vectors `agreement.json`.
 */
export function cohenKappa(a: readonly number[], b: readonly number[], categories: number): CohenKappa {
  if (a.length !== b.length)
    throw new StatisticsError(
      'STAT_LENGTH_MISMATCH',
      `${a.length} and ${b.length} ratings; both annotators rate the same items`,
    );
  if (a.length === 0) throw new StatisticsError('STAT_INPUT_EMPTY', 'no items; give at least one');
  requireCategories(categories, 'categories');
  const joint = Array.from({ length: categories }, () => Array.from({ length: categories }, () => 0));
  for (const [i, category] of a.entries()) {
    requireCategory(category, categories);
    requireCategory(b[i]!, categories);
    joint[category]![b[i]!]!++;
  }
  const rows = joint.map((row) => row.reduce((sum, count) => sum + count, 0));
  const columns = rows.map((_, j) => joint.reduce((sum, row) => sum + row[j]!, 0));
  const weighted = (weight: (distance: number) => number): number | null => {
    let [observed, expected] = [0, 0];
    for (const [i, row] of joint.entries()) {
      for (const [j, count] of row.entries()) {
        observed += weight(Math.abs(i - j)) * count;
        expected += (weight(Math.abs(i - j)) * rows[i]! * columns[j]!) / a.length;
      }
    }
    return expected === 0 ? null : 1 - observed / expected;
  };
  return {
    kappa: weighted((distance) => (distance > 0 ? 1 : 0)),
    linear: weighted((distance) => distance),
    quadratic: weighted((distance) => distance * distance),
  };
}

/**
 * Fleiss' kappa of equally many ratings per item.
 *
 * @param counts per item, how many annotators chose each category
 * @returns null when chance alone would agree always
 * @throws STAT_INPUT_EMPTY, STAT_COUNT_INVALID, STAT_LENGTH_MISMATCH, STAT_INPUT_INVALID
 * Source: Fleiss 1971; vectors `agreement.json`.
 */
export function fleissKappa(counts: ReadonlyArray<readonly number[]>): number | null {
  const ratings = counts[0]?.reduce((sum, count) => sum + count, 0) ?? 0;
  if (ratings < 2) throw new StatisticsError('STAT_INPUT_EMPTY', `${ratings} ratings per item; give at least two`);
  const totals = counts[0]!.map(() => 0);
  let observed = 0;
  for (const [item, row] of counts.entries()) {
    if (row.length !== totals.length)
      throw new StatisticsError(
        'STAT_LENGTH_MISMATCH',
        `item ${item} has ${row.length} categories, the first ${totals.length}; give a count for every category`,
      );
    let [sum, squares] = [0, 0];
    for (const [category, count] of row.entries()) {
      requireCount(count, `count of item ${item}`);
      sum += count;
      squares += count * count;
      totals[category]! += count;
    }
    if (sum !== ratings)
      throw new StatisticsError(
        'STAT_INPUT_INVALID',
        `item ${item} has ${sum} ratings, the first ${ratings}; give equally many per item`,
      );
    observed += (squares - ratings) / (ratings * (ratings - 1));
  }
  if (totals.filter((count) => count > 0).length === 1) return null;
  const expected = totals.reduce((sum, count) => sum + (count / (counts.length * ratings)) ** 2, 0);
  return (observed / counts.length - expected) / (1 - expected);
}
