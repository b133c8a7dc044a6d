/** Bounds of a difference as people are told them: one-sided, each at its own level, to a thousandth of what is shown. */
import { meanDifference } from '../gate/difference-bounds.ts';
import type { DifferenceFinding } from '../gate/difference-bounds.ts';
import { confidenceBound, histogramSize } from '../statistics/index.ts';
import type { DifferenceStreamPolicy, DiffHistogram, GatePolicy } from '../statistics/index.ts';

/** Absolute loss; people are shown whole ten-thousandths. Bounds to the last bit cost twice as much. */
const WIDTH = 1e-7;

/**
 * The lower bound is at the level of a rollback, the upper one at that of the certificate: each passes its margin with the plain test.
 * Bounds of the running average, valid at all looks together. The one place they come from: a fact has one interval, wherever it is told.
 */
export function differenceFinding(
  policy: GatePolicy,
  stream: DifferenceStreamPolicy,
  histogram: DiffHistogram,
): DifferenceFinding {
  const { alpha, beta, grid } = policy;
  // What rounding to the quantum may have moved.
  const slack = stream.quantum ? 1 / (2 * stream.quantum) : 0;
  return {
    mean: meanDifference(histogram),
    units: histogramSize(histogram),
    lower: Math.max(-1, confidenceBound(histogram, alpha * (stream.weight || 1), 'lower', grid, WIDTH) - slack),
    upper: Math.min(1, confidenceBound(histogram, stream.beta ?? beta, 'upper', grid, WIDTH) + slack),
  };
}
