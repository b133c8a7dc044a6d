import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { assignArm, assignmentPoint } from '../../src/domain/assignment.ts';

const UNITS = 20_000;
/** Chi-square with 19 degrees of freedom exceeds this with probability 0.0001; the units below are fixed, so the test does not flicker. */
const CHI_SQUARE_MAX = 54.2;

describe('sticky assignment', () => {
  it('is the first 32 bits of SHA-256 over the JSON text of model, salt and unit', () => {
    const digest = createHash('sha256').update('["flight-delay","rollout/1","AA 17 \\"x\\""]').digest();
    assert.equal(assignmentPoint('flight-delay', 'rollout/1', 'AA 17 "x"'), digest.readUInt32BE(0) / 2 ** 32);
  });

  it('is nested: a unit in at one exposure is in at every higher one', () =>
    fc.assert(
      fc.property(
        fc.string(),
        fc.string(),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (salt, unit, a, b) => {
          const [low, high] = [Math.min(a, b), Math.max(a, b)];
          if (assignArm('m', salt, unit, low) === 'candidate')
            assert.equal(assignArm('m', salt, unit, high), 'candidate');
        },
      ),
    ));

  it('exposes nobody at 0 and everybody at 1', () =>
    fc.assert(
      fc.property(fc.string(), (unit) => {
        assert.equal(assignArm('m', 's', unit, 0), 'stable');
        assert.equal(assignArm('m', 's', unit, 1), 'candidate');
      }),
    ));

  it('keeps the parts apart: moving a letter from salt to unit is another assignment', () => {
    assert.notEqual(assignmentPoint('m', 'ab', 'c'), assignmentPoint('m', 'a', 'bc'));
  });

  for (const salt of ['rollout/1', 'rollout/2'])
    it(`is uniform over units under the salt ${salt}`, () => {
      const bins = Array.from({ length: 20 }, () => 0);
      for (let unit = 0; unit < UNITS; unit++) bins[Math.floor(assignmentPoint('m', salt, `unit-${unit}`) * 20)]!++;
      const expected = UNITS / 20;
      const chiSquare = bins.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
      assert.ok(chiSquare < CHI_SQUARE_MAX, `chi-square ${chiSquare}`);
    });

  it('is independent between salts: a quarter of one quarter is in another', () => {
    let both = 0;
    for (let unit = 0; unit < UNITS; unit++) {
      const inFirst = assignArm('m', 'first', `unit-${unit}`, 0.25) === 'candidate';
      if (inFirst && assignArm('m', 'second', `unit-${unit}`, 0.25) === 'candidate') both++;
    }
    assert.ok(Math.abs(both / UNITS - 1 / 16) < 0.008, `${both} of ${UNITS}`);
  });
});
