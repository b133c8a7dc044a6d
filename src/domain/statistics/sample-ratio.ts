import { logGammaIncrement, stirlingRemainder } from './log-gamma.ts';
import { requireCount, StatisticsError } from './statistics-error.ts';

const SHARE_SUM_SLACK = 1e-6;
const BP_WHOLE = 10_000;
/** Prior masses within which nothing over- or underflows. */
const MASS_MIN = 1e-100;
const MASS_MAX = 1e15;

/**
 * Σ x_i·ln(x_i/(X·θ_i)) − X·(1 − Σθ) with X = Σ x: a relative entropy, summed around zero so that counts of 10^7 lose no digits.
 */
function scaledEntropy(x: readonly number[], theta: readonly number[]): number {
  let total = 0;
  for (const value of x) total += value;
  let sum = 0;
  for (const [i, value] of x.entries()) {
    const expected = total * theta[i]!;
    const excess = value - expected;
    // Far below what is expected, the excess has lost the value: the ratio still has it.
    sum += value * (value < expected / 2 ? Math.log(value / expected) : Math.log1p(excess / expected)) - excess;
  }
  return sum;
}

/** 1 − Σθ with the rounding of each addition made up for: shares written as doubles miss 1 by 1e-17, which billions of units show. */
function shortfallOf(theta: readonly number[]): number {
  let left = 1;
  let lost = 0;
  for (const share of theta) {
    const next = left - share;
    lost += left - next - share;
    left = next;
  }
  return left + lost;
}

function logBetaCorrections(x: readonly number[]): number {
  let total = 0;
  let sum = 0;
  for (const value of x) {
    total += value;
    sum += stirlingRemainder(value) - 0.5 * Math.log(value);
  }
  return sum - stirlingRemainder(total) + 0.5 * Math.log(total);
}

function requireShares(counts: readonly number[], theta0: readonly number[]): void {
  if (counts.length !== theta0.length || counts.length === 0) {
    throw new StatisticsError(
      'STAT_LENGTH_MISMATCH',
      `${counts.length} counts for ${theta0.length} shares; give one count per arm`,
    );
  }
  for (const count of counts) requireCount(count, 'count of an arm');
  const sum = theta0.reduce((total, share) => total + share, 0);
  if (!theta0.every((share) => share >= 0) || !(Math.abs(sum - 1) < SHARE_SUM_SLACK)) {
    throw new StatisticsError(
      'STAT_WEIGHTS_SUM',
      `shares ${theta0.join(', ')} are no distribution; give shares ≥ 0 that sum to 1`,
    );
  }
}

/**
 * ln of the Bayes factor of a Dirichlet-multinomial mixture against the configured shares: ln B(α₀ + c) − ln B(α₀) − Σ c_i ln θ_i.
 * An e-process in the counts: alarm at ≥ −ln α at any time.
 *
 * @param counts units per arm at first exposure, integers ≥ 0
 * @param theta0 configured shares, ≥ 0, sum 1; an arm of share 0 that has units gives Infinity
 * @param o.concentration κ, prior α₀ = κ·θ₀ (default 1000); `o.prior` gives α₀ itself
 * @throws STAT_COUNT_INVALID, STAT_LENGTH_MISMATCH, STAT_WEIGHTS_SUM, STAT_INPUT_INVALID
 * Source: Lindon & Malek 2022; vectors `srm.json`.
 */
export function logBayesFactorMultinomial(
  counts: readonly number[],
  theta0: readonly number[],
  o: { concentration?: number; prior?: readonly number[] },
): number {
  requireShares(counts, theta0);
  const concentration = o.concentration ?? 1000;
  const prior = o.prior ?? theta0.map((share) => share * concentration);
  const isMass = (mass: number, i: number) => (mass >= MASS_MIN && mass <= MASS_MAX) || (mass === 0 && theta0[i] === 0);
  if (prior.length !== theta0.length || !prior.every(isMass)) {
    throw new StatisticsError(
      'STAT_INPUT_INVALID',
      `prior is ${prior.join(', ')}; give one mass per arm from ${MASS_MIN} to ${MASS_MAX}, or a concentration that yields such`,
    );
  }
  if (counts.some((count, i) => count > 0 && theta0[i] === 0)) return Infinity;
  const possible = theta0.flatMap((share, i) => (share > 0 ? [i] : []));
  const theta = possible.map((i) => theta0[i]!);
  const before = possible.map((i) => prior[i]!);
  const added = possible.map((i) => counts[i]!);
  return logBayesFactor(before, added, theta);
}

/**
 * The same number in two ways, each of which loses the digits that its terms are larger than it: relative entropies, small where prior and
 * counts lie near the shares, and growths of ln Γ, small where units are few. The one with the smaller terms is given.
 */
function logBayesFactor(before: readonly number[], added: readonly number[], theta: readonly number[]): number {
  const after = before.map((mass, i) => mass + added[i]!);
  const [entropyAfter, entropyBefore] = [scaledEntropy(after, theta), scaledEntropy(before, theta)];
  const units = added.reduce((sum, count) => sum + count, 0);
  const mass = before.reduce((sum, value) => sum + value, 0);
  const growths = [...before.map((value, i) => logGammaIncrement(value, added[i]!)), -logGammaIncrement(mass, units)];
  for (const [i, share] of theta.entries()) growths.push(-added[i]! * Math.log(share));
  const sizeOfGrowths = growths.reduce((sum, growth) => sum + Math.abs(growth), 0);
  if (sizeOfGrowths < entropyAfter + entropyBefore) return growths.reduce((sum, growth) => sum + growth, 0);
  return (
    entropyAfter - entropyBefore + units * shortfallOf(theta) + logBetaCorrections(after) - logBetaCorrections(before)
  );
}

/**
 * ln e of the sequential sample-ratio test: the Bayes factors of the exposure segments add up to one process.
 *
 * @param segments units at first exposure by exposure in basis points, grouped by *equal* exposure
 * @param concentration κ of the prior; 1000 detects 52/48 after about 10 300 units at α = 0.001
 * Source: Lindon & Malek 2022, gate statistics §7; vectors `srm.json`.
 */
export function logESrm(
  segments: ReadonlyMap<number, readonly [control: number, candidate: number]>,
  concentration: number,
): number {
  let sum = 0;
  for (const exposureBp of [...segments.keys()].sort((a, b) => a - b)) {
    sum += logESegment(exposureBp, segments.get(exposureBp)!, concentration);
  }
  return sum;
}

/** One segment's ln Bayes factor. */
export function logESegment(
  exposureBp: number,
  assigned: readonly [control: number, candidate: number],
  concentration: number,
): number {
  const share = exposureBp / BP_WHOLE;
  return logBayesFactorMultinomial(assigned, [1 - share, share], { concentration });
}
