import { isFinite, readList } from './artifact-fields.ts';
import { solveCholesky } from './cholesky.ts';
import { type DesignMatrix, designMatrix, linearTerms } from './design-matrix.ts';
import type { Learner } from './learner.ts';
import { LearningError } from './learning-error.ts';
import { type TrainingMatrix, checkMatrix, matrixFingerprint } from './matrix.ts';
import type { LogisticRegressionArtifact } from './model-artifact.ts';
import { objectiveFunctions } from './objective.ts';
import { range, readOptions } from './options.ts';

/** What a logistic-regression recipe may set. */
export const logisticRegressionOptions = {
  l2: range(1, 1e-6, 1e9, 'Penalty l2/2·|w|² on the summed log loss, intercept free; 1/C of scikit-learn', false),
  iterations: range(50, 1, 1000, 'Newton steps at most'),
  tolerance: range(1e-10, 1e-16, 1, 'Stop once a step can gain no more log loss a row than this, in nats', false),
};

export interface LogisticRegressionSettings {
  /** See `logisticRegressionOptions`; what is not given takes its default. */
  options: Readonly<Record<string, unknown>>;
}

/** Everything needed, with the same matrix and settings, to go on. JSON-safe. */
export interface LogisticRegressionProgress {
  kind: 'logistic-regression';
  /** Of matrix and settings: progress on other data is refused. */
  fingerprint: string;
  iterations: number;
  weights: number[];
  converged: boolean;
}

const logLoss = objectiveFunctions.binary;
const HALVINGS_MAX = 30;

interface Regression {
  matrix: TrainingMatrix;
  design: DesignMatrix;
  l2: number;
  weights: Float64Array;
  scores: Float64Array;
}

function scoreRows(design: DesignMatrix, weights: Float64Array, scores: Float64Array): void {
  const { width, coefficient, factor } = design;
  for (let row = 0; row < scores.length; row++) {
    let score = 0;
    for (let at = row * width; at < (row + 1) * width; at++) {
      const index = coefficient[at]!;
      if (index >= 0) score += weights[index]! * factor[at]!;
    }
    scores[row] = score;
  }
}

/** Summed log loss plus penalty: what every step must bring down. */
function penalisedLoss({ matrix, l2 }: Regression, weights: Float64Array, scores: Float64Array): number {
  let squares = 0;
  for (let index = 1; index < weights.length; index++) squares += weights[index]! ** 2;
  return logLoss.meanLoss(matrix.labels, scores, 0, matrix.rows) * matrix.rows + (l2 / 2) * squares;
}

/** Gradient and (lower triangle of the) second derivatives of the penalised loss, by the non-zeros of each row only. */
function curvature(state: Regression): { gradient: Float64Array; hessian: Float64Array } {
  const { design, matrix, weights, l2 } = state;
  const { width, coefficient, factor, coefficients } = design;
  const gradients = new Float64Array(matrix.rows);
  const hessians = new Float64Array(matrix.rows);
  logLoss.derive(matrix.labels, state.scores, matrix.rows, gradients, hessians);
  const gradient = new Float64Array(coefficients);
  const hessian = new Float64Array(coefficients * coefficients);
  for (let row = 0; row < matrix.rows; row++)
    for (let at = row * width; at < (row + 1) * width; at++) {
      const index = coefficient[at]!;
      if (index < 0) continue;
      gradient[index]! += gradients[row]! * factor[at]!;
      const scaled = hessians[row]! * factor[at]!;
      for (let other = row * width; other <= at; other++) {
        const column = coefficient[other]!;
        if (column >= 0) hessian[index * coefficients + column]! += scaled * factor[other]!;
      }
    }
  for (let index = 1; index < coefficients; index++) {
    gradient[index]! += l2 * weights[index]!;
    hessian[index * coefficients + index]! += l2;
  }
  return { gradient, hessian };
}

/**
 * One Newton step (iteratively reweighted least squares), halved until the loss falls.
 * @returns the loss the full step promised to gain, summed over rows; 0 where no step helps
 */
function newtonStep(state: Regression): number {
  const { gradient, hessian } = curvature(state);
  const direction = gradient.slice();
  if (!solveCholesky(hessian, direction)) return 0;
  const promised = gradient.reduce((sum, slope, index) => sum + slope * direction[index]!, 0) / 2;
  const before = penalisedLoss(state, state.weights, state.scores);
  const scores = new Float64Array(state.matrix.rows);
  for (let halvings = 0, length = 1; halvings < HALVINGS_MAX; halvings++, length /= 2) {
    const weights = state.weights.map((weight, index) => weight - length * direction[index]!);
    scoreRows(state.design, weights, scores);
    if (penalisedLoss(state, weights, scores) >= before) continue;
    state.weights = weights;
    state.scores = scores;
    return promised;
  }
  return 0;
}

function restore(state: Regression, from: LogisticRegressionProgress, fingerprint: string): void {
  if (from.kind !== 'logistic-regression' || from.fingerprint !== fingerprint)
    throw new LearningError(
      'LEARNING_PROGRESS_MISMATCH',
      'fingerprint',
      `progress of ${from.fingerprint} cannot go on with ${fingerprint}; begin without progress`,
    );
  const weights = readList(from.weights, 'weights', state.weights.length, 'a finite number', isFinite);
  state.weights = Float64Array.from(weights);
  scoreRows(state.design, state.weights, state.scores);
}

function begin(matrix: TrainingMatrix, l2: number): Regression {
  checkMatrix(matrix, 'binary');
  const design = designMatrix(matrix);
  const weights = new Float64Array(design.coefficients);
  weights[0] = logLoss.baseScore(matrix.labels, matrix.rows);
  const state = { matrix, design, l2, weights, scores: new Float64Array(matrix.rows) };
  scoreRows(design, weights, state.scores);
  return state;
}

/**
 * Logistic regression with L2 on standardised numeric and one-hot categorical features, by Newton's method. The optimum is
 * unique, so it is the model scikit-learn's LogisticRegression(C = 1/l2) finds on the same columns.
 * @throws LearningError LEARNING_MATRIX_INVALID, LEARNING_OPTION_INVALID, LEARNING_PROGRESS_MISMATCH
 */
export function createLogisticRegression(
  matrix: TrainingMatrix,
  settings: LogisticRegressionSettings,
  resumeFrom?: LogisticRegressionProgress,
): Learner<LogisticRegressionProgress> {
  const options = readOptions(logisticRegressionOptions, settings.options);
  const state = begin(matrix, options.l2);
  const fingerprint = `${matrixFingerprint(matrix)}/${Object.values(options).join(',')}`;
  if (resumeFrom !== undefined) restore(state, resumeFrom, fingerprint);
  let iterations = resumeFrom?.iterations ?? 0;
  let converged = resumeFrom?.converged ?? false;

  const artifact = (): LogisticRegressionArtifact => ({
    kind: 'logistic-regression',
    version: 1,
    objective: 'binary',
    featureNames: matrix.columns.map((column) => column.name),
    intercept: state.weights[0]!,
    terms: linearTerms(state.design, state.weights),
  });

  return {
    get iterations() {
      return iterations;
    },
    iterationsMax: options.iterations,
    step() {
      if (converged || iterations >= options.iterations) return false;
      converged = newtonStep(state) <= options.tolerance * matrix.rows;
      iterations++;
      return !converged && iterations < options.iterations;
    },
    trainLoss: () => logLoss.meanLoss(matrix.labels, state.scores, 0, matrix.rows),
    progress: () => ({
      kind: 'logistic-regression',
      fingerprint,
      iterations,
      weights: Array.from(state.weights),
      converged,
    }),
    artifact,
  };
}
