import assert from 'node:assert/strict';
import { LearningError } from '../../../src/domain/learning/learning-error.ts';
import { type TrainingMatrix, checkMatrix, matrixFingerprint } from '../../../src/domain/learning/matrix.ts';
import { checkRecipe, createLearner } from '../../../src/domain/learning/recipe.ts';

const numeric = (...values: number[]) => ({ name: 'x', kind: 'numeric' as const, values: Float64Array.from(values) });
const codes = (...values: number[]) => ({ ...numeric(...values), kind: 'categorical' as const });
const matrix = (change: Partial<TrainingMatrix>): TrainingMatrix => ({
  rows: 2,
  columns: [numeric(1, NaN)],
  labels: Float64Array.of(0, 1),
  ...change,
});

describe('a training matrix', () => {
  it('may miss values, hold unknown categories and carry shares as labels', () => {
    checkMatrix(matrix({ columns: [numeric(NaN, 2), { ...codes(-1, NaN), name: 'c' }] }), 'binary');
    checkMatrix(matrix({ labels: Float64Array.of(0.25, 1) }), 'binary');
    checkMatrix(matrix({ labels: Float64Array.of(-7, 1e9) }), 'regression');
  });

  for (const [field, change, words] of [
    ['rows', { rows: 0 }, /at least 1 row/],
    ['columns', { columns: [] }, /at least 1 feature/],
    ['columns[0]', { columns: [numeric(1)] }, /'x' has 1 values for 2 rows/],
    ['columns[1]', { columns: [numeric(1, 2), numeric(1, 2)] }, /'x' occurs twice/],
    ['columns[0]', { columns: [numeric(1, Infinity)] }, /row 1 of 'x' is infinite; write NaN/],
    ['columns[0]', { columns: [codes(0.5, 1)] }, /row 0 of 'x' is 0.5; a code is an integer in \[0, 2\)/],
    ['columns[0]', { columns: [codes(-2, 1)] }, /row 0 of 'x' is -2/],
    [
      'columns[0]',
      { columns: [{ ...codes(0, 3), cardinality: 3 }] },
      /row 1 of 'x' is 3; a code is an integer in \[0, 3\)/,
    ],
    ['columns[0]', { columns: [codes(0, 4096)] }, /cardinality 4097, allowed is 0…4096; give rare categories one code/],
    ['labels', { labels: Float64Array.of(1) }, /1 labels for 2 rows/],
    [
      'labels',
      { labels: Float64Array.of(1, NaN) },
      /row 1 is NaN; a label is a number in 0…1; leave unlabelled rows out/,
    ],
    ['labels', { labels: Float64Array.of(1.5, 0) }, /row 0 is 1.5/],
  ] as const)
    it(`is refused by name: ${words.source}`, () => {
      assert.throws(
        () => checkMatrix(matrix(change), 'binary'),
        (error) => error instanceof LearningError && error.field === field && words.test(error.message),
      );
    });

  it('has another fingerprint when one bit, one name or the order of columns differs', () => {
    const base = matrix({ columns: [numeric(1, 2), { ...numeric(3, 4), name: 'y' }] });
    const [x, y] = base.columns;
    const prints = [
      base,
      { ...base, columns: [y!, x!] },
      { ...base, columns: [x!, { ...y!, name: 'z' }] },
      { ...base, columns: [x!, { ...y!, values: Float64Array.of(3, 4 + Number.EPSILON * 4) }] },
      { ...base, labels: Float64Array.of(1, 0) },
    ].map(matrixFingerprint);
    assert.equal(new Set(prints).size, prints.length);
    assert.equal(matrixFingerprint(structuredClone(base)), prints[0]);
  });
});

describe('a recipe', () => {
  it('is refused before there is data where its kind, option or objective is wrong', () => {
    checkRecipe({ kind: 'gradient-boosting', options: { trees: 5 } }, 'regression');
    assert.throws(
      () => checkRecipe({ kind: 'forest' as never, options: {} }, 'binary'),
      /kinds are gradient-boosting, logistic/,
    );
    assert.throws(() => checkRecipe({ kind: 'logistic-regression', options: { C: 1 } }, 'binary'), /C: is no option/);
    assert.throws(
      () => checkRecipe({ kind: 'logistic-regression', options: {} }, 'regression'),
      /objective: is 'regression'; logistic regression learns 'binary' only/,
    );
  });

  it('cannot go on from the progress of another kind', () => {
    const task = { matrix: matrix({}), objective: 'binary' as const, seed: 0 };
    const progress = createLearner({ kind: 'logistic-regression', options: {} }, task).progress();
    assert.throws(
      () => createLearner({ kind: 'gradient-boosting', options: {} }, task, progress),
      /not progress of gradient-boosting/,
    );
  });
});
