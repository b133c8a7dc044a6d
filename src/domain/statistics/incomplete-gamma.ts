import { stirlingRemainder } from './log-gamma.ts';
import { turningPoint } from './monotone-root.ts';

const TERMS_MAX = 1_000_000;
const EPSILON = 1e-17;
const TINY = 1e-300;
const TWO_PI = 2 * Math.PI;
const LOG_MIN = -745;
const LOG_MAX = 709;

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

/** Regularised lower incomplete gamma function P(a, x), a > 0, x ≥ 0. Source: DLMF 8.7.1, 8.9.2; vectors `distributions.json`. */
export function gammaP(a: number, x: number): number {
  if (!(a > 0 && x >= 0)) return NaN;
  if (x === 0) return 0;
  if (x === Infinity) return 1;
  return x < a + 1 ? lowerSeries(a, x) : 1 - upperFraction(a, x);
}

/** Regularised upper incomplete gamma function Q(a, x), the tail computed directly. Source: as `gammaP`. */
export function gammaQ(a: number, x: number): number {
  if (!(a > 0 && x >= 0)) return NaN;
  if (x === 0) return 1;
  if (x === Infinity) return 0;
  return x < a + 1 ? 1 - lowerSeries(a, x) : upperFraction(a, x);
}

/** P(X > x) for X chi-squared with df degrees of freedom. */
export function chiSquaredSf(x: number, df: number): number {
  return gammaQ(df / 2, Math.max(0, x) / 2);
}

/** x with P(X ≤ x) = p for X chi-squared with df degrees of freedom. */
export function chiSquaredQuantile(p: number, df: number): number {
  if (!(p >= 0 && p <= 1 && df > 0)) return NaN;
  if (p === 0) return 0;
  if (p === 1) return Infinity;
  const isBeyond = p < 0.5 ? (x: number) => gammaP(df / 2, x) >= p : (x: number) => gammaQ(df / 2, x) <= 1 - p;
  return 2 * Math.exp(turningPoint(LOG_MIN, LOG_MAX, (logX) => isBeyond(Math.exp(logX))));
}
