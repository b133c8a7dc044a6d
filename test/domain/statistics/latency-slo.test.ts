import assert from 'node:assert/strict';
import { quantileBucket, sloExceedance, StatisticsError } from '../../../src/domain/statistics/index.ts';

const refuses = (code: string, act: () => unknown) =>
  assert.throws(act, (error) => error instanceof StatisticsError && error.code === code);

describe('latency buckets', () => {
  it('have finite edges that ascend', () => {
    for (const edges of [
      [10, 10],
      [20, 10],
      [NaN, 10],
      [10, NaN],
      [10, Infinity],
      [-Infinity, 10],
    ]) {
      refuses('STAT_INPUT_INVALID', () => quantileBucket(edges, [1, 1, 1], 0.5));
    }
    const window = { candidate: [1, 1, 1], control: [1, 1, 1] };
    refuses('STAT_INPUT_INVALID', () => sloExceedance([20, 10], window, 10));
    assert.deepEqual(quantileBucket([-10, 0], [0, 1, 0], 0.5), [-10, 0]);
  });

  it('are one more than the edges, in either arm', () => {
    for (const counts of [
      [1, 1],
      [1, 1, 1, 1],
    ]) {
      refuses('STAT_LENGTH_MISMATCH', () => quantileBucket([10, 20], counts, 0.5));
      refuses('STAT_LENGTH_MISMATCH', () => sloExceedance([10, 20], { candidate: counts, control: [1, 1, 1] }, 10));
      refuses('STAT_LENGTH_MISMATCH', () => sloExceedance([10, 20], { candidate: [1, 1, 1], control: counts }, 10));
    }
  });

  it('hold quantiles from the least to the greatest request, open at the ends', () => {
    const bucketOf = (p: number) => quantileBucket([10, 20], [0, 2, 3], p);
    assert.deepEqual([0, 0.4, 0.41, 1].map(bucketOf), [
      [10, 20],
      [10, 20],
      [20, null],
      [20, null],
    ]);
    assert.deepEqual(quantileBucket([10], [1, 0], 1), [null, 10]);
    assert.equal(quantileBucket([10], [0, 0], 0.5), null);
    for (const p of [-0.1, 1.1, NaN]) refuses('STAT_INPUT_INVALID', () => bucketOf(p));
  });
});
