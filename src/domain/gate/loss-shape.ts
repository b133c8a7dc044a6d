/** The distribution of a unit's loss, and of the matched differences that two of them give at an exposure. */

/** Probabilities of the losses 0, 1/g, 2/g … 1; two points for losses of 0 and 1. */
export type LossShape = readonly number[];

/** Points of a loss that is not 0 or 1: finer than what any margin can tell. */
const POINTS = 100;
const BP_WHOLE = 10_000;

/** Losses of 0 and 1 at a rate. */
export const binaryShape = (rate: number): LossShape => [1 - rate, rate];

/** Shape of losses as they were; NaN are left out. */
export function shapeOf(losses: Float64Array): LossShape {
  const known = losses.filter((loss) => !Number.isNaN(loss));
  const points = known.every((loss) => loss === 0 || loss === 1) ? 1 : POINTS;
  const counts = Array.from({ length: points + 1 }, () => 0);
  for (const loss of known) counts[Math.round(loss * points)]! += 1;
  return counts.map((count) => count / known.length);
}

export function meanLoss(shape: LossShape): number {
  return shape.reduce((sum, p, index) => sum + (p * index) / (shape.length - 1), 0);
}

/** Largest and smallest difference that a shape can be shifted by. */
export const shiftRange = (shape: LossShape): readonly [best: number, worst: number] => [
  -meanLoss(shape),
  1 - meanLoss(shape),
];

/**
 * The shape of a candidate whose mean loss is higher by `delta`: a share of its units becomes certain losses, or for a better one certain
 * gains. For losses of 0 and 1 that is the rate plus `delta`.
 */
export function shifted(shape: LossShape, delta: number): LossShape {
  const [best, worst] = shiftRange(shape);
  if (delta === 0) return shape;
  const share = Math.min(1, delta > 0 ? delta / worst : delta / best);
  const end = delta > 0 ? shape.length - 1 : 0;
  return shape.map((p, index) => p * (1 - share) + (index === end ? share : 0));
}

/** Units of the larger arm per unit of the smaller, and which arm is the smaller. */
export function matchAt(exposureBp: number, maxMatch: number): { k: number; isCandidateFew: boolean } {
  const [few, many] = [Math.min(exposureBp, BP_WHOLE - exposureBp), Math.max(exposureBp, BP_WHOLE - exposureBp)];
  return {
    k: few === 0 ? 0 : Math.min(maxMatch, Math.floor(many / few)),
    isCandidateFew: exposureBp <= BP_WHOLE - exposureBp,
  };
}

function convolved(a: Float64Array, b: LossShape): Float64Array {
  const sums = new Float64Array(a.length + b.length - 1);
  for (const [i, p] of a.entries()) {
    if (p === 0) continue;
    for (const [j, q] of b.entries()) sums[i + j]! += p * q;
  }
  return sums;
}

/**
 * Distribution of D at an exposure: loss of one unit of the smaller arm against the mean of k of the larger, positive = candidate worse.
 * Both empty at an exposure where nothing is matched.
 */
export function differencesAt(
  candidate: LossShape,
  control: LossShape,
  exposureBp: number,
  maxMatch: number,
): { values: number[]; probs: number[] } {
  const { k, isCandidateFew } = matchAt(exposureBp, maxMatch);
  const [few, many] = isCandidateFew ? [candidate, control] : [control, candidate];
  let sums: Float64Array = new Float64Array([1]);
  for (let unit = 0; unit < k; unit++) sums = convolved(sums, many);
  const points = few.length - 1;
  const byNumerator = new Map<number, number>();
  if (k > 0) {
    for (const [sum, q] of sums.entries()) {
      if (q === 0) continue;
      for (const [loss, p] of few.entries()) {
        if (p === 0) continue;
        const numerator = (isCandidateFew ? 1 : -1) * (loss * k - sum);
        byNumerator.set(numerator, (byNumerator.get(numerator) ?? 0) + p * q);
      }
    }
  }
  const numerators = [...byNumerator.keys()].sort((a, b) => a - b);
  return {
    values: numerators.map((numerator) => numerator / (k * points)),
    probs: numerators.map((numerator) => byNumerator.get(numerator)!),
  };
}
