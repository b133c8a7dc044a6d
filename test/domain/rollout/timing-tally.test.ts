import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import {
  mergeTimings,
  percentileMs,
  tallyTimings,
  TIMING_EDGES_MS,
  timedOf,
} from '../../../src/domain/rollout/timing-tally.ts';
import type { TimedRequest } from '../../../src/domain/rollout/timing-tally.ts';

const request = (change: Partial<TimedRequest> = {}): TimedRequest => ({
  stable: 0.2,
  candidate: 0.3,
  stableError: null,
  candidateError: null,
  stableMs: 0.02,
  candidateMs: 0.03,
  ...change,
});
const took = (ms: number): TimedRequest => request({ stableMs: ms });

describe('the tally of what scoring took', () => {
  it('has buckets in ascending order, none more than half as wide again as it begins from 0.002 ms on', () => {
    for (const [index, edge] of TIMING_EDGES_MS.entries()) {
      if (index === 0) continue;
      const before = TIMING_EDGES_MS[index - 1]!;
      assert.ok(edge > before && (before < 0.002 || edge / before <= 1.5), `${before} to ${edge}`);
    }
  });

  it('counts scores, failures and times, and takes what was not measured for nothing known, not for 0', () => {
    const { stable, candidate } = tallyTimings([
      request(),
      request({ stableMs: null, candidate: null, candidateError: 'threw', candidateMs: null }),
      request({ candidate: null, candidateMs: null }),
    ]);
    assert.deepEqual([stable.scored, stable.failed, timedOf(stable)], [3, 0, 2]);
    assert.deepEqual([candidate.scored, candidate.failed, timedOf(candidate)], [1, 1, 1]);
    const { stable: unmeasured } = tallyTimings([request({ stableMs: null })]);
    assert.equal(percentileMs(unmeasured, 0.5), null);
  });

  for (const [title, ms, shown] of [
    ['at an edge it is that edge', 0.02, 0.02],
    ['a microsecond above it, the next one', 0.021, 0.025],
    ['a microsecond below it, the same one', 0.019, 0.02],
    ['of less than a microsecond, the first', 0, 0.001],
    ['at the last edge, that one', 10_000, 10_000],
    ['beyond the last edge, no end is known', 10_001, Number.POSITIVE_INFINITY],
  ] as const)
    it(`tells a percentile as the upper end of its bucket: ${title}`, () =>
      assert.equal(percentileMs(tallyTimings([took(ms)]).stable, 0.99), shown));

  for (const [share, shown] of [
    [0.5, 0.01],
    [0.95, 0.01],
    [0.99, 0.1],
  ] as const)
    it(`finds the request of rank ${share} among a hundred`, () => {
      const hundred = Array.from({ length: 100 }, (_, index) => took(index < 98 ? 0.01 : 0.1));
      assert.equal(percentileMs(tallyTimings(hundred).stable, share), shown);
    });

  it('gives the same for cohorts added up as for all requests at once, in any order', () => {
    const requests = fc.array(
      fc.record({ stableMs: fc.option(fc.double({ min: 0, max: 2e4, noNaN: true })), candidateMs: fc.constant(null) }),
    );
    fc.assert(
      fc.property(requests, requests, (a, b) => {
        const [first, second] = [a, b].map((part) => part.map((each) => request(each))) as [
          TimedRequest[],
          TimedRequest[],
        ];
        const added = mergeTimings([tallyTimings(second), tallyTimings(first)]);
        assert.deepEqual(added, tallyTimings([...first, ...second]));
      }),
    );
  });
});
