import { chiSquaredQuantile, chiSquaredSf } from './incomplete-gamma.ts';

/** Added to every bin on both sides before the population stability index, which is infinite at empty bins otherwise. */
const PSI_SMOOTHING = 0.5;
const PSI_LEVEL = 0.95;

/** Distances between two histograms over the same bins, from 0 to 1 unless said. */
export interface BinnedDrift {
  referenceCounts: number[];
  currentCounts: number[];
  /** Population stability index, nats, bins smoothed by ½. */
  psi: number;
  /** Square root of the divergence, logarithm to base 2: 0 … 1. */
  jsDistanceBase2: number;
  jsDivergenceBase2: number;
  hellinger: number;
  totalVariation: number;
  lInfinity: number;
  /** Homogeneity, no continuity correction, empty columns dropped. */
  chiSquared: { statistic: number; df: number; p: number };
  /** 95 % quantile of the index when nothing has drifted: it shrinks with n, so no fixed limit means anything. */
  psiNull95: number;
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

function sumOver(a: readonly number[], b: readonly number[], term: (p: number, q: number) => number): number {
  return a.reduce((sum, p, i) => sum + term(p, b[i]!), 0);
}

function stabilityIndex(a: readonly number[], b: readonly number[]): number {
  const smoothed = (counts: readonly number[]) => {
    const size = total(counts) + PSI_SMOOTHING * counts.length;
    return counts.map((count) => (count + PSI_SMOOTHING) / size);
  };
  return sumOver(smoothed(a), smoothed(b), (p, q) => (p - q) * Math.log(p / q));
}

function jsDivergence(p: readonly number[], q: readonly number[]): number {
  const relative = (x: number, mean: number) => (x > 0 ? x * Math.log2(x / mean) : 0);
  return Math.max(
    0,
    sumOver(p, q, (x, y) => (relative(x, (x + y) / 2) + relative(y, (x + y) / 2)) / 2),
  );
}

function homogeneity(a: readonly number[], b: readonly number[]): BinnedDrift['chiSquared'] {
  const [n, m] = [total(a), total(b)];
  const columns = a.flatMap((count, i) => (count + b[i]! > 0 ? [[count, b[i]!] as const] : []));
  const df = columns.length - 1;
  if (df <= 0) return { statistic: 0, df: 0, p: 1 };
  let statistic = 0;
  for (const [x, y] of columns) {
    const share = (x + y) / (n + m);
    statistic += (x - n * share) ** 2 / (n * share) + (y - m * share) ** 2 / (m * share);
  }
  return { statistic, df, p: chiSquaredSf(statistic, df) };
}

/** Distances between two histograms over the same bins, neither empty. Source: vectors `drift.json`. */
export function binnedDrift(referenceCounts: number[], currentCounts: number[]): BinnedDrift {
  const [n, m] = [total(referenceCounts), total(currentCounts)];
  const p = referenceCounts.map((count) => count / n);
  const q = currentCounts.map((count) => count / m);
  const divergence = jsDivergence(p, q);
  const gaps = p.map((x, i) => Math.abs(x - q[i]!));
  const bins = referenceCounts.length;
  return {
    referenceCounts,
    currentCounts,
    psi: stabilityIndex(referenceCounts, currentCounts),
    jsDistanceBase2: Math.sqrt(divergence),
    jsDivergenceBase2: divergence,
    hellinger: Math.sqrt(sumOver(p, q, (x, y) => (Math.sqrt(x) - Math.sqrt(y)) ** 2) / 2),
    totalVariation: total(gaps) / 2,
    lInfinity: Math.max(...gaps),
    chiSquared: homogeneity(referenceCounts, currentCounts),
    psiNull95: bins < 2 ? 0 : (1 / n + 1 / m) * chiSquaredQuantile(PSI_LEVEL, bins - 1),
  };
}
