/** ln Σ exp(terms), with the maximum subtracted; −∞ when nothing has mass. Terms are taken in order. */
export function logSumExp(terms: ArrayLike<number>): number {
  let max = -Infinity;
  for (let i = 0; i < terms.length; i++) if (terms[i]! > max) max = terms[i]!;
  if (max === -Infinity || max === Infinity) return max;
  let sum = 0;
  for (let i = 0; i < terms.length; i++) sum += Math.exp(terms[i]! - max);
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
