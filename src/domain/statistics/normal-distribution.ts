import { turningPoint } from './monotone-root.ts';
import { requireArgument } from './statistics-error.ts';

const SQRT_PI = 1.772453850905516;
const SQRT_TWO_PI = 2.5066282746310002;
/** Below it the series of erf, from it the continued fraction of erfc: both then need fewer than 100 terms. */
const SERIES_BELOW = 2.25;
const TERMS_MAX = 300;
const EPSILON = 1e-17;
/** normalSf(39) and erfc(28) are below the smallest double. */
const NORMAL_MAX = 39;
const ERFC_MAX = 28;

/** erf(x)·e^{x²}·√π/2 by Kummer's series: all terms positive (DLMF 7.6.2). */
function erfSeries(x: number): number {
  const square = 2 * x * x;
  let term = x;
  let sum = x;
  for (let n = 1; n < TERMS_MAX && Math.abs(term) > EPSILON * Math.abs(sum); n++) {
    term *= square / (2 * n + 1);
    sum += term;
  }
  return sum;
}

/** e^{x²}·erfc(x) for x ≥ SERIES_BELOW: continued fraction DLMF 7.9.1, evaluated from its tail. */
function erfcxFraction(x: number): number {
  const depth = Math.ceil(20 + 300 / x);
  let fraction = x;
  for (let k = depth; k >= 1; k--) fraction = x + k / 2 / fraction;
  return 1 / (fraction * SQRT_PI);
}

/** e^{−x²} with the square split, so that large arguments keep their last digits. */
function expMinusSquare(x: number): number {
  const head = Math.round(x * 1024) / 1024;
  const tail = x - head;
  return Math.exp(-head * head) * Math.exp(-tail * (x + head));
}

function requireNumber(x: number): void {
  requireArgument(x >= -Infinity, 'argument of the normal distribution', x, 'a number');
}

/**
 * Error function. Relative error below 1e-13.
 *
 * @throws STAT_INPUT_INVALID for NaN. Source: DLMF 7.6.2 and 7.9.1; vectors `distributions.json`.
 */
export function erf(x: number): number {
  requireNumber(x);
  if (Math.abs(x) < SERIES_BELOW) return (2 / SQRT_PI) * erfSeries(x) * expMinusSquare(x);
  return x > 0 ? 1 - erfc(x) : erfc(-x) - 1;
}

/** Complementary error function, its tail computed directly. Accuracy, source and errors as of `erf`. */
export function erfc(x: number): number {
  requireNumber(x);
  if (x < SERIES_BELOW) return x > -SERIES_BELOW ? 1 - erf(x) : 2 - erfc(-x);
  return x > ERFC_MAX ? 0 : expMinusSquare(x) * erfcxFraction(x);
}

/** P(Z > z) for a standard normal Z, the tail computed directly. Accuracy, source and errors as of `erf`. */
export function normalSf(z: number): number {
  const x = z / Math.SQRT2;
  if (!(x >= SERIES_BELOW)) return 0.5 * erfc(x);
  if (z > NORMAL_MAX) return 0;
  const head = Math.round(z * 1024) / 1024;
  const tail = z - head;
  return 0.5 * Math.exp((-head * head) / 2) * Math.exp((-tail * (z + head)) / 2) * erfcxFraction(x);
}

/** P(Z ≤ z) for a standard normal Z. Accuracy, source and errors as of `erf`. */
export function normalCdf(z: number): number {
  return normalSf(-z);
}

/** e^{z²/2}·P(Z > z): finite where `normalSf` underflows, and moderate for z ≥ 0. */
export function scaledNormalSf(z: number): number {
  const x = z / Math.SQRT2;
  return x < SERIES_BELOW ? normalSf(z) * Math.exp((z * z) / 2) : 0.5 * erfcxFraction(x);
}

/**
 * z with P(Z ≤ z) = p; ±∞ at 1 and 0. Relative error below 1e-12.
 *
 * @throws STAT_INPUT_INVALID outside [0, 1]
 * Source: inversion of `normalSf` by Newton steps in the logarithm of the tail; vectors `distributions.json`.
 */
export function normalQuantile(p: number): number {
  requireArgument(p >= 0 && p <= 1, 'p', p, 'a probability from 0 to 1');
  if (p === 0.5) return 0;
  if (p > 0.5) return upperQuantile(1 - p, p - 0.5);
  return -upperQuantile(p, 0.5 - p);
}

/** z > 0 with upper tail `tail`; `excess` is 0.5 − tail, exact where the subtraction is. */
function upperQuantile(tail: number, excess: number): number {
  if (tail === 0) return Infinity;
  if (excess < 0.25) return turningPoint(0, 1, (z) => 0.5 * erf(z / Math.SQRT2) >= excess);
  const logTail = Math.log(tail);
  let z = Math.min(Math.sqrt(-2 * logTail), NORMAL_MAX);
  for (let i = 0; i < 50; i++) {
    const scaled = scaledNormalSf(z);
    // d/dz ln sf(z) = −density/sf, a slope that stays moderate where sf itself vanishes.
    const step = (Math.log(scaled) - (z * z) / 2 - logTail) * scaled * SQRT_TWO_PI;
    z += step;
    if (Math.abs(step) <= 1e-15 * z) break;
  }
  return z;
}
