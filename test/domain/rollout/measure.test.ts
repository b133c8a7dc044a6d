import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  assignedUnits,
  blockedLoss,
  brierLoss,
  pairedLoss,
  scaledSquaredError,
  scoringErrors,
  stableWasOverridden,
} from '../../../src/domain/rollout/measure.ts';
import type { MeasuredUnit } from '../../../src/domain/rollout/measure.ts';
import { judgeCase } from '../../../src/domain/rollout/suite.ts';

const unit = (over: Partial<MeasuredUnit>): MeasuredUnit => ({
  unit: 'u',
  generation: 1,
  outcomeKnown: true,
  inputs: {},
  arm: 'stable',
  served: 'stable',
  stable: 0.2,
  candidate: 0.2,
  stableError: null,
  candidateError: null,
  label: 0,
  ...over,
});

describe('measuring a cohort', () => {
  it('takes the paired difference of the losses, positive when the candidate is worse', () => {
    const { histogram } = pairedLoss([unit({ stable: 0.1, candidate: 0.3, label: 0 })], brierLoss);
    assert.deepEqual(histogram, [[2, 25, 1]]);
  });

  for (const [title, over, entered, eligible] of [
    ['counts a unit with both scores and a label', {}, 1, 1],
    ['leaves out a unit whose label has not arrived, and says so', { label: null }, 0, 1],
    ['leaves out a unit the candidate failed to score', { candidate: null, candidateError: 'NaN' }, 0, 0],
    ['leaves out a unit the stable failed to score', { stable: null, stableError: 'threw' }, 0, 0],
  ] as const)
    it(title, () => {
      const measured = pairedLoss([unit(over)], brierLoss);
      assert.deepEqual([measured.units, measured.eligible], [entered, eligible]);
    });

  it('matches the served arms block by block where pairs are not allowed', () => {
    const units = [
      unit({ unit: 'a', arm: 'candidate', served: 'candidate', candidate: 1, label: 0 }),
      unit({ unit: 'b', stable: 0, label: 0 }),
      unit({ unit: 'c', stable: 0, label: 0 }),
    ];
    assert.deepEqual(blockedLoss(units, brierLoss, 'salt').histogram, [[1, 1, 1]]);
  });

  it('counts scoring failures of each arm over what it was asked to score', () => {
    const failed = { candidate: null, candidateError: 'threw' };
    const units = [unit({ unit: 'a' }), unit({ unit: 'b', ...failed }), unit({ unit: 'c', candidate: null })];
    assert.deepEqual(scoringErrors(units), [1, 1, 2, 5]);
  });

  it('counts a unit once, however often it asks', () => {
    const asked = [unit({ label: 1 }), unit({ label: 1, candidate: 0.4 }), unit({ label: 1, candidate: 0.6 })];
    assert.equal(pairedLoss(asked, brierLoss).units, 1);
    assert.deepEqual(scoringErrors([...asked, unit({ candidate: null, candidateError: 'threw' })]), [1, 1, 1, 2]);
    assert.deepEqual(assignedUnits(asked), { control: 1, candidate: 0 });
  });

  for (const [title, absence, over, entered] of [
    ['leaves out a unit without an outcome where absence means nothing', 'exclude', { outcomeKnown: false }, 0],
    ['takes a unit without an outcome as a zero where absence means that', 'zero', { outcomeKnown: false }, 1],
    ['never takes an outcome that is known to be invalid as a zero', 'zero', { outcomeKnown: true }, 0],
  ] as const)
    it(title, () => assert.equal(pairedLoss([unit({ label: null, ...over })], brierLoss, absence).units, entered));

  it('counts units by the arm they were assigned to, whoever answered', () => {
    assert.deepEqual(assignedUnits([unit({}), unit({ unit: 'v', arm: 'candidate', served: 'fallback' })]), {
      control: 1,
      candidate: 1,
    });
  });

  for (const [title, over, expected] of [
    ['sees that a fallback stood in for a healthy stable', { served: 'fallback' }, true],
    [
      'does not blame the split for a stable that failed by itself',
      { served: 'fallback', stableError: 'threw' },
      false,
    ],
    ['sees nothing where stable served', {}, false],
  ] as const)
    it(title, () => assert.equal(stableWasOverridden([unit(over)]), expected));

  it('keeps a scaled squared error within 0 and 1 beyond the declared range', () => {
    const loss = scaledSquaredError([0, 10]);
    assert.deepEqual([loss(0, 0), loss(0, 5), loss(0, 10), loss(0, 100)], [0, 0.25, 1, 1]);
  });

  it('gives the same counts in any order, and negated counts for exchanged arms', () =>
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.double({ min: 0, max: 1, noNaN: true }),
            fc.double({ min: 0, max: 1, noNaN: true }),
            fc.constantFrom(0, 1),
          ),
          { maxLength: 30 },
        ),
        (rows) => {
          const units = rows.map(([stable, candidate, label], index) =>
            unit({ unit: String(index), stable, candidate, label }),
          );
          assert.deepEqual(pairedLoss(units.toReversed(), brierLoss), pairedLoss(units, brierLoss));
          const total = pairedLoss(units, brierLoss).histogram.reduce((sum, [, , count]) => sum + count, 0);
          assert.equal(total, rows.length);
        },
      ),
    ));
});

describe('a validation case', () => {
  const suiteCase = { id: 'case', maxRegressionPerThousand: 10, minUnits: 2 };
  for (const [title, candidateLosses, stableLosses, result] of [
    ['passes a candidate that is not worse', [0.1, 0.1], [0.1, 0.1], 'passed'],
    ['passes one that is worse by exactly what is tolerated', [0.11, 0.11], [0.1, 0.1], 'passed'],
    ['fails one that is worse by more', [0.12, 0.12], [0.1, 0.1], 'failed'],
    ['is skipped, not passed, without enough labelled rows', [0.9], [0.1], 'skipped'],
  ] as const)
    it(title, () => {
      const judged = judgeCase(suiteCase, Float64Array.from(candidateLosses), Float64Array.from(stableLosses));
      assert.equal(judged.result, result);
    });
});
