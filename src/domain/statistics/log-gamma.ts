import { requireArgument } from './statistics-error.ts';

/** ζ(k) − 1 for k = 2, 3, …: coefficients of the Taylor series of ln Γ(2 + z), DLMF 5.7.3. */
const ZETA_MINUS_ONE = [
  0.6449340668482264, 0.2020569031595943, 0.08232323371113819, 0.03692775514336993, 0.01734306198444914,
  0.008349277381922827, 0.00407735619794434, 0.0020083928260822143, 0.0009945751278180853, 0.0004941886041194645,
  0.0002460865533080483, 0.00012271334757848915, 6.124813505870483e-5, 3.058823630702049e-5, 1.528225940865187e-5,
  7.637197637899763e-6, 3.81729326499984e-6, 1.908212716553939e-6, 9.539620338727962e-7, 4.769329867878064e-7,
  2.38450502727733e-7, 1.1921992596531106e-7, 5.960818905125948e-8, 2.980350351465228e-8, 1.490155482836504e-8,
  7.45071178983543e-9, 3.725334024788457e-9, 1.862659723513049e-9, 9.313274324196682e-10, 4.656629065033784e-10,
];
const EULER_GAMMA = 0.5772156649015329;
const HALF_LOG_TWO_PI = 0.9189385332046728;
/** Coefficients B_{2k}/(2k(2k−1)) of Stirling's series, DLMF 5.11.1. */
const STIRLING = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156];
/** From here on seven terms of Stirling's series leave less than 1e-17. */
const STIRLING_FROM = 10;

/** ln Γ(2 + z) for |z| ≤ ½: thirty terms shrinking by four each. */
function logGammaTwoPlus(z: number): number {
  let sum = 0;
  for (let k = ZETA_MINUS_ONE.length + 1; k >= 2; k--)
    sum = z * ((ZETA_MINUS_ONE[k - 2]! * (k % 2 === 0 ? 1 : -1)) / k + sum);
  return z * (1 - EULER_GAMMA + sum);
}

/** Remainder ln Γ(x) − ((x − ½) ln x − x + ½ ln 2π), x > 0. Small, so differences of ln Γ can be taken without cancellation. */
export function stirlingRemainder(x: number): number {
  if (x < STIRLING_FROM) return logGamma(x) - ((x - 0.5) * Math.log(x) - x + HALF_LOG_TWO_PI);
  const inverse = 1 / x;
  const square = inverse * inverse;
  let sum = 0;
  for (let k = STIRLING.length - 1; k >= 0; k--) sum = sum * square + STIRLING[k]!;
  return sum * inverse;
}

/** S(1/(x + a)) − S(1/x) of Stirling's remainder, by the divided difference of its polynomial: exact where a is tiny. */
function stirlingIncrement(x: number, a: number): number {
  const [from, to] = [1 / x, 1 / (x + a)];
  let value = 0;
  let slope = 0;
  for (let degree = 2 * STIRLING.length - 1; degree >= 0; degree--) {
    slope = slope * to + value;
    value = value * from + (degree % 2 === 1 ? STIRLING[(degree - 1) / 2]! : 0);
  }
  return -slope * a * from * to;
}

/**
 * ln Γ(x + a) − ln Γ(x) for x > 0, a ≥ 0, without the cancellation of the two: relative to a·ln x it keeps its digits however small a is.
 * Source: DLMF 5.5.1 up to 10, from there 5.11.1.
 */
export function logGammaIncrement(x: number, a: number): number {
  let steps = 0;
  let from = x;
  for (; from < STIRLING_FROM; from++) steps += Math.log1p(a / from);
  return (from - 0.5) * Math.log1p(a / from) + a * (Math.log(from + a) - 1) + stirlingIncrement(from, a) - steps;
}

/**
 * ln Γ(x) for x ≥ 0; ∞ at 0.
 *
 * Relative error below 1e-13 (absolute 1e-15 beside the zeros at 1 and 2). Source: DLMF 5.7.3 around 2, 5.5.1 (recurrence) between,
 * 5.11.1 (Stirling) from 10; vectors `distributions.json`.
 * @throws STAT_INPUT_INVALID for x < 0 and NaN
 */
export function logGamma(x: number): number {
  requireArgument(x >= 0, 'x of the gamma function', x, 'a number from 0');
  if (x === 0 || x === Infinity) return Infinity;
  if (x >= STIRLING_FROM) return (x - 0.5) * (Math.log(x) - 1) + (HALF_LOG_TWO_PI - 0.5) + stirlingRemainder(x);
  if (x < 0.5) return logGammaTwoPlus(x) - Math.log1p(x) - Math.log(x);
  if (x < 1.5) return logGammaTwoPlus(x - 1) - Math.log1p(x - 1);
  let product = 1;
  let reduced = x;
  while (reduced > 2.5) product *= --reduced;
  return logGammaTwoPlus(reduced - 2) + Math.log(product);
}
