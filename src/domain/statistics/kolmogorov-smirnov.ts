import { requireArgument } from './statistics-error.ts';

const TERMS_MAX = 100;
const THETA_BELOW = 1;
/** Below it the cdf is less than the smallest double. */
const CERTAIN_BELOW = 0.04;
/** Beyond this many cells the exact null distribution costs more than it tells. */
const EXACT_CELLS_MAX = 25_000_000;

/**
 * P(K > x) of Kolmogorov's limit distribution, 2·Σ (−1)^{k−1}·e^{−2k²x²}, in its theta-transformed form for small x.
 *
 * @returns 1 up to 0; relative error below 1e-12
 * @throws STAT_INPUT_INVALID for NaN. Source: Kolmogorov 1933; vectors `distributions.json`.
 */
export function kolmogorovSf(x: number): number {
  requireArgument(x >= -Infinity, 'x of the Kolmogorov distribution', x, 'a number');
  if (x < CERTAIN_BELOW) return 1;
  let sum = 0;
  if (x < THETA_BELOW) {
    for (let k = 1; k < TERMS_MAX; k += 2) sum += Math.exp((-k * k * Math.PI * Math.PI) / (8 * x * x));
    return 1 - (Math.sqrt(2 * Math.PI) / x) * sum;
  }
  for (let k = 1; k < TERMS_MAX; k++) sum += (k % 2 === 1 ? 1 : -1) * Math.exp(-2 * k * k * x * x);
  return 2 * sum;
}

/** Largest |i·m − j·n| over the merged samples: n·m times the Kolmogorov-Smirnov distance, an exact integer. */
function scaledDistance(a: Float64Array, b: Float64Array): number {
  let i = 0;
  let j = 0;
  let largest = 0;
  while (i < a.length && j < b.length) {
    const value = Math.min(a[i]!, b[j]!);
    while (i < a.length && a[i]! <= value) i++;
    while (j < b.length && b[j]! <= value) j++;
    largest = Math.max(largest, Math.abs(i * b.length - j * a.length));
  }
  return largest;
}

/**
 * P(distance ≥ observed) over all equally likely lattice paths: v(i, j), the share of the paths to (i, j) that were ever at least
 * `distance` away. Only sums of positive terms, so small p-values keep their digits.
 */
function exactTail(n: number, m: number, distance: number): number {
  if (distance === 0) return 1;
  const row = new Float64Array(m + 1);
  for (let i = 0; i <= n; i++) {
    for (let j = 0; j <= m; j++) {
      if (Math.abs(i * m - j * n) >= distance) row[j] = 1;
      else if (i + j === 0) row[j] = 0;
      else row[j] = ((i > 0 ? i * row[j]! : 0) + (j > 0 ? j * row[j - 1]! : 0)) / (i + j);
    }
  }
  return row[m]!;
}

/** Largest distance between two empirical distribution functions, 0 … 1, with its p-values. */
export interface KolmogorovSmirnov {
  statistic: number;
  pAsymptotic: number;
  /** Exact without ties, as for a continuous variable; null beyond 25 million pairs. */
  pExact: number | null;
}

/** Two-sample, two-sided Kolmogorov-Smirnov test of ascending samples, neither empty. */
export function kolmogorovSmirnov(a: Float64Array, b: Float64Array): KolmogorovSmirnov {
  const [n, m] = [a.length, b.length];
  const distance = scaledDistance(a, b);
  const statistic = distance / (n * m);
  return {
    statistic,
    pAsymptotic: kolmogorovSf(statistic * Math.sqrt((n / (n + m)) * m)),
    pExact: n * m <= EXACT_CELLS_MAX ? exactTail(n, m, distance) : null,
  };
}
