import assert from 'node:assert/strict';
import fc from 'fast-check';
import { freshnessProgress, isFreshAgain } from '../../../src/domain/monitoring/recovery.ts';

const MAX_AGE_MS = 7_200_000;
const after = (...oldest: Array<number | null>): boolean =>
  isFreshAgain(
    oldest.reduce<{ cohort: number; freshInARow: number }>(
      (progress, oldestMs) => freshnessProgress(progress, { cohort: progress.cohort + 1, oldestMs }, MAX_AGE_MS),
      { cohort: 7, freshInARow: 0 },
    ),
  );

describe('recovery of feature freshness', () => {
  for (const [title, cohorts, fresh] of [
    ['needs more than one fresh cohort', [60_000], false],
    ['comes with the second fresh cohort in a row', [60_000, MAX_AGE_MS], true],
    ['starts again after a stale cohort', [60_000, MAX_AGE_MS + 1, 60_000], false],
    ['passes over a cohort that reports nothing', [60_000, null, 60_000], true],
    ['does not come from silence', [null, null, null], false],
  ] as const) {
    it(title, () => assert.equal(after(...cohorts), fresh));
  }

  it('looks at each cohort once and in order', () =>
    fc.assert(
      fc.property(fc.array(fc.option(fc.integer({ min: 0, max: 10_000_000 }))), (cohorts) => {
        let progress = { cohort: 0, freshInARow: 0 };
        for (const [index, oldestMs] of cohorts.entries()) {
          progress = freshnessProgress(progress, { cohort: index + 1, oldestMs }, MAX_AGE_MS);
        }
        assert.equal(progress.cohort, cohorts.length);
        assert.ok(progress.freshInARow <= cohorts.length);
      }),
    ));
});
