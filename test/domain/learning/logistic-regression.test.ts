import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { solveCholesky } from '../../../src/domain/learning/cholesky.ts';
import { COEFFICIENTS_MAX } from '../../../src/domain/learning/design-matrix.ts';
import { LearningError } from '../../../src/domain/learning/learning-error.ts';
import {
  type LogisticRegressionProgress,
  createLogisticRegression,
} from '../../../src/domain/learning/logistic-regression.ts';
import type { TrainingMatrix } from '../../../src/domain/learning/matrix.ts';
import { compileScorer } from '../../../src/domain/learning/model-artifact.ts';
import { rocAuc } from '../../../src/domain/statistics/roc.ts';
import { generatedMatrix, rowsOf } from './generated-matrix.ts';

function learned(matrix: TrainingMatrix, options: Record<string, number> = {}, from?: LogisticRegressionProgress) {
  const learner = createLogisticRegression(matrix, { options }, from);
  while (learner.step());
  return learner;
}

describe('logistic regression', () => {
  const reference = JSON.parse(readFileSync('test/domain/learning/generated.sklearn.json', 'utf8')) as {
    logisticRegression: { rocAuc: number; firstPredictions: number[] };
  };

  it('finds the optimum that scikit-learn finds, to eight digits of each prediction', () => {
    const test = generatedMatrix(20_000, 2);
    const score = compileScorer(learned(generatedMatrix(20_000, 1)).artifact());
    const predictions = rowsOf(test).map(score);
    for (const [row, expected] of reference.logisticRegression.firstPredictions.entries())
      assert.ok(Math.abs(predictions[row]! - expected) < 1e-8, `row ${row}: ${predictions[row]}, not ${expected}`);
    assert.ok(Math.abs(rocAuc(test.labels, predictions)! - reference.logisticRegression.rocAuc) < 1e-7);
  });

  it('converges in a few steps, each lowering the loss', () => {
    const learner = createLogisticRegression(generatedMatrix(3000, 4), { options: { l2: 0.1 } });
    let before = learner.trainLoss();
    while (learner.step()) {
      assert.ok(learner.trainLoss() < before);
      before = learner.trainLoss();
    }
    assert.ok(learner.iterations < 10);
  });

  it('ends in the identical artifact when it goes on from any step, through JSON', () => {
    const matrix = generatedMatrix(500, 6);
    const whole = learned(matrix);
    for (let steps = 0; steps <= whole.iterations; steps++) {
      const begun = createLogisticRegression(matrix, { options: {} });
      for (let i = 0; i < steps; i++) begun.step();
      const progress = JSON.parse(JSON.stringify(begun.progress())) as LogisticRegressionProgress;
      const resumed = learned(matrix, {}, progress);
      assert.deepEqual(resumed.artifact(), whole.artifact());
      assert.equal(resumed.iterations, whole.iterations);
    }
  });

  it('stays finite where the label can be told from a feature without fault', () => {
    const values = Float64Array.from({ length: 100 }, (_, row) => row);
    const labels = values.map((value) => (value < 50 ? 0 : 1));
    const learner = learned({ rows: 100, columns: [{ name: 'x', kind: 'numeric', values }], labels });
    const score = compileScorer(learner.artifact());
    assert.ok(score(Float64Array.of(0)) < 0.01 && score(Float64Array.of(99)) > 0.99);
  });

  it('halves a step that would overshoot, and still arrives', () => {
    // Two far rows that contradict each other, where the curvature of a rare label promises far too long a step.
    const values = Float64Array.from({ length: 2000 }, (_, row) => (row < 2 ? 1000 : 0));
    const labels = Float64Array.from(values, (_, row) => (row === 0 ? 1 : 0));
    const learner = createLogisticRegression(
      { rows: 2000, columns: [{ name: 'x', kind: 'numeric', values }], labels },
      { options: { l2: 1e-6 } },
    );
    let before = learner.trainLoss();
    while (learner.step()) {
      assert.ok(learner.trainLoss() < before);
      before = learner.trainLoss();
    }
    assert.ok(Math.abs(compileScorer(learner.artifact())(Float64Array.of(1000)) - 0.5) < 1e-3);
  });

  it('predicts with the bits it trained with', () => {
    const matrix = generatedMatrix(1000, 5);
    const learner = learned(matrix);
    const predictions = rowsOf(matrix).map(compileScorer(learner.artifact()));
    const lost = predictions.reduce((sum, p, row) => sum - Math.log(matrix.labels[row] === 1 ? p : 1 - p), 0);
    assert.ok(Math.abs(lost / 1000 - learner.trainLoss()) < 1e-12);
  });

  it('refuses progress of other data', () => {
    const progress = learned(generatedMatrix(100, 1)).progress();
    assert.throws(
      () => learned(generatedMatrix(100, 2), {}, progress),
      (error) => error instanceof LearningError && error.code === 'LEARNING_PROGRESS_MISMATCH',
    );
  });

  it('refuses more categories than a Newton step can bear, and says what to do', () => {
    const codes = Float64Array.from({ length: COEFFICIENTS_MAX }, (_, row) => row);
    const columns = [{ name: 'id', kind: 'categorical' as const, values: codes }];
    assert.throws(
      () => learned({ rows: codes.length, columns, labels: new Float64Array(codes.length) }),
      /need 2049 coefficients, at most 2048 are supported; join rare categories/,
    );
  });
});

describe('solving by Cholesky', () => {
  it('solves every positive definite system it is given', () => {
    const size = fc.integer({ min: 1, max: 8 });
    const entry = fc.double({ min: -3, max: 3, noNaN: true });
    const systems = size.chain((order) =>
      fc.record({
        root: fc.array(entry, { minLength: order * order, maxLength: order * order }),
        x: fc.array(entry, { minLength: order, maxLength: order }),
      }),
    );
    fc.assert(
      fc.property(systems, ({ root, x }) => {
        const order = x.length;
        const indices = [...x.keys()];
        const at = (i: number, j: number): number =>
          indices.reduce((sum, k) => sum + root[i * order + k]! * root[j * order + k]!, i === j ? 1 : 0);
        const a = Float64Array.from(indices.flatMap((i) => indices.map((j) => at(i, j))));
        const b = Float64Array.from(indices, (i) => indices.reduce((sum, j) => sum + at(i, j) * x[j]!, 0));
        assert.ok(solveCholesky(a, b));
        for (const i of indices) assert.ok(Math.abs(b[i]! - x[i]!) < 1e-8);
      }),
    );
  });

  it('says so where a matrix is not positive definite', () => {
    assert.equal(solveCholesky(Float64Array.of(1, 0, 2, 1), Float64Array.of(1, 1)), false);
  });
});
