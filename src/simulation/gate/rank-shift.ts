/** All differences of a candidate value and a control value, ascending, with the standard deviation of the Mann-Whitney count. */
function shifts(
  candidate: readonly number[],
  control: readonly number[],
): { sorted: Float64Array; estimate: number; deviation: number } {
  const [n, m] = [candidate.length, control.length];
  const sorted = Float64Array.from({ length: n * m }, (_, i) => candidate[Math.floor(i / m)]! - control[i % m]!).sort();
  const middle = sorted.length / 2;
  const estimate = (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
  return { sorted, estimate, deviation: Math.sqrt((n * m * (n + m + 1)) / 12) };
}

/**
 * The largest normal quantile at which the lower confidence bound of the shift (Hodges and Lehmann, normal approximation with continuity
 * correction) still exceeds `tolerance` of its estimate: a canary judge of confidence c aborts where it reaches Φ⁻¹((1 + c)/2).
 */
export function shiftEvidence(candidate: readonly number[], control: readonly number[], tolerance: number): number {
  const { sorted, estimate, deviation } = shifts(candidate, control);
  const limit = tolerance * Math.abs(estimate);
  const within = sorted.findIndex((shift) => shift > limit);
  return (sorted.length / 2 - 0.5 - (within === -1 ? sorted.length : within)) / deviation;
}
