import type { Direction } from './betting-martingale.ts';
import { requireMargin, stake } from './betting-martingale.ts';
import { binomialLogPmf } from './binomial.ts';
import { DEFAULT_GRID, sharedEtaGrid } from './eta-grid.ts';
import { inverseGaussianQuantile } from './inverse-gaussian.ts';
import { logMeanExp } from './log-sum-exp.ts';
import { normalQuantile } from './normal-distribution.ts';
import { requireArgument, requireLevel, StatisticsError } from './statistics-error.ts';

/** A gate matches up to 20; the distribution has 2·(k + 1) values. */
const MATCH_MAX = 10_000;

/**
 * Distribution of D = Bern(p1) − Bin(k, p0)/k for binary losses, candidate one by one: candidate good first, each by ascending number of
 * bad control units. Values may repeat.
 *
 * @throws STAT_INPUT_INVALID. Source: gate statistics §12; vectors `sample-size.json`.
 */
export function differenceDistribution(p1: number, p0: number, k: number): { values: number[]; probs: number[] } {
  for (const p of [p1, p0])
    if (!(p >= 0 && p <= 1)) throw new StatisticsError('STAT_INPUT_INVALID', `rate is ${p}; give a rate from 0 to 1`);
  requireArgument(Number.isInteger(k) && k >= 1 && k <= MATCH_MAX, 'k', k, `an integer from 1 to ${MATCH_MAX}`);
  const values: number[] = [];
  const probs: number[] = [];
  for (const [loss, share] of [
    [0, 1 - p1],
    [1, p1],
  ] as const) {
    for (let bad = 0; bad <= k; bad++) {
      values.push(loss - bad / k);
      probs.push(share * Math.exp(binomialLogPmf(bad, k, p0)));
    }
  }
  return { values, probs };
}

/** Sizes in matched differences: candidate units, below 50 % exposure. */
export interface SamplePlan {
  /** Matched differences at which the expected log of the best bets reaches the threshold; null when it never grows. */
  nGrowth: number | null;
  /** Matched differences until half, and nine tenths, of the rollouts have concluded. */
  n50: number | null;
  n90: number | null;
  /** Var(D). */
  variance: number;
  /** 2·Var(D)·ln(1/level)/(Δ − margin)²: rough, 27–41 % low for certification; Infinity at Δ = margin. */
  quick: number;
}

interface Growth {
  rates: Float64Array;
  best: number;
  variance: number;
}

/** Expected ln factor per betting fraction, and the variance of the best one's. */
function growthOf(o: {
  values: readonly number[];
  probs: readonly number[];
  margin: number;
  direction: Direction;
}): Growth {
  const logFactors = (eta: number) => o.values.map((value) => Math.log1p(eta * stake(value, o.margin, o.direction)));
  const mean = (x: readonly number[]) =>
    x.reduce((sum, value, i) => sum + (o.probs[i]! > 0 ? o.probs[i]! * value : 0), 0);
  const etas = sharedEtaGrid(DEFAULT_GRID);
  const rates = etas.map((eta) => mean(logFactors(eta)));
  const best = rates.indexOf(Math.max(...rates));
  const factors = logFactors(etas[best]!);
  return { rates, best: rates[best]!, variance: mean(factors.map((factor) => (factor - rates[best]!) ** 2)) };
}

/** Smallest n with ln mean_g e^{n·ℓ_g} ≥ threshold: convex in n and 0 at n = 0, so it is reached once; null beyond 2^53 units. */
function growthTime(rates: Float64Array, threshold: number): number | null {
  const isReached = (n: number) => logMeanExp(rates.map((rate) => n * rate)) >= threshold;
  let high = 1;
  while (!isReached(high)) {
    high *= 2;
    if (high > Number.MAX_SAFE_INTEGER) return null;
  }
  let low = Math.floor(high / 2);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (isReached(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/**
 * Matched differences that a gate needs to conclude, from the distribution of D.
 *
 * @param o.level for harm with restarts ¾·α·w, for safe β
 * @throws STAT_LENGTH_MISMATCH, STAT_MARGIN_RANGE, STAT_ALPHA_RANGE, STAT_INPUT_INVALID
 * Source: gate statistics §12 (n90 within 11 % of simulation); vectors `sample-size.json`.
 */
export function planSampleSize(o: {
  values: readonly number[];
  probs: readonly number[];
  margin: number;
  direction: Direction;
  level: number;
}): SamplePlan {
  requireDistribution(o.values, o.probs);
  requireMargin(o.margin, o.direction);
  requireLevel(o.level, 'level');
  const delta = o.values.reduce((sum, value, i) => sum + o.probs[i]! * value, 0);
  const variance = o.values.reduce((sum, value, i) => sum + o.probs[i]! * (value - delta) ** 2, 0);
  const threshold = -Math.log(o.level);
  const quick = delta === o.margin ? Infinity : (2 * variance * threshold) / (delta - o.margin) ** 2;
  const growth = growthOf(o);
  const nGrowth = growth.best > 0 ? growthTime(growth.rates, threshold) : null;
  if (nGrowth === null) return { nGrowth, n50: null, n90: null, variance, quick };
  const shape = (nGrowth * growth.best ** 2) / growth.variance;
  const quantile = (q: number) => Math.ceil(nGrowth * inverseGaussianQuantile(q, shape));
  return { nGrowth, n50: quantile(0.5), n90: quantile(0.9), variance, quick };
}

function requireDistribution(values: readonly number[], probs: readonly number[]): void {
  if (values.length !== probs.length || values.length === 0) {
    throw new StatisticsError(
      'STAT_LENGTH_MISMATCH',
      `${values.length} values for ${probs.length} probabilities; give one each`,
    );
  }
  const sum = probs.reduce((total, p) => total + p, 0);
  if (!probs.every((p) => p >= 0) || !(Math.abs(sum - 1) < 1e-6)) {
    throw new StatisticsError('STAT_INPUT_INVALID', `probabilities sum to ${sum}; give a distribution`);
  }
  for (const value of values) {
    if (!(value >= -1 && value <= 1))
      throw new StatisticsError('STAT_DIFFERENCE_RANGE', `difference is ${value}; give values from -1 to 1`);
  }
}

/**
 * Candidate-arm size of the familiar one-sided test of two proportions, for comparison only: it may look once.
 *
 * @param o.p0, o.p1 rates of control and candidate, different, 0 … 1
 * @param o.ratio control units per candidate unit, > 0
 * @returns sizes in candidate units (fractional), and Cohen's h
 * @throws STAT_ALPHA_RANGE, STAT_INPUT_INVALID
 * Source: Fleiss 1981, Cohen 1988 (h); vectors `sample-size.json`.
 */
export function fixedSampleTwoProportions(o: { p0: number; p1: number; alpha: number; power: number; ratio: number }) {
  requireLevel(o.alpha, 'alpha');
  requireLevel(o.power, 'power');
  for (const name of ['p0', 'p1'] as const)
    requireArgument(o[name] >= 0 && o[name] <= 1, name, o[name], 'a rate from 0 to 1');
  requireArgument(o.p1 !== o.p0, 'p1', o.p1, `a rate other than p0, ${o.p0}: no size tells equal rates apart`);
  requireArgument(o.ratio > 0 && o.ratio < Infinity, 'ratio', o.ratio, 'control units per candidate unit, above 0');
  const zAlpha = -normalQuantile(o.alpha);
  const zPower = normalQuantile(o.power);
  const both = (zAlpha + zPower) ** 2;
  const variance = (candidate: number, control: number) =>
    candidate * (1 - candidate) + (control * (1 - control)) / o.ratio;
  const delta = o.p1 - o.p0;
  const cohenH = 2 * (Math.asin(Math.sqrt(o.p1)) - Math.asin(Math.sqrt(o.p0)));
  const pooled = (o.p1 + o.p0 * o.ratio) / (1 + o.ratio);
  const spread = zAlpha * Math.sqrt(variance(pooled, pooled)) + zPower * Math.sqrt(variance(o.p1, o.p0));
  return {
    unpooled: (both * variance(o.p1, o.p0)) / delta ** 2,
    cohenH,
    arcsine: (both * (1 + 1 / o.ratio)) / cohenH ** 2,
    pooledNullVariance: (spread / delta) ** 2,
  };
}
