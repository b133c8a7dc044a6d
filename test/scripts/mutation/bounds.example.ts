import assert from 'node:assert/strict';
import { half, isEmpty, isInside, steps } from './bounds.ts';

describe('bounds', () => {
  it('hold their lower end and not their upper one', () => {
    assert.deepEqual(
      [0, 1, 2, 3].map((value) => isInside(value, 1, 3)),
      [false, true, true, false],
    );
  });

  it('are reached step by step', () => assert.deepEqual([0, 3].map(steps), [0, 3]));

  it('are empty when there are none', () => assert.equal(isEmpty(null), true));

  it('have a half, whatever it is', () => assert.equal(typeof half(3), 'number'));
});
