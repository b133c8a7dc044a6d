import fc from 'fast-check';
import type { DiffHistogram, Direction } from '../../../src/domain/statistics/index.ts';

/** Three values of the next difference with their probabilities. */
export type Branch = ReadonlyArray<readonly [value: number, probability: number]>;

export const directions = fc.constantFrom<Direction>('harm', 'safe');
export const margins = fc.integer({ min: -80, max: 80 }).map((hundredths) => hundredths / 100);

const triple = fc
  .tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: -20, max: 20 }), fc.nat(2000))
  .map(([den, num, count]) => [Math.max(-den, Math.min(den, num)), den, count] as const);

export const histograms: fc.Arbitrary<DiffHistogram> = fc.array(triple, { maxLength: 12 });

/** A reproducible permutation. */
export function shuffled<T>(items: readonly T[], seed: number): T[] {
  const result = [...items];
  let state = seed + 1;
  for (let i = result.length - 1; i > 0; i--) {
    state = (state * 48_271) % 2_147_483_647;
    const j = state % (i + 1);
    [result[i], result[j]] = [result[j]!, result[i]!];
  }
  return result;
}

/**
 * A branch on the null side of the margin: mean exactly at it for `choice` 0, further inside as `choice` grows, on values −1, m ± 0.05
 * (kept inside) and 1, so that rare large and frequent small differences both occur.
 */
export function nullBranch(margin: number, direction: Direction, choice: number): Branch {
  const sign = direction === 'harm' ? 1 : -1;
  const bad = sign;
  const good = -sign;
  const middle = Math.round((margin + (choice > 0.5 ? 0.05 : -0.05) * sign) * 20) / 20;
  const middleShare = 0.4 * choice;
  // Solve bad·p + good·(1 − p − s) + middle·s = margin for p, then move some of it to the good side.
  const p = (margin - good * (1 - middleShare) - middle * middleShare) / (bad - good);
  const badShare = Math.min(Math.max(p, 0), 1 - middleShare) * (1 - (choice > 0.3 ? choice / 2 : 0));
  const isNull = sign * (bad * badShare + good * (1 - badShare - middleShare) + middle * middleShare - margin) <= 1e-15;
  return isNull
    ? [
        [bad, badShare],
        [middle, middleShare],
        [good, 1 - badShare - middleShare],
      ]
    : [
        [bad, 0],
        [middle, 0],
        [good, 1],
      ];
}
