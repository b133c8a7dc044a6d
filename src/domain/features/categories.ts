/** Codes of categories, the same when training and when serving. */

import { UNKNOWN_CATEGORY } from './feature-row.ts';

/** More categories than trained columns may have; the rarest of them are unknown then. */
const CATEGORIES_MAX = 4096;

/**
 * Codes of categorical values: the index in `categories`, -1 for a value that is not among them, NaN where it is missing. Numbers
 * are compared as ECMAScript writes them.
 * @param settled the categories, where they are known already; otherwise those of the values, in code unit order
 */
export function encodeCategories(
  values: ArrayLike<string | number | null>,
  settled?: readonly string[],
): { codes: Float64Array; categories: readonly string[] } {
  const counts = new Map<string, number>();
  const texts = Array.from(values, textOf);
  if (settled === undefined) {
    for (const text of texts) if (text !== null) counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  const categories = settled ?? frequentCategories(counts);
  const codeOf = new Map(categories.map((category, code) => [category, code]));
  return {
    codes: Float64Array.from(texts, (text) => (text === null ? Number.NaN : (codeOf.get(text) ?? UNKNOWN_CATEGORY))),
    categories,
  };
}

function textOf(value: string | number | null): string | null {
  return value === null || Number.isNaN(value) ? null : String(value);
}

function frequentCategories(counts: ReadonlyMap<string, number>): string[] {
  const byText = (a: string, b: string): number => (a < b ? -1 : 1);
  const byCount = [...counts].sort(([a, countA], [b, countB]) => countB - countA || byText(a, b));
  return byCount
    .slice(0, CATEGORIES_MAX)
    .map(([category]) => category)
    .sort(byText);
}
