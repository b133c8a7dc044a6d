/** Which of many looks are worth a line: where the answer changes, and some between. */
import type { LookRecord } from '../statistics/index.ts';

export type LooksShown = 'all' | 'some';

const SHOWN_MAX = 30;
const BETWEEN = 10;

/** Whether two looks gave the same answer. */
export function isSameAnswer(a: LookRecord, b: LookRecord): boolean {
  return a.decision === b.decision && a.step === b.step && a.reasons.join() === b.reasons.join();
}

/**
 * Positions of the looks to show, ascending: all; or the first and last of every run of equal answers and ten evenly between, and of
 * more than thirty the first and the last fifteen.
 */
export function looksToShow(looks: readonly LookRecord[], shown: LooksShown): number[] {
  if (shown === 'all') return [...looks.keys()];
  const kept = new Set<number>();
  for (const [index, look] of looks.entries()) {
    const [before, after] = [looks[index - 1], looks[index + 1]];
    if (before === undefined || after === undefined || !isSameAnswer(before, look) || !isSameAnswer(look, after))
      kept.add(index);
  }
  if (kept.size + BETWEEN <= SHOWN_MAX) {
    for (let part = 1; part <= BETWEEN; part++) kept.add(Math.floor(((looks.length - 1) * part) / (BETWEEN + 1)));
  }
  const positions = [...kept].sort((a, b) => a - b);
  if (positions.length <= SHOWN_MAX) return positions;
  return [...positions.slice(0, SHOWN_MAX / 2), ...positions.slice(-SHOWN_MAX / 2)];
}
