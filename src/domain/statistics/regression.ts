import { requireArgument, StatisticsError } from './statistics-error.ts';

/** Errors in the outcome’s unit, but for r2. */
export interface RegressionMetrics {
  mae: number;
  rmse: number;
  /** null for constant outcomes. */
  r2: number | null;
  /** Mean pinball loss by quantile. */
  pinball: Record<string, number>;
  /** Mean of prediction − outcome. */
  bias: number;
}

function meanOf(size: number, term: (i: number) => number): number {
  let sum = 0;
  for (let i = 0; i < size; i++) sum += term(i);
  return sum / size;
}

/** Squares of larger numbers overflow. */
const MAGNITUDE_MAX = 1e150;

function requireMagnitude(values: ArrayLike<number>, what: string): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    requireArgument(Math.abs(value) <= MAGNITUDE_MAX, `${what} ${i}`, value, `a number up to ±${MAGNITUDE_MAX}`);
  }
}

/**
 * Errors of point predictions, in the outcome's unit.
 *
 * @param y outcomes, @param yhat predictions, same length ≥ 1, up to ±1e150
 * @param quantiles shares whose pinball loss is wanted, 0 … 1
 * @throws STAT_LENGTH_MISMATCH, STAT_INPUT_EMPTY, STAT_INPUT_INVALID. Source: vectors `classification.json`.
 */
export function regressionMetrics(
  y: ArrayLike<number>,
  yhat: ArrayLike<number>,
  quantiles: readonly number[] = [0.5],
): RegressionMetrics {
  requirePairs(y, yhat);
  for (const [values, what] of [
    [y, 'outcome'],
    [yhat, 'prediction'],
  ] as const)
    requireMagnitude(values, what);
  for (const q of quantiles) requireArgument(q >= 0 && q <= 1, 'quantile', q, 'a share from 0 to 1');
  const size = y.length;
  const mean = meanOf(size, (i) => y[i]!);
  const squared = meanOf(size, (i) => (y[i]! - yhat[i]!) ** 2);
  const isConstant = Array.prototype.every.call(y, (value: number) => value === y[0]);
  const spread = meanOf(size, (i) => (y[i]! - mean) ** 2);
  const pinball = (q: number) => meanOf(size, (i) => Math.max(q * (y[i]! - yhat[i]!), (q - 1) * (y[i]! - yhat[i]!)));
  return {
    mae: meanOf(size, (i) => Math.abs(y[i]! - yhat[i]!)),
    rmse: Math.sqrt(squared),
    r2: isConstant ? null : 1 - squared / spread,
    pinball: Object.fromEntries(quantiles.map((q) => [String(q), pinball(q)])),
    bias: meanOf(size, (i) => yhat[i]! - y[i]!),
  };
}

/** @throws STAT_LENGTH_MISMATCH, STAT_INPUT_EMPTY, STAT_INPUT_INVALID (NaN) */
export function requirePairs(a: ArrayLike<number>, b: ArrayLike<number>): void {
  if (a.length !== b.length)
    throw new StatisticsError(
      'STAT_LENGTH_MISMATCH',
      `${a.length} outcomes for ${b.length} predictions; give one each`,
    );
  if (a.length === 0) throw new StatisticsError('STAT_INPUT_EMPTY', 'no outcomes; give at least one');
  for (let i = 0; i < a.length; i++) {
    if (!(a[i]! >= -Infinity && b[i]! >= -Infinity)) {
      throw new StatisticsError(
        'STAT_INPUT_INVALID',
        `pair ${i} is ${a[i]}, ${b[i]}; give numbers, and leave missing values out and count them`,
      );
    }
  }
}
