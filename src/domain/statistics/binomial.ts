import { betaQuantile, betaTails, logBetaPower } from './incomplete-beta.ts';
import { normalQuantile } from './normal-distribution.ts';
import { requireArgument, requireCount, requireLevel, StatisticsError } from './statistics-error.ts';

/** As far as the beta distribution keeps its digits. */
const TRIALS_MAX = 1e10;

function requireTrials(k: number, n: number, p: number): void {
  requireArgument(
    Number.isInteger(n) && n >= 0 && n <= TRIALS_MAX,
    'n of the binomial distribution',
    n,
    `an integer from 0 to ${TRIALS_MAX}`,
  );
  requireArgument(Number.isInteger(k), 'k of the binomial distribution', k, 'an integer');
  requireArgument(p >= 0 && p <= 1, 'p of the binomial distribution', p, 'a probability from 0 to 1');
}

/**
 * P(X ≤ k) for X binomial(n, p).
 *
 * @throws STAT_INPUT_INVALID. Source: DLMF 8.17.5 through the beta distribution; vectors `distributions.json`.
 */
export function binomialCdf(k: number, n: number, p: number): number {
  requireTrials(k, n, p);
  if (k < 0) return 0;
  return k >= n ? 1 : betaTails(k + 1, n - k, p, 1 - p).upper;
}

/** P(X > k) for X binomial(n, p), the tail computed directly. Source and errors as of `binomialCdf`. */
export function binomialSf(k: number, n: number, p: number): number {
  requireTrials(k, n, p);
  if (k < 0) return 1;
  return k >= n ? 0 : betaTails(k + 1, n - k, p, 1 - p).lower;
}

/** ln P(X = k) for X binomial(n, p); −∞ where that is impossible. Source and errors as of `binomialCdf`. */
export function binomialLogPmf(k: number, n: number, p: number): number {
  requireTrials(k, n, p);
  if (k < 0 || k > n) return -Infinity;
  if (n === 0) return 0;
  if (k === 0) return n * Math.log1p(-p);
  if (k === n) return n * Math.log(p);
  // C(n, k)·p^k·q^{n−k} = p^k·q^{n−k}/B(k, n − k) · n/(k·(n − k)).
  return logBetaPower(k, n - k, p, 1 - p) + Math.log(n / k / (n - k));
}

function requireProportion(k: number, n: number, level: number): void {
  requireCount(k, 'k');
  requireCount(n, 'n');
  requireLevel(level, 'level');
  if (k > n || n === 0 || n >= TRIALS_MAX)
    throw new StatisticsError('STAT_COUNT_INVALID', `k is ${k} of n = ${n}; give 0 ≤ k ≤ n with 1 ≤ n < ${TRIALS_MAX}`);
}

/**
 * Exact two-sided confidence interval of a proportion (Clopper & Pearson 1934).
 *
 * @param level confidence, such as 0.95
 * @throws STAT_COUNT_INVALID, STAT_ALPHA_RANGE
 */
export function clopperPearson(k: number, n: number, level: number): { lower: number; upper: number } {
  requireProportion(k, n, level);
  const tail = (1 - level) / 2;
  return {
    lower: k === 0 ? 0 : betaQuantile(tail, k, n - k + 1),
    upper: k === n ? 1 : 1 - betaQuantile(tail, n - k, k + 1),
  };
}

/** Lower root of (1 + z²/n)·t² − (2p̂ + z²/n)·t + p̂² = 0, as the product of the roots over the upper: no cancellation. */
function wilsonLower(k: number, n: number, z: number): number {
  const share = k / n;
  const spread = (z * z) / n;
  const upper = (share + spread / 2 + z * Math.sqrt((share * (1 - share) + spread / 4) / n)) / (1 + spread);
  return (share * share) / (1 + spread) / upper;
}

/** Score interval of a proportion (Wilson 1927). @throws STAT_COUNT_INVALID, STAT_ALPHA_RANGE */
export function wilson(k: number, n: number, level: number): { lower: number; upper: number } {
  requireProportion(k, n, level);
  const z = -normalQuantile((1 - level) / 2);
  return { lower: wilsonLower(k, n, z), upper: 1 - wilsonLower(n - k, n, z) };
}
