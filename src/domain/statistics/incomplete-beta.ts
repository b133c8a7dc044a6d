import { logMinusExcess } from './incomplete-gamma.ts';
import { stirlingRemainder } from './log-gamma.ts';
import { turningPoint } from './monotone-root.ts';

const TERMS_MAX = 1_000_000;
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

/** I_x(a, b) by its continued fraction (DLMF 8.17.22), modified Lentz. */
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

/**
 * I_x(a, b) and its complement, both given x and y = 1 − x, so that neither tail loses digits to the other.
 * Source: DLMF 8.17.22; vectors `distributions.json`.
 */
export function betaTails(a: number, b: number, x: number, y: number): { lower: number; upper: number } {
  if (!(a > 0 && b > 0 && x >= 0 && y >= 0)) return { lower: NaN, upper: NaN };
  if (x === 0) return { lower: 0, upper: 1 };
  if (y === 0) return { lower: 1, upper: 0 };
  if (x < (a + 1) / (a + b + 2)) {
    const lower = fraction(a, b, x, y);
    return { lower, upper: 1 - lower < COMPLEMENT_MIN ? fraction(b, a, y, x) : 1 - lower };
  }
  const upper = fraction(b, a, y, x);
  return { lower: 1 - upper < COMPLEMENT_MIN ? fraction(a, b, x, y) : 1 - upper, upper };
}

/** Regularised incomplete beta function I_x(a, b), a, b > 0, 0 ≤ x ≤ 1. */
export function betaInc(a: number, b: number, x: number): number {
  return betaTails(a, b, x, 1 - x).lower;
}

/** 1 − I_x(a, b), computed directly. */
export function betaIncUpper(a: number, b: number, x: number): number {
  return betaTails(a, b, x, 1 - x).upper;
}

/** x with I_x(a, b) = p. */
export function betaQuantile(p: number, a: number, b: number): number {
  if (!(p >= 0 && p <= 1 && a > 0 && b > 0)) return NaN;
  if (p === 0 || p === 1) return p;
  // Solved for the side that is small, in its logarithm, so that quantiles near 0 and near 1 keep their digits.
  if (betaInc(a, b, 0.5) >= p) return Math.exp(logQuantile(a, b, (tails) => tails.lower >= p));
  return -Math.expm1(logQuantile(b, a, (tails) => tails.lower >= 1 - p));
}

function logQuantile(a: number, b: number, isBeyond: (tails: { lower: number; upper: number }) => boolean): number {
  return turningPoint(LOG_MIN, Math.log(0.5), (logX) => isBeyond(betaTails(a, b, Math.exp(logX), -Math.expm1(logX))));
}

/** P(T > t) for Student's T with df degrees of freedom, the tail computed directly. */
export function studentTSf(t: number, df: number): number {
  const square = t * t;
  const tail = 0.5 * betaTails(df / 2, 0.5, df / (df + square), square / (df + square)).lower;
  return t >= 0 ? tail : 1 - tail;
}

/** P(T ≤ t) for Student's T with df degrees of freedom. */
export function studentTCdf(t: number, df: number): number {
  return studentTSf(-t, df);
}

/** t with P(T ≤ t) = p for Student's T with df degrees of freedom. */
export function studentTQuantile(p: number, df: number): number {
  if (!(p >= 0 && p <= 1 && df > 0)) return NaN;
  if (p === 0.5) return 0;
  if (p === 0 || p === 1) return p === 0 ? -Infinity : Infinity;
  const tail = p < 0.5 ? p : 1 - p;
  const t = Math.exp(turningPoint(LOG_MIN / 2, -LOG_MIN / 2, (logT) => studentTSf(Math.exp(logT), df) <= tail));
  return p < 0.5 ? -t : t;
}

/** P(F > x) for Fisher's F with dfn and dfd degrees of freedom. */
export function fSf(x: number, dfn: number, dfd: number): number {
  if (x <= 0) return 1;
  const total = dfd + dfn * x;
  return betaTails(dfd / 2, dfn / 2, dfd / total, (dfn * x) / total).lower;
}
