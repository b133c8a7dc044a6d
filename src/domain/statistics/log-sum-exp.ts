/** Terms this far below the largest are less than 1e-21 of it: leaving them out changes no digit. */
const NEGLIGIBLE = -50;

/** ln Σ exp(terms), with the maximum subtracted; −∞ when nothing has mass. Terms are taken in order. */
export function logSumExp(terms: ArrayLike<number>): number {
  let max = -Infinity;
  for (let i = 0; i < terms.length; i++) if (terms[i]! > max) max = terms[i]!;
  if (max === -Infinity || max === Infinity) return max;
  let sum = 0;
  for (let i = 0; i < terms.length; i++) {
    const distance = terms[i]! - max;
    if (distance > NEGLIGIBLE) sum += Math.exp(distance);
  }
  return max + Math.log(sum);
}

/** ln Σ exp(a_i + b_i), without a sum vector: a gate asks for it at every look of every stream. */
export function logSumExpOfSums(a: Float64Array, b: Float64Array): number {
  let max = -Infinity;
  for (let i = 0; i < a.length; i++) if (a[i]! + b[i]! > max) max = a[i]! + b[i]!;
  if (max === -Infinity || max === Infinity) return max;
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    const distance = a[i]! + b[i]! - max;
    if (distance > NEGLIGIBLE) sum += Math.exp(distance);
  }
  return max + Math.log(sum);
}

/** ln of the mean of exp(terms). */
export function logMeanExp(terms: ArrayLike<number>): number {
  return logSumExp(terms) - Math.log(terms.length);
}

/** ln(exp(a) + exp(b)). */
export function logAddExp(a: number, b: number): number {
  const max = a > b ? a : b;
  if (max === -Infinity || max === Infinity) return max;
  return max + Math.log1p(Math.exp(a > b ? b - a : a - b));
}
