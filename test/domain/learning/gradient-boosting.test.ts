import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { type BoostingProgress, createBooster } from '../../../src/domain/learning/gradient-boosting.ts';
import type { Learner } from '../../../src/domain/learning/learner.ts';
import { LearningError } from '../../../src/domain/learning/learning-error.ts';
import type { FeatureColumn, TrainingMatrix } from '../../../src/domain/learning/matrix.ts';
import { type ModelArtifact, compileScorer } from '../../../src/domain/learning/model-artifact.ts';
import { rocAuc } from '../../../src/domain/statistics/roc.ts';
import { generatedMatrix, rowsOf } from './generated-matrix.ts';

const matrix = generatedMatrix(2000, 7);
const binary = (options: Record<string, number>) => ({ objective: 'binary' as const, seed: 3, options });

function learned<P>(learner: Learner<P>): Learner<P> {
  while (learner.step());
  return learner;
}
const throughJson = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
const predict = (artifact: ModelArtifact, rows: Float64Array[]): Float64Array =>
  Float64Array.from(rows, compileScorer(artifact));

const numeric = (name: string, values: number[]): FeatureColumn => ({
  name,
  kind: 'numeric',
  values: Float64Array.from(values),
});
const labelled = (columns: FeatureColumn[], labels: number[]): TrainingMatrix => ({
  rows: labels.length,
  columns,
  labels: Float64Array.from(labels),
});

const counting = (length: number): number[] => Array.from({ length }, (_, row) => row);

describe('gradient boosting: the model', () => {
  const reference = JSON.parse(readFileSync('test/domain/learning/generated.sklearn.json', 'utf8')) as {
    trainSums: Record<string, number>;
    gradientBoosting: { rocAuc: number; logLoss: number };
  };

  it('ranks unseen rows as well as scikit-learn does, within 0.003 of its ROC AUC', () => {
    const train = generatedMatrix(20_000, 1);
    const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);
    // The two languages draw the same data, or the comparison means nothing.
    assert.equal(sum(train.labels), reference.trainSums['labels']);
    assert.equal(sum(train.columns[3]!.values), reference.trainSums['category']);
    const test = generatedMatrix(20_000, 2);
    const artifact = learned(createBooster(train, binary({ categoricalL2: 0 }))).artifact();
    const auc = rocAuc(test.labels, predict(artifact, rowsOf(test)));
    assert.ok(Math.abs(auc! - reference.gradientBoosting.rocAuc) < 0.003, `${auc}`);
  });

  it('learns a step function of a real label to within rounding', () => {
    const values = counting(200);
    const labels = values.map((value) => (value < 70 ? -3 : value < 150 ? 10 : 4));
    const settings = { objective: 'regression' as const, seed: 0, options: { learningRate: 1, leaves: 3, trees: 3 } };
    const artifact = learned(createBooster(labelled([numeric('x', values)], labels), settings)).artifact();
    const score = compileScorer(artifact);
    for (const [row, label] of labels.entries()) assert.ok(Math.abs(score(Float64Array.of(row)) - label) < 1e-9);
  });

  it('learns the side of missing values from the rows that miss them', () => {
    const values = Array.from({ length: 300 }, (_, row) => (row % 3 === 0 ? NaN : row % 3));
    const labels = values.map((value) => (value === 1 ? 0 : 1));
    const booster = learned(createBooster(labelled([numeric('x', values)], labels), binary({ trees: 20 })));
    const [low, high, missing] = predict(
      booster.artifact(),
      [[1], [2], [NaN]].map((row) => Float64Array.from(row)),
    );
    assert.ok(low! < 0.2 && high! > 0.8 && missing! > 0.8);
  });

  it('sends an unknown category where the larger part goes, and never fails on one', () => {
    const booster = learned(createBooster(matrix, binary({ trees: 20 })));
    const score = compileScorer(booster.artifact());
    for (const code of [-1, NaN, 40, 63, 64, 1e12]) {
      const probability = score(Float64Array.of(0.5, 5, 0.5, code));
      assert.ok(probability > 0 && probability < 1);
      assert.equal(probability, score(Float64Array.of(0.5, 5, 0.5, NaN)));
    }
  });

  it('finds effects of single categories among many', () => {
    const codes = Array.from({ length: 4000 }, (_, row) => (row * 7919) % 229);
    const labels = codes.map((code) => (code % 2 === 0 ? 1 : 0));
    const airports: FeatureColumn = {
      name: 'airport',
      kind: 'categorical',
      cardinality: 229,
      values: Float64Array.from(codes),
    };
    const booster = learned(
      createBooster(labelled([airports], labels), binary({ trees: 30, categoricalSmoothing: 1 })),
    );
    const predicted = predict(
      booster.artifact(),
      codes.map((code) => Float64Array.of(code)),
    );
    assert.equal(rocAuc(Float64Array.from(labels), predicted), 1);
  });

  it('answers with the rate of the labels where no split helps', () => {
    const constant = labelled(
      [
        numeric(
          'x',
          Array.from({ length: 100 }, () => 1),
        ),
      ],
      Array.from({ length: 100 }, (_, row) => (row < 3 ? 1 : 0)),
    );
    const booster = learned(createBooster(constant, binary({})));
    assert.equal(booster.iterations, 0);
    assert.ok(Math.abs(compileScorer(booster.artifact())(Float64Array.of(1)) - 0.03) < 1e-12);
  });

  it('stays finite when every label is the same', () => {
    const booster = learned(
      createBooster(
        labelled(
          [numeric('x', counting(100))],
          Array.from({ length: 100 }, () => 1),
        ),
        binary({}),
      ),
    );
    assert.ok(compileScorer(booster.artifact())(Float64Array.of(1)) > 0.99);
    assert.ok(Number.isFinite(booster.trainLoss()));
  });
});

describe('gradient boosting: laws', () => {
  it('never raises the training loss by another tree', () => {
    const booster = createBooster(matrix, binary({ trees: 40 }));
    let before = booster.trainLoss();
    while (booster.step()) {
      assert.ok(booster.trainLoss() <= before);
      before = booster.trainLoss();
    }
  });

  it('scores a training row with the bits that training itself saw', () => {
    const booster = learned(createBooster(matrix, binary({ trees: 15 })));
    const predicted = predict(booster.artifact(), rowsOf(matrix));
    const lost = predicted.reduce((sum, p, row) => sum - Math.log(matrix.labels[row] === 1 ? p : 1 - p), 0);
    assert.ok(Math.abs(lost / matrix.rows - booster.trainLoss()) < 1e-12);
  });

  const shapes = fc.record({
    trees: fc.integer({ min: 1, max: 12 }),
    leaves: fc.integer({ min: 2, max: 12 }),
    depthMax: fc.integer({ min: 1, max: 6 }),
    bins: fc.integer({ min: 2, max: 255 }),
    l2: fc.constantFrom(0, 1),
    rowFraction: fc.constantFrom(1, 0.5),
    earlyStopRounds: fc.constantFrom(0, 2),
  });

  it('ends in the identical artifact however often it is interrupted, through JSON', () => {
    fc.assert(
      fc.property(shapes, fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 5 }), (options, rows, stride) => {
        const small = generatedMatrix(rows * 10, rows);
        const settings = binary({ ...options, rowsPerLeafMin: 3 });
        const whole = learned(createBooster(small, settings));
        let progress: BoostingProgress | undefined;
        let booster = createBooster(small, settings);
        for (let more = true; more; progress = throughJson(booster.progress())) {
          booster = createBooster(small, settings, progress);
          for (let i = 0; i < stride && more; i++) more = booster.step();
        }
        assert.deepEqual(booster.artifact(), whole.artifact());
        assert.equal(booster.trainLoss(), whole.trainLoss());
      }),
      { numRuns: 40 },
    );
  });

  it('keeps every tree within its leaves, depth and rows', () => {
    fc.assert(
      fc.property(shapes, (options) => {
        const { trees } = createdArtifact(options);
        for (const tree of trees) {
          assert.ok(tree.leafValues.length <= options.leaves);
          const depth = (at: number): number =>
            at < 0 ? 0 : 1 + Math.max(depth(tree.left[at]!), depth(tree.right[at]!));
          assert.ok(depth(0) <= options.depthMax);
        }
      }),
      { numRuns: 20 },
    );
  });

  function createdArtifact(options: Record<string, number>) {
    const artifact = learned(createBooster(generatedMatrix(400, 9), binary(options))).artifact();
    assert.ok(artifact.kind === 'gradient-boosting');
    return artifact;
  }
});

describe('gradient boosting: stopping and refusing', () => {
  it('stops on held-out rows once they no longer gain, and keeps only the trees up to their best', () => {
    const options = { trees: 500, earlyStopRounds: 5, earlyStopShare: 0.3, learningRate: 0.3 };
    const booster = learned(createBooster(matrix, binary(options)));
    const artifact = booster.artifact();
    assert.ok(artifact.kind === 'gradient-boosting');
    assert.ok(booster.iterations < 100);
    assert.equal(artifact.trees.length, booster.iterations - 5);
  });

  it('draws other rows with another seed, and the same with the same', () => {
    const grown = (seed: number) =>
      learned(createBooster(matrix, { ...binary({ trees: 3, rowFraction: 0.5 }), seed })).artifact();
    assert.deepEqual(grown(1), grown(1));
    assert.notDeepEqual(grown(1), grown(2));
  });

  for (const [title, other, settings] of [
    ['of other data', generatedMatrix(2000, 8), binary({ trees: 5 })],
    ['of other options', matrix, binary({ trees: 5, leaves: 5 })],
    ['of another seed', matrix, { ...binary({ trees: 5 }), seed: 4 }],
  ] as const)
    it(`refuses progress ${title}`, () => {
      const booster = createBooster(matrix, binary({ trees: 5 }));
      booster.step();
      assert.throws(
        () => createBooster(other, settings, booster.progress()),
        (error) => error instanceof LearningError && error.code === 'LEARNING_PROGRESS_MISMATCH',
      );
    });

  for (const [options, field, words] of [
    [{ trees: 0 }, 'trees', /is 0; allowed is an integer in 1…10000/],
    [{ leaves: 2.5 }, 'leaves', /is 2.5; allowed is an integer/],
    [{ learningRate: NaN }, 'learningRate', /allowed is a number in/],
    [{ learningrate: 0.1 }, 'learningrate', /did you mean 'learningRate'/],
    [{ momentum: 1 }, 'momentum', /options are trees, leaves/],
  ] as const)
    it(`refuses the option ${JSON.stringify(options)}`, () => {
      assert.throws(
        () => createBooster(matrix, binary(options)),
        (error) => error instanceof LearningError && error.field === field && words.test(error.message),
      );
    });
});
