import assert from 'node:assert/strict';
import { createBooster } from '../../../src/domain/learning/gradient-boosting.ts';
import { compileScorer } from '../../../src/domain/learning/model-artifact.ts';
import { generatedMatrix, rowsOf } from './generated-matrix.ts';

const matrix = generatedMatrix(2000, 7);
const settings = { objective: 'binary', seed: 3, options: { trees: 12, leaves: 8 } } as const;

describe('gradient boosting', () => {
  it('gives the identical artifact when it goes on from progress that went through JSON', () => {
    const whole = createBooster(matrix, settings);
    while (whole.step());
    const first = createBooster(matrix, settings);
    for (let i = 0; i < 5; i++) first.step();
    const second = createBooster(matrix, settings, JSON.parse(JSON.stringify(first.progress())));
    assert.equal(second.iterations, 5);
    while (second.step());
    assert.deepEqual(second.artifact(), whole.artifact());
    assert.equal(second.trainLoss(), whole.trainLoss());
  });

  it('scores bit-identically after its artifact went through JSON', () => {
    const booster = createBooster(matrix, settings);
    while (booster.step());
    const score = compileScorer(booster.artifact());
    const again = compileScorer(JSON.parse(JSON.stringify(booster.artifact())));
    for (const row of rowsOf(matrix)) assert.equal(again(row), score(row));
  });
});
