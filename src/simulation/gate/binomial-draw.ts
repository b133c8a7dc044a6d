import { logGamma } from '../../domain/statistics/index.ts';
import type { Random } from './random.ts';

/** Below this mean, counting up from 0 is quicker than rejection. */
const MEAN_SMALL = 10;

/**
 * A binomial draw in constant time, for counts of any size: inversion from below for small means, otherwise transformed rejection with
 * squeeze. Source: Hörmann 1993, The generation of binomial random variates (algorithm BTRS).
 */
export function drawBinomial(random: Random, n: number, p: number): number {
  if (n <= 0 || p <= 0) return 0;
  if (p >= 1) return n;
  if (p > 0.5) return n - drawBinomial(random, n, 1 - p);
  return n * p < MEAN_SMALL ? drawSmall(random, n, p) : drawByRejection(random, n, p);
}

function drawSmall(random: Random, n: number, p: number): number {
  const odds = p / (1 - p);
  let probability = Math.exp(n * Math.log1p(-p));
  let u = random();
  let k = 0;
  while (u > probability && k < n) {
    u -= probability;
    k += 1;
    probability *= (odds * (n - k + 1)) / k;
  }
  return k;
}

function drawByRejection(random: Random, n: number, p: number): number {
  const deviation = Math.sqrt(n * p * (1 - p));
  const b = 1.15 + 2.53 * deviation;
  const a = -0.0873 + 0.0248 * b + 0.01 * p;
  const centre = n * p + 0.5;
  const squeeze = 0.92 - 4.2 / b;
  const alpha = (2.83 + 5.1 / b) * deviation;
  const logOdds = Math.log(p / (1 - p));
  const mode = Math.floor((n + 1) * p);
  const atMode = logGamma(mode + 1) + logGamma(n - mode + 1);
  for (;;) {
    const u = random() - 0.5;
    const v = random();
    const us = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / us + b) * u + centre);
    if (us >= 0.07 && v <= squeeze) return k;
    if (k < 0 || k > n) continue;
    const height = Math.log((v * alpha) / (a / (us * us) + b));
    if (height <= atMode - logGamma(k + 1) - logGamma(n - k + 1) + (k - mode) * logOdds) return k;
  }
}
