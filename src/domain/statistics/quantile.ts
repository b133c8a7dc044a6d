import { requireFinite, StatisticsError } from './statistics-error.ts';

/**
 * q-quantile of ascending values, type 7: linear between order statistics, as numpy and R do by default.
 * @throws STAT_INPUT_EMPTY, STAT_INPUT_INVALID. Source: Hyndman & Fan 1996; vectors `classification.json`.
 */
export function quantileOfSorted(sorted: ArrayLike<number>, q: number): number {
  if (sorted.length === 0) throw new StatisticsError('STAT_INPUT_EMPTY', 'no values; a quantile needs at least one');
  if (!(q >= 0 && q <= 1)) throw new StatisticsError('STAT_INPUT_INVALID', `q is ${q}; give a share from 0 to 1`);
  const position = q * (sorted.length - 1);
  const below = Math.min(Math.floor(position), sorted.length - 1);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  const share = position - below;
  if (low === high) return low;
  if (!Number.isFinite(high - low)) return low * (1 - share) + high * share;
  // From the nearer end, so that q = 1 gives the maximum itself.
  return share < 0.5 ? low + (high - low) * share : high - (high - low) * (1 - share);
}

/**
 * q-quantile (type 7) of finite values in any order.
 *
 * @param q share from 0 to 1
 * @throws STAT_INPUT_EMPTY, STAT_INPUT_INVALID. Source: as `quantileOfSorted`.
 */
export function quantile(values: ArrayLike<number>, q: number): number {
  requireFinite(values, 'value');
  return quantileOfSorted(Float64Array.from(values).sort(), q);
}
