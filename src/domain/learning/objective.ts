import type { Objective } from './matrix.ts';

/** What is minimised: log loss of a probability (binary) or squared error (regression). Scores are raw: logits or values. */
export interface ObjectiveFunction {
  /** The best constant score. */
  baseScore(labels: Float64Array, rows: number): number;
  /** First and second derivatives of each of the first `rows` losses by its score. */
  derive(
    labels: Float64Array,
    scores: Float64Array,
    rows: number,
    gradients: Float64Array,
    hessians: Float64Array,
  ): void;
  /** Mean loss over rows [from, to): log loss in nats, or squared error. */
  meanLoss(labels: Float64Array, scores: Float64Array, from: number, to: number): number;
}

/** Logit to probability. */
export function sigmoid(score: number): number {
  return 1 / (1 + Math.exp(-score));
}

function meanOf(labels: Float64Array, rows: number): number {
  let sum = 0;
  for (let row = 0; row < rows; row++) sum += labels[row]!;
  return sum / rows;
}

const logistic: ObjectiveFunction = {
  baseScore(labels, rows) {
    // Half a row of each class is the least that can be said to exist: an infinite logit could never be unlearned.
    const floor = 0.5 / rows;
    const rate = Math.min(Math.max(meanOf(labels, rows), floor), 1 - floor);
    return Math.log(rate / (1 - rate));
  },
  derive(labels, scores, rows, gradients, hessians) {
    for (let row = 0; row < rows; row++) {
      const probability = 1 / (1 + Math.exp(-scores[row]!));
      gradients[row] = probability - labels[row]!;
      hessians[row] = probability * (1 - probability);
    }
  },
  meanLoss(labels, scores, from, to) {
    let sum = 0;
    for (let row = from; row < to; row++) {
      const score = scores[row]!;
      sum += Math.log1p(Math.exp(-Math.abs(score))) + Math.max(score, 0) - labels[row]! * score;
    }
    return sum / (to - from);
  },
};

const squared: ObjectiveFunction = {
  baseScore: meanOf,
  derive(labels, scores, rows, gradients, hessians) {
    for (let row = 0; row < rows; row++) gradients[row] = scores[row]! - labels[row]!;
    hessians.fill(1, 0, rows);
  },
  meanLoss(labels, scores, from, to) {
    let sum = 0;
    for (let row = from; row < to; row++) sum += (scores[row]! - labels[row]!) ** 2;
    return sum / (to - from);
  },
};

export const objectiveFunctions: Readonly<Record<Objective, ObjectiveFunction>> = {
  binary: logistic,
  regression: squared,
};
