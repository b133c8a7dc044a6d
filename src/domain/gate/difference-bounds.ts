import { confidenceBounds, histogramSize, mergeHistograms } from '../statistics/index.ts';
import type { DifferenceStreamPolicy, DiffHistogram, GatePolicy } from '../statistics/index.ts';

/** One-sided bounds on the difference, valid at all looks together: each fails with the probability of its verdict's level. */
export interface Bounds {
  readonly lower: number;
  readonly upper: number;
}

/** What matched differences say so far; positive is worse. */
export interface DifferenceFinding extends Bounds {
  readonly mean: number;
  readonly units: number;
}

export function meanDifference(histogram: DiffHistogram): number {
  const units = histogramSize(histogram);
  return units === 0 ? 0 : histogram.reduce((sum, [num, den, count]) => sum + (num / den) * count, 0) / units;
}

/**
 * A stream's differences as they grow. The lower bound is at the level of its rollback and the upper one at that of its certificate, so
 * that a bound passes a margin when the gate's plain test does; both run over the looks they are asked for.
 */
export class DifferenceBounds {
  private histogram: DiffHistogram = [];
  private pending: DiffHistogram[] = [];
  private lower = -1;
  private upper = 1;
  private readonly policy: GatePolicy;
  private readonly stream: DifferenceStreamPolicy;

  constructor(policy: GatePolicy, stream: DifferenceStreamPolicy) {
    this.policy = policy;
    this.stream = stream;
  }

  add(histogram: DiffHistogram): void {
    this.pending.push(histogram);
  }

  all(): DiffHistogram {
    if (this.pending.length > 0) this.histogram = mergeHistograms(this.histogram, ...this.pending);
    this.pending = [];
    return this.histogram;
  }

  finding(): DifferenceFinding {
    const histogram = this.all();
    const { alpha, beta, grid } = this.policy;
    const levels = { harm: alpha * (this.stream.weight || 1), safe: this.stream.beta ?? beta };
    const lower = confidenceBounds(histogram, levels.harm, grid);
    const { upper } = levels.harm === levels.safe ? lower : confidenceBounds(histogram, levels.safe, grid);
    // What rounding to the quantum may have moved.
    const slack = this.stream.quantum ? 1 / (2 * this.stream.quantum) : 0;
    this.lower = Math.max(this.lower, lower.lower - slack);
    this.upper = Math.min(this.upper, upper + slack);
    return { mean: meanDifference(histogram), units: histogramSize(histogram), lower: this.lower, upper: this.upper };
  }
}
