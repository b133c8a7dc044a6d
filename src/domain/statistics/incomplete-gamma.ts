import { logGammaIncrement, stirlingRemainder } from './log-gamma.ts';
import { turningPoint } from './monotone-root.ts';
import { requireArgument } from './statistics-error.ts';

const TERMS_MAX = 1_000_000;
const EPSILON = 1e-17;
const TINY = 1e-300;
const TWO_PI = 2 * Math.PI;
const LOG_MIN = -745;
const LOG_MAX = 709;
/** Below both, almost all mass can lie below x, and the upper tail is summed on its own. */
const SMALL_SHAPE = 0.5;
const SMALL_X = 1;

/** Within these the series and fractions of this and the beta functions settle, nothing overflows, and ten digits are kept. */
const SHAPE_MIN = 1e-100;
const SHAPE_MAX = 1e10;

/** @throws STAT_INPUT_INVALID unless 1e-100 ≤ `shape` ≤ 1e10 */
export function requireShape(shape: number, name: string): void {
  requireArgument(
    shape >= SHAPE_MIN && shape <= SHAPE_MAX,
    name,
    shape,
    `a number above 0 (from ${SHAPE_MIN} to ${SHAPE_MAX})`,
  );
}

/** As `requireShape`, for degrees of freedom. */
export function requireDegrees(df: number, name = 'df'): void {
  requireShape(df / 2, `half of ${name}`);
}

/** ln r − e for r = 1 + e, without cancellation for small e: with s = e/(2 + e), −e·s + 2·(s³/3 + s⁵/5 + …). */
export function logMinusExcess(ratio: number, e: number): number {
  if (Math.abs(e) > 0.4) return Math.log(ratio) - e;
  const s = e / (2 + e);
  const square = s * s;
  let power = s * square;
  let sum = 0;
  for (let k = 3; k < 80 && Math.abs(power) > EPSILON * Math.abs(sum); k += 2) {
    sum += power / k;
    power *= square;
  }
  return 2 * sum - e * s;
}

/** x^a·e^{−x}/Γ(a), through Stirling's remainder so that large a loses no digits. */
function density(a: number, x: number): number {
  return Math.sqrt(a / TWO_PI) * Math.exp(a * logMinusExcess(x / a, (x - a) / a) - stirlingRemainder(a));
}

/** P(a, x) by its power series (DLMF 8.7.1): all terms positive. */
function lowerSeries(a: number, x: number): number {
  let term = 1 / a;
  let sum = term;
  for (let n = 1; n < TERMS_MAX && term > EPSILON * sum; n++) {
    term *= x / (a + n);
    sum += term;
  }
  return sum * density(a, x);
}

/**
 * Q(a, x) for small a and x, where P is nearly 1: with L = ln(x^a/Γ(1 + a)), −(e^L − 1) − e^L·a·Σ_{n ≥ 1} (−x)^n/(n!·(a + n))
 * (DLMF 8.7.3).
 */
function upperSeries(a: number, x: number): number {
  const logLeading = a * Math.log(x) - logGammaIncrement(1, a);
  let term = 1;
  let sum = 0;
  for (let n = 1; n < TERMS_MAX && Math.abs(term) > EPSILON * Math.abs(sum); n++) {
    term *= -x / n;
    sum += term / (a + n);
  }
  return -Math.expm1(logLeading) - Math.exp(logLeading) * a * sum;
}

/** Q(a, x) by its continued fraction (DLMF 8.9.2), modified Lentz. */
function upperFraction(a: number, x: number): number {
  let b = x + 1 - a;
  let c = 1 / TINY;
  let d = 1 / b;
  let h = d;
  for (let i = 1; i < TERMS_MAX; i++) {
    const an = -i * (i - a);
    b += 2;
    d = 1 / nonzero(an * d + b);
    c = nonzero(b + an / c);
    const delta = d * c;
    h *= delta;
    if (Math.abs(delta - 1) < 1e-16) break;
  }
  return h * density(a, x);
}

function nonzero(value: number): number {
  return Math.abs(value) < TINY ? TINY : value;
}

function requireGammaArguments(a: number, x: number): void {
  requireShape(a, 'a of the incomplete gamma function');
  requireArgument(x >= 0, 'x of the incomplete gamma function', x, 'a number from 0');
}

/**
 * Regularised lower incomplete gamma function P(a, x), 1e-100 ≤ a ≤ 1e10, x ≥ 0.
 *
 * Relative error below 1e-12 (1e-10 beyond 1e5). Source: DLMF 8.7.1, 8.9.2; vectors `distributions.json`.
 * @throws STAT_INPUT_INVALID
 */
export function gammaP(a: number, x: number): number {
  requireGammaArguments(a, x);
  if (x === 0) return 0;
  if (x === Infinity) return 1;
  return x < a + 1 ? lowerSeries(a, x) : 1 - upperFraction(a, x);
}

/** Regularised upper incomplete gamma function Q(a, x), the tail computed directly. Range, source and errors as of `gammaP`. */
export function gammaQ(a: number, x: number): number {
  requireGammaArguments(a, x);
  if (x === 0) return 1;
  if (x === Infinity) return 0;
  if (x < SMALL_X && a < SMALL_SHAPE) return upperSeries(a, x);
  return x < a + 1 ? 1 - lowerSeries(a, x) : upperFraction(a, x);
}

/**
 * P(X > x) for X chi-squared with df degrees of freedom, df > 0; 1 below 0.
 *
 * @throws STAT_INPUT_INVALID. Source: DLMF 8.7, 8.9; vectors `distributions.json`.
 */
export function chiSquaredSf(x: number, df: number): number {
  requireArgument(x >= -Infinity, 'x of the chi-squared distribution', x, 'a number');
  requireDegrees(df);
  return gammaQ(df / 2, Math.max(0, x) / 2);
}

/**
 * x with P(X ≤ x) = p for X chi-squared with df degrees of freedom; 0 and ∞ at p = 0 and 1.
 *
 * @throws STAT_INPUT_INVALID. Source: inversion of `gammaP` or `gammaQ`, whichever is smaller; vectors `distributions.json`.
 */
export function chiSquaredQuantile(p: number, df: number): number {
  requireArgument(p >= 0 && p <= 1, 'p', p, 'a probability from 0 to 1');
  requireDegrees(df);
  if (p === 0) return 0;
  if (p === 1) return Infinity;
  const isBeyond = p < 0.5 ? (x: number) => gammaP(df / 2, x) >= p : (x: number) => gammaQ(df / 2, x) <= 1 - p;
  return 2 * Math.exp(turningPoint(LOG_MIN, LOG_MAX, (logX) => isBeyond(Math.exp(logX))));
}
