import { logSumExp } from './log-sum-exp.ts';
import { requireArgument, requireLevel, StatisticsError } from './statistics-error.ts';

const WEIGHT_SUM_SLACK = 1e-9;

function requireWeights(lnE: readonly number[], weights: readonly number[]): void {
  if (lnE.length !== weights.length) {
    throw new StatisticsError(
      'STAT_LENGTH_MISMATCH',
      `${lnE.length} e-values for ${weights.length} weights; give one weight per e-value`,
    );
  }
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (!weights.every((weight) => weight >= 0) || !(sum <= 1 + WEIGHT_SUM_SLACK)) {
    throw new StatisticsError('STAT_WEIGHTS_SUM', `weights sum to ${sum}; give weights ≥ 0 that sum to at most 1`);
  }
}

function requireEvidence(lnE: readonly number[]): void {
  for (const [i, value] of lnE.entries())
    requireArgument(value >= -Infinity, `ln e ${i}`, value, 'a logarithm; missing evidence is 0');
}

/**
 * Weighted e-Bonferroni: rejects i iff ln e_i ≥ −ln(α·w_i). Valid under any dependence, for running maxima and for streams that mature at
 * different speeds. A weight of 0 never rejects.
 *
 * @throws STAT_LENGTH_MISMATCH, STAT_WEIGHTS_SUM, STAT_ALPHA_RANGE, STAT_INPUT_INVALID
 * Source: Vovk & Wang 2021; vectors `weighted-e-bonferroni.json`.
 */
export function eBonferroni(lnE: readonly number[], weights: readonly number[], alpha: number): boolean[] {
  requireWeights(lnE, weights);
  requireEvidence(lnE);
  requireLevel(alpha, 'alpha');
  return lnE.map((value, i) => weights[i]! > 0 && value >= -Math.log(alpha * weights[i]!));
}

/**
 * Weighted e-Holm: visits streams by decreasing w_i·e_i and rejects while w_i·e_i/(1 − weight already rejected) ≥ 1/α. Names *which*
 * streams are harmed; rejects whatever e-Bonferroni rejects.
 *
 * @throws STAT_LENGTH_MISMATCH, STAT_WEIGHTS_SUM, STAT_ALPHA_RANGE, STAT_INPUT_INVALID
 * Source: Vovk & Wang 2021; vectors `weighted-e-bonferroni.json`.
 */
export function eHolm(lnE: readonly number[], weights: readonly number[], alpha: number): boolean[] {
  const rejected = eBonferroni(lnE, weights, alpha).fill(false);
  const weighted = lnE.map((value, i) => ({ i, weight: weights[i]!, ln: value + Math.log(weights[i]!) }));
  const visits = weighted.filter(({ weight }) => weight > 0).sort((a, b) => b.ln - a.ln);
  let remaining = 1;
  for (const { i, weight, ln } of visits) {
    // What remains is at least this stream's own weight; subtraction may leave a little less.
    if (!(ln - Math.log(Math.max(remaining, weight)) >= -Math.log(alpha))) break;
    rejected[i] = true;
    remaining -= weight;
  }
  return rejected;
}

/**
 * e-BH: rejects the k* largest, k* = max{k: e_(k) ≥ M/(α·k)}; false discovery rate ≤ α under any dependence. For "which slices look
 * worst" lists, on *current* e-values: running maxima are none (see `adjustRunningMax`).
 *
 * @throws STAT_ALPHA_RANGE, STAT_INPUT_INVALID
 * Source: Wang & Ramdas 2022; vectors `weighted-e-bonferroni.json`, `drift.json`.
 */
export function eBenjaminiHochberg(lnE: readonly number[], alpha: number): boolean[] {
  requireEvidence(lnE);
  requireLevel(alpha, 'alpha');
  const descending = [...lnE.keys()].sort((a, b) => lnE[b]! - lnE[a]!);
  const last = descending.findLastIndex((i, rank) => lnE[i]! >= Math.log(lnE.length / (alpha * (rank + 1))));
  const rejected = lnE.map(() => false);
  for (const i of descending.slice(0, last + 1)) rejected[i] = true;
  return rejected;
}

/**
 * ln Σ w_i·e_i: an e-value against "no stream is harmed" when every e_i is one *now* and the weights sum to at most 1.
 *
 * @returns −∞ when no weight is positive. @throws STAT_LENGTH_MISMATCH, STAT_WEIGHTS_SUM, STAT_INPUT_INVALID
 */
export function logWeightedMean(lnE: readonly number[], weights: readonly number[]): number {
  requireWeights(lnE, weights);
  requireEvidence(lnE);
  return logSumExp(lnE.map((value, i) => (weights[i]! > 0 ? value + Math.log(weights[i]!) : -Infinity)));
}

/**
 * ln(√max(1, e) − 1): turns a running maximum back into an e-value; −∞ where it never exceeded 1.
 *
 * @throws STAT_INPUT_INVALID for NaN. Source: Choe & Ramdas 2024; vectors `weighted-e-bonferroni.json`.
 */
export function adjustRunningMax(lnEMax: number): number {
  requireEvidence([lnEMax]);
  return lnEMax <= 0 ? -Infinity : lnEMax / 2 + Math.log(-Math.expm1(-lnEMax / 2));
}
