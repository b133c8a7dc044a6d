import { ascendingValues } from './diff-histogram.ts';
import type { DiffHistogram } from './diff-histogram.ts';
import { DEFAULT_GRID, sharedEtaGrid } from './eta-grid.ts';
import type { Grid } from './eta-grid.ts';
import { logMeanExp } from './log-sum-exp.ts';
import { requireArgument, requireLevel, StatisticsError } from './statistics-error.ts';

/** `harm`: null "every conditional mean of D is at most the margin". `safe`: null "every one is at least the margin". */
export type Direction = 'harm' | 'safe';

/** @throws STAT_MARGIN_RANGE unless the margin leaves every bet on D ∈ [−1, 1] a factor that stays positive. */
export function requireMargin(margin: number, direction: Direction, name = 'margin'): void {
  const isInside = direction === 'harm' ? margin > -1 && margin <= 1 : margin >= -1 && margin < 1;
  if (isInside) return;
  const range = direction === 'harm' ? '(-1, 1]' : '[-1, 1)';
  throw new StatisticsError(
    'STAT_MARGIN_RANGE',
    `${name} is ${margin} in direction ${direction}; give an absolute loss difference in ${range}`,
  );
}

/** The stake per unit of η on a difference: (D − m)/(1 + m) against harm, −(D − m)/(1 − m) against safe. */
export function stake(value: number, margin: number, direction: Direction): number {
  return direction === 'harm' ? (value - margin) / (1 + margin) : -(value - margin) / (1 - margin);
}

/** Per grid point the ln of the product of factors, Σ_v c_v·log1p(η_g·stake(v)): values ascending, g ascending. */
function logProducts(
  values: Float64Array,
  counts: Float64Array,
  margin: number,
  direction: Direction,
  etas: Float64Array,
): Float64Array {
  const sums = new Float64Array(etas.length);
  for (let i = 0; i < values.length; i++) {
    const x = stake(values[i]!, margin, direction);
    const count = counts[i]!;
    for (let g = 0; g < sums.length; g++) sums[g]! += count * Math.log1p(etas[g]! * x);
  }
  return sums;
}

/** Per grid point ln of the product of factors over a histogram: the terms that `logEValue` averages. */
export function logFactorProducts(h: DiffHistogram, margin: number, d: Direction, grid: Grid): Float64Array {
  requireMargin(margin, d);
  const { values, counts } = ascendingValues(h);
  return logProducts(values, counts, margin, d, sharedEtaGrid(grid));
}

/**
 * ln of the e-value of a histogram of differences: the equally weighted mixture over betting fractions η of the martingales
 * Π(1 + η·(D − m)/(1 + m)) (harm) or Π(1 − η·(D − m)/(1 − m)) (safe). 0 for an empty history.
 *
 * Valid at every look together: P(ever ln e ≥ −ln a) ≤ a under the null, whatever the dependence.
 * @param margin absolute loss difference, harm (−1, 1], safe [−1, 1); 0.01 = one percentage point
 * @returns natural logarithm, accurate to 1e-9 + 1e-10·|ln e| up to 4·10^6 differences
 * @throws STAT_MARGIN_RANGE, STAT_GRID_INVALID, STAT_COUNT_INVALID, STAT_DIFFERENCE_RANGE
 * Source: Waudby-Smith & Ramdas 2024 (diversified capital process); vectors `betting-martingale.json`.
 */
export function logEValue(h: DiffHistogram, margin: number, d: Direction, grid: Grid = DEFAULT_GRID): number {
  return logMeanExp(logFactorProducts(h, margin, d, grid));
}

/** Far wider than two neighbouring doubles in [−1, 1], so that the bisection ends. */
const BOUND_WIDTH = 1e-13;

/**
 * Largest m in [−1, 1) with `isEvidence`, a predicate that holds up to some margin and not beyond, to `width`; −1 if it never holds. At 1
 * it never does: no difference is above that margin.
 */
function supremum(isEvidence: (margin: number) => boolean, width: number): number {
  let inside = -1;
  let outside = 1;
  while (outside - inside > width) {
    const middle = inside + (outside - inside) / 2;
    if (isEvidence(middle)) inside = middle;
    else outside = middle;
  }
  return inside;
}

/**
 * One one-sided bound on Δ at `level`, by inverting a test: `lower` is the largest margin that harm evidence exceeds, `upper` the smallest
 * that safe evidence certifies. Never tighter than the exact bound, and at most `width` wider.
 *
 * @returns absolute loss difference; −1 or 1 while there is no evidence
 * @throws as `confidenceBounds`; STAT_INPUT_INVALID for a width below 1e-13, which the search could not reach
 */
export function confidenceBound(
  h: DiffHistogram,
  level: number,
  side: 'lower' | 'upper',
  grid: Grid = DEFAULT_GRID,
  width = BOUND_WIDTH,
): number {
  requireLevel(level, 'level');
  requireArgument(width >= BOUND_WIDTH, 'width', width, `a width of the search from ${BOUND_WIDTH}`);
  const etas = sharedEtaGrid(grid);
  const threshold = -Math.log(level);
  const { values, counts } = ascendingValues(h);
  const rejects = (margin: number, d: Direction) =>
    logMeanExp(logProducts(values, counts, margin, d, etas)) >= threshold;
  if (side === 'lower') return supremum((margin) => rejects(margin, 'harm'), width);
  // K_safe of D at m is K_harm of −D at −m: the infimum is the mirrored supremum.
  return 0 - supremum((margin) => rejects(-margin, 'safe'), width);
}

/**
 * One-sided confidence bounds on Δ, each at `level` (both together 2·`level`), by inverting the two tests: the lower bound is the
 * largest margin that harm evidence exceeds, the upper the smallest that safe evidence certifies. For display over looks take the
 * running maximum of `lower` and minimum of `upper`.
 *
 * @returns absolute loss differences; −1 and 1 while there is no evidence
 * @throws STAT_ALPHA_RANGE, STAT_GRID_INVALID, STAT_COUNT_INVALID, STAT_DIFFERENCE_RANGE
 * Source: Waudby-Smith & Ramdas 2024; vectors `betting-martingale.json`.
 */
export function confidenceBounds(
  h: DiffHistogram,
  level: number,
  grid: Grid = DEFAULT_GRID,
): { lower: number; upper: number } {
  return { lower: confidenceBound(h, level, 'lower', grid), upper: confidenceBound(h, level, 'upper', grid) };
}
