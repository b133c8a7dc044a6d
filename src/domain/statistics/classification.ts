import { calibrationOf } from './calibration.ts';
import type { Calibration } from './calibration.ts';
import { averagePrecisionOf, aucOf } from './roc.ts';
import { splitScores } from './score-groups.ts';
import { requireArgument, StatisticsError } from './statistics-error.ts';

const BINS = 10;
/** Predictions of 0 and 1 are charged as if this close to certain. */
const LOG_LOSS_CLIP = 2 ** -52;

/** Units by prediction and outcome: true and false positives, false and true negatives. */
export interface Confusion {
  tp: number;
  fp: number;
  fn: number;
  tn: number;
}

/** Metrics of predicted probabilities, each a share from 0 to 1 but for log loss (nats per unit), mcc (−1 … 1) and calibration. */
export interface BinaryMetrics {
  /** null when only one class is present. */
  rocAuc: number | null;
  /** null without positives. */
  averagePrecision: number | null;
  logLoss: number;
  brier: number;
  /** Expected calibration error over ten bins of equal width, and of equal mass. */
  eceEqualWidth10: number;
  eceEqualMass10: number;
  confusion: Confusion;
  /** 0 when undefined, as are precision, recall and mcc. */
  f1: number;
  precision: number;
  recall: number;
  /** null when only one class is present. */
  balancedAccuracy: number | null;
  mcc: number;
  accuracy: number;
  calibration: Calibration | null;
}

function confusionOf(y: ArrayLike<number>, p: ArrayLike<number>, threshold: number): Confusion {
  const confusion: Confusion = { tp: 0, fp: 0, fn: 0, tn: 0 };
  for (let i = 0; i < y.length; i++) {
    const isPositive = p[i]! >= threshold;
    confusion[isPositive ? (y[i] === 1 ? 'tp' : 'fp') : y[i] === 1 ? 'fn' : 'tn']++;
  }
  return confusion;
}

function ratio(numerator: number, denominator: number): number {
  return denominator === 0 ? 0 : numerator / denominator;
}

function fromConfusion({ tp, fp, fn, tn }: Confusion) {
  const hasBoth = tp + fn > 0 && fp + tn > 0;
  return {
    f1: ratio(2 * tp, 2 * tp + fp + fn),
    precision: ratio(tp, tp + fp),
    recall: ratio(tp, tp + fn),
    balancedAccuracy: hasBoth ? (tp / (tp + fn) + tn / (fp + tn)) / 2 : null,
    mcc: ratio(tp * tn - fp * fn, Math.sqrt(tp + fp) * Math.sqrt(tp + fn) * Math.sqrt(tn + fp) * Math.sqrt(tn + fn)),
    accuracy: (tp + tn) / (tp + fp + fn + tn),
  };
}

/** Σ over bins of |Σ p − Σ y|, over n. */
function calibrationError(y: ArrayLike<number>, p: ArrayLike<number>, binOf: (i: number) => number): number {
  const gaps = new Float64Array(BINS);
  for (let i = 0; i < y.length; i++) gaps[binOf(i)]! += p[i]! - y[i]!;
  return gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / y.length;
}

/** Bin of each unit when units are ranked by (p, index) and cut at ⌊g·n/10⌋. */
function massBins(p: ArrayLike<number>): Uint8Array {
  const order = Uint32Array.from({ length: p.length }, (_, i) => i).sort((a, b) => p[a]! - p[b]! || a - b);
  const bins = new Uint8Array(p.length);
  for (let bin = 0; bin < BINS; bin++) {
    const end = Math.floor(((bin + 1) * p.length) / BINS);
    for (let rank = Math.floor((bin * p.length) / BINS); rank < end; rank++) bins[order[rank]!] = bin;
  }
  return bins;
}

function logLossOf(y: ArrayLike<number>, p: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < y.length; i++) {
    const clipped = Math.min(Math.max(p[i]!, LOG_LOSS_CLIP), 1 - LOG_LOSS_CLIP);
    sum -= y[i] === 1 ? Math.log(clipped) : Math.log1p(-clipped);
  }
  return sum / y.length;
}

function brierOf(y: ArrayLike<number>, p: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < y.length; i++) sum += (p[i]! - y[i]!) ** 2;
  return sum / y.length;
}

/**
 * Quality of predicted probabilities of a binary outcome.
 *
 * @param y outcomes 0 or 1, @param p probabilities in [0, 1], @param threshold predicted positive iff p ≥ threshold
 * @throws STAT_LENGTH_MISMATCH, STAT_INPUT_EMPTY, STAT_INPUT_INVALID
 * Source: definitions and values in vectors `classification.json`.
 */
export function binaryMetrics(y: ArrayLike<number>, p: ArrayLike<number>, threshold: number): BinaryMetrics {
  const scores = splitScores(y, p);
  requireArgument(threshold >= -Infinity, 'threshold', threshold, 'a number, such as 0.5');
  for (let i = 0; i < p.length; i++) {
    if (!(p[i]! >= 0 && p[i]! <= 1))
      throw new StatisticsError('STAT_INPUT_INVALID', `probability ${i} is ${p[i]}; give a number from 0 to 1`);
  }
  const confusion = confusionOf(y, p, threshold);
  const mass = massBins(p);
  return {
    rocAuc: aucOf(scores),
    averagePrecision: averagePrecisionOf(scores),
    logLoss: logLossOf(y, p),
    brier: brierOf(y, p),
    eceEqualWidth10: calibrationError(y, p, (i) => Math.min(BINS - 1, Math.floor(BINS * p[i]!))),
    eceEqualMass10: calibrationError(y, p, (i) => mass[i]!),
    confusion,
    ...fromConfusion(confusion),
    calibration: calibrationOf(y, p),
  };
}
