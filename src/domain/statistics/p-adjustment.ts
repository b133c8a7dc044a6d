import { requireArgument, requireLevel } from './statistics-error.ts';

/** In the order given: p-values to compare with the level itself, and what is rejected at it. */
export interface AdjustedPValues {
  adjusted: number[];
  reject: boolean[];
}

function requirePValues(p: readonly number[], q: number): void {
  requireLevel(q, 'q');
  for (const [i, value] of p.entries())
    requireArgument(value >= 0 && value <= 1, `p-value ${i}`, value, 'a probability from 0 to 1');
}

function ascendingOrder(p: readonly number[]): number[] {
  return [...p.keys()].sort((a, b) => p[a]! - p[b]! || a - b);
}

/** Step-up: adjusted p_(i) = min over j ≥ i of p_(j)·m·c/j; rejects up to the last p_(i) ≤ i·q/(m·c). */
function stepUp(p: readonly number[], q: number, penalty: number): AdjustedPValues {
  const order = ascendingOrder(p);
  const result: AdjustedPValues = { adjusted: p.map(() => 1), reject: p.map(() => false) };
  let smallest = 1;
  let isRejected = false;
  for (let rank = order.length; rank >= 1; rank--) {
    const i = order[rank - 1]!;
    const share = rank / order.length / penalty;
    smallest = Math.min(smallest, p[i]! / share);
    isRejected ||= p[i]! <= share * q;
    result.adjusted[i] = smallest;
    result.reject[i] = isRejected;
  }
  return result;
}

/**
 * Benjamini & Hochberg 1995: false discovery rate ≤ q for independent or positively dependent p-values.
 * @throws STAT_INPUT_INVALID, STAT_ALPHA_RANGE. Source: vectors `drift.json`.
 */
export function benjaminiHochberg(p: readonly number[], q: number): AdjustedPValues {
  requirePValues(p, q);
  return stepUp(p, q, 1);
}

/**
 * Benjamini & Yekutieli 2001: false discovery rate ≤ q under any dependence.
 * @throws STAT_INPUT_INVALID, STAT_ALPHA_RANGE. Source: vectors `drift.json`.
 */
export function benjaminiYekutieli(p: readonly number[], q: number): AdjustedPValues {
  requirePValues(p, q);
  let harmonic = 0;
  for (let rank = 1; rank <= p.length; rank++) harmonic += 1 / rank;
  return stepUp(p, q, harmonic);
}

/**
 * Holm 1979: family-wise error rate ≤ q under any dependence.
 * @throws STAT_INPUT_INVALID, STAT_ALPHA_RANGE. Source: vectors `drift.json`.
 */
export function holm(p: readonly number[], q: number): AdjustedPValues {
  requirePValues(p, q);
  const result: AdjustedPValues = { adjusted: p.map(() => 1), reject: p.map(() => false) };
  let largest = 0;
  let isRejected = true;
  for (const [rank, i] of ascendingOrder(p).entries()) {
    const left = p.length - rank;
    largest = Math.max(largest, Math.min(1, p[i]! * left));
    isRejected &&= p[i]! <= q / left;
    result.adjusted[i] = largest;
    result.reject[i] = isRejected;
  }
  return result;
}
