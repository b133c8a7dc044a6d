import { turningPoint } from './monotone-root.ts';
import { normalCdf, scaledNormalSf } from './normal-distribution.ts';
import { requireArgument } from './statistics-error.ts';

function requireShape(shape: number): void {
  requireArgument(shape > 0, 'shape of the inverse Gaussian distribution', shape, 'a positive number');
}

/**
 * P(X ≤ x) of the inverse Gaussian distribution with mean 1: when a random walk with drift first passes a level.
 *
 * @param shape φ > 0; at ∞ all mass sits at the mean
 * @throws STAT_INPUT_INVALID
 * Source: Chhikara & Folks 1989, F(x) = Φ(√(φ/x)(x−1)) + e^{2φ}Φ(−√(φ/x)(x+1)), the product taken as e^{−φ(x−1)²/(2x)} times a scaled
 * tail, so that no φ is too large.
 */
export function inverseGaussianCdf(x: number, shape: number): number {
  requireShape(shape);
  requireArgument(x >= -Infinity, 'x of the inverse Gaussian distribution', x, 'a number');
  if (x <= 0) return 0;
  if (x === Infinity) return 1;
  if (shape === Infinity) return x < 1 ? 0 : 1;
  const root = Math.sqrt(shape / x);
  const below = root * (x - 1);
  return normalCdf(below) + Math.exp((-below * below) / 2) * scaledNormalSf(root * (x + 1));
}

/**
 * q-quantile of the inverse Gaussian distribution with mean 1; 0 and ∞ at q = 0 and 1.
 *
 * @param shape φ > 0; ∞ gives 1
 * @throws STAT_INPUT_INVALID. Source: inversion of `inverseGaussianCdf`.
 */
export function inverseGaussianQuantile(q: number, shape: number): number {
  requireArgument(q >= 0 && q <= 1, 'q', q, 'a probability from 0 to 1');
  requireShape(shape);
  if (q === 0 || q === 1) return q === 0 ? 0 : Infinity;
  if (shape === Infinity) return 1;
  return Math.exp(turningPoint(-700, 700, (logX) => inverseGaussianCdf(Math.exp(logX), shape) >= q));
}
