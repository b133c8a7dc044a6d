import assert from 'node:assert/strict';
import { figuresOf, inWords } from '../../scripts/verify-rollout/latency/figures.ts';

describe('measured latencies', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);

  it('are told by the time that half, and that all but one in a hundred, were no slower than', () =>
    assert.deepEqual(figuresOf(hundred), { tries: 100, p50: 50, p99: 99, most: 100 }));

  it('take the slowest of a few for all but one in a hundred', () =>
    assert.deepEqual(figuresOf([3, 1, 2]), { tries: 3, p50: 2, p99: 3, most: 3 }));

  it('are no numbers without a try, so that no limit is kept', () => {
    assert.equal(figuresOf([]).p99 <= 1_000, false);
    assert.equal(inWords(figuresOf([41.4])), 'p50 41 ms, p99 41 ms, at most 41 ms in 1 tries');
  });
});
