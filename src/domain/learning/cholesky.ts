/**
 * Solves A·x = b for a symmetric positive definite A by Cholesky's factorisation, overwriting A's lower triangle with L
 * and b with x (Golub & Van Loan 2013, algorithm 4.2.1 by rows).
 * @param a row-major, order × order; only the lower triangle is read
 * @returns false where A is not positive definite to working precision; then b is undefined
 */
export function solveCholesky(a: Float64Array, b: Float64Array): boolean {
  const order = b.length;
  for (let i = 0; i < order; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * order + j]!;
      for (let k = 0; k < j; k++) sum -= a[i * order + k]! * a[j * order + k]!;
      if (i !== j) a[i * order + j] = sum / a[j * order + j]!;
      else if (sum > 0) a[i * order + i] = Math.sqrt(sum);
      else return false;
    }
  }
  for (let i = 0; i < order; i++) {
    let sum = b[i]!;
    for (let k = 0; k < i; k++) sum -= a[i * order + k]! * b[k]!;
    b[i] = sum / a[i * order + i]!;
  }
  for (let i = order - 1; i >= 0; i--) {
    let sum = b[i]!;
    for (let k = i + 1; k < order; k++) sum -= a[k * order + i]! * b[k]!;
    b[i] = sum / a[i * order + i]!;
  }
  return true;
}
