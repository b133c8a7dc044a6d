import { logMinusExcess, requireShape } from './incomplete-gamma.ts';
import { logGammaIncrement, stirlingRemainder } from './log-gamma.ts';
import { turningPoint } from './monotone-root.ts';
import { requireArgument } from './statistics-error.ts';

const TERMS_MAX = 1_000_000;
const EPSILON = 1e-17;
const TINY = 1e-300;
const TWO_PI = 2 * Math.PI;
const LOG_MIN = -745;
/** A complement below this is computed on its own, not as one minus the other side. */
const COMPLEMENT_MIN = 0.05;

function nonzero(value: number): number {
  return Math.abs(value) < TINY ? TINY : value;
}

/** ln of x^a·y^b/B(a, b), y = 1 − x, through Stirling's remainders: no ln Γ of large arguments is ever subtracted. */
export function logBetaPower(a: number, b: number, x: number, y: number): number {
  const excess = b * x - a * y;
  return (
    a * logMinusExcess((x / a) * (a + b), excess / a) +
    b * logMinusExcess((y / b) * (a + b), -excess / b) +
    0.5 * Math.log((a / TWO_PI) * (b / (a + b))) +
    stirlingRemainder(a + b) -
    stirlingRemainder(a) -
    stirlingRemainder(b)
  );
}

/** I_x(a, b) by its continued fraction (DLMF 8.17.22), modified Lentz; converges fast for x below (a + 1)/(a + b + 2). */
function fraction(a: number, b: number, x: number, y: number): number {
  let c = 1;
  let d = 1 / nonzero(1 - ((a + b) * x) / (a + 1));
  let h = d;
  for (let m = 1; m < TERMS_MAX; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / nonzero(1 + even * d);
    c = nonzero(1 + even / c);
    h *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / nonzero(1 + odd * d);
    c = nonzero(1 + odd / c);
    const delta = d * c;
    h *= delta;
    if (Math.abs(delta - 1) < 1e-16) break;
  }
  return (h * Math.exp(logBetaPower(a, b, x, y))) / a;
}

/** ln of x^a/(a·B(a, b)), the leading term of I_x(a, b) at small x. */
export function logLeadingTerm(a: number, b: number, logX: number): number {
  return a * logX + logGammaIncrement(b, a) - logGammaIncrement(1, a);
}

/**
 * 1 − I_x(a, b) where x is below the fraction's limit and yet nearly all mass lies below x, which takes a small a: with L the logarithm
 * of the leading term, −(e^L − 1) − e^L·a·Σ_{n ≥ 1} (1 − b)_n·x^n/(n!·(a + n)) (DLMF 8.17.7).
 */
function complementSeries(a: number, b: number, x: number): number {
  const logLeading = logLeadingTerm(a, b, Math.log(x));
  let term = 1;
  let sum = 0;
  for (let n = 1; n < TERMS_MAX && Math.abs(term) > EPSILON * Math.abs(sum); n++) {
    term *= ((n - b) / n) * x;
    sum += term / (a + n);
  }
  return -Math.expm1(logLeading) - Math.exp(logLeading) * a * sum;
}

/** I_x(a, b) and its complement for x below the fraction's limit. */
function tailsBelow(a: number, b: number, x: number, y: number): { lower: number; upper: number } {
  const lower = fraction(a, b, x, y);
  return { lower, upper: 1 - lower < COMPLEMENT_MIN ? complementSeries(a, b, x) : 1 - lower };
}

/**
 * I_x(a, b) and its complement, both given x and y = 1 − x, so that neither tail loses digits to the other.
 * Source: DLMF 8.17.22, 8.17.7; vectors `distributions.json`.
 */
export function betaTails(a: number, b: number, x: number, y: number): { lower: number; upper: number } {
  if (x === 0) return { lower: 0, upper: 1 };
  if (y === 0) return { lower: 1, upper: 0 };
  if (x < (a + 1) / (a + b + 2)) return tailsBelow(a, b, x, y);
  const { lower, upper } = tailsBelow(b, a, y, x);
  return { lower: upper, upper: lower };
}

function requireShapes(a: number, b: number): void {
  requireShape(a, 'a of the beta distribution');
  requireShape(b, 'b of the beta distribution');
}

function requireBetaArguments(a: number, b: number, x: number): void {
  requireShapes(a, b);
  requireArgument(x >= 0 && x <= 1, 'x of the beta distribution', x, 'a number from 0 to 1');
}

/**
 * Regularised incomplete beta function I_x(a, b), 1e-100 ≤ a, b ≤ 1e10, 0 ≤ x ≤ 1.
 *
 * Relative error below 1e-12 (1e-10 for shapes beyond 1e5). Source: DLMF 8.17; vectors `distributions.json`.
 * @throws STAT_INPUT_INVALID
 */
export function betaInc(a: number, b: number, x: number): number {
  requireBetaArguments(a, b, x);
  return betaTails(a, b, x, 1 - x).lower;
}

/** 1 − I_x(a, b), computed directly. Range, source and errors as of `betaInc`. */
export function betaIncUpper(a: number, b: number, x: number): number {
  requireBetaArguments(a, b, x);
  return betaTails(a, b, x, 1 - x).upper;
}

/**
 * x with I_x(a, b) = p.
 *
 * @throws STAT_INPUT_INVALID. Source: inversion of `betaInc` on the smaller side; vectors `distributions.json`.
 */
export function betaQuantile(p: number, a: number, b: number): number {
  requireShapes(a, b);
  requireArgument(p >= 0 && p <= 1, 'p', p, 'a probability from 0 to 1');
  if (p === 0 || p === 1) return p;
  // Solved for the side that is small, in its logarithm, so that quantiles near 0 and near 1 keep their digits.
  if (betaInc(a, b, 0.5) >= p) return Math.exp(logQuantile(a, b, (tails) => tails.lower >= p));
  return -Math.expm1(logQuantile(b, a, (tails) => tails.lower >= 1 - p));
}

function logQuantile(a: number, b: number, isBeyond: (tails: { lower: number; upper: number }) => boolean): number {
  return turningPoint(LOG_MIN, Math.log(0.5), (logX) => isBeyond(betaTails(a, b, Math.exp(logX), -Math.expm1(logX))));
}
