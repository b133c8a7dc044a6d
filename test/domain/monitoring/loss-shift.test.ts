import assert from 'node:assert/strict';
import { certifiedLoss, daysAsCertified, judgeShift } from '../../../src/domain/monitoring/loss-shift.ts';
import type { LossReference } from '../../../src/domain/monitoring/loss-shift.ts';
import type { DayMeasure } from '../../../src/domain/monitoring/objectives.ts';
import { beginSrDetector, isSrAlarm, updateSrDetector } from '../../../src/domain/statistics/index.ts';
import { isoDay } from '../../../src/domain/time.ts';

const BUNDLE = 'f'.repeat(64);
const OTHER = '5'.repeat(64);
const REFERENCE: LossReference = {
  bundle: BUNDLE,
  idea: 'fresh',
  since: '2001-02-01T00:00:00Z',
  units: 10_000,
  loss: 0.15,
  upper: 0.16,
};
const LIMIT = { tolerancePerThousand: 40, falseAlarmDays: 100 };

/** Days of these losses of the bundle, beside another one that does badly; null: nobody was answered. */
const days = (...losses: Array<number | null>): DayMeasure[] =>
  losses.map((loss, index) => ({
    day: isoDay(Date.UTC(2001, 1, 1 + index)),
    labelled: 200,
    loss: 0.5,
    fallbackLoss: 0.2,
    meanPrediction: 0.2,
    meanLabel: 0.2,
    trained: true,
    byBundle: [
      { bundle: OTHER, labelled: 100, loss: 0.9 },
      { bundle: BUNDLE, labelled: loss === null ? 0 : 100, loss },
    ],
  }));

describe('the certified loss of a bundle', () => {
  it('is bounded from above, the closer the more units there are', () => {
    const of = (units: number) =>
      certifiedLoss(Array.from({ length: units }, (_, index) => (index % 5 === 0 ? 0.64 : 0.04)));
    const [few, many] = [of(50), of(5_000)];
    for (const { loss, upper } of [few, many]) {
      assert.ok(Math.abs((loss ?? 0) - 0.16) < 1e-9);
      assert.ok(upper > 0.16 && upper <= 1, `${upper}`);
    }
    assert.ok(many.upper < few.upper);
    assert.ok(many.upper < 0.175, `${many.upper}`);
  });

  it('is bounded by 1 alone where nothing was measured', () =>
    assert.deepEqual(certifiedLoss([]), { units: 0, loss: null, upper: 1 }));

  it('is bounded by 1 where every loss is 1', () => assert.equal(certifiedLoss([1, 1, 1]).upper, 1));
});

describe('a shift of the loss', () => {
  it('is found by the detector of the statistics, at the day at which it alarms', () => {
    const losses = [0.15, 0.16, ...Array.from({ length: 12 }, (_, index) => 0.35 + 0.05 * (index % 3))];
    let detector = beginSrDetector({ mu0: 0.2, threshold: 100 });
    const alarmAt = losses.findIndex((loss) => isSrAlarm((detector = updateSrDetector(detector, [[loss, 1]]))));
    assert.ok(alarmAt > 3, `${alarmAt}`);
    assert.equal(judgeShift(LIMIT, REFERENCE, days(...losses.slice(0, alarmAt))).state, 'met');
    const { state, days: named, measured, lnEvidence } = judgeShift(LIMIT, REFERENCE, days(...losses));
    assert.equal(state, 'broken');
    assert.deepEqual([named[0], named.at(-1)], ['2001-02-03', isoDay(Date.UTC(2001, 1, 1 + alarmAt))]);
    assert.ok(lnEvidence >= Math.log(100));
    const over = losses.slice(2, alarmAt + 1);
    assert.ok(Math.abs((measured ?? 0) - (1000 * over.reduce((sum, loss) => sum + loss, 0)) / over.length) < 1e-9);
  });

  it('is not found in a year of what was certified, nor where one day in ten is twice as bad', () => {
    const seldom = { ...LIMIT, falseAlarmDays: 1_000 };
    for (const bad of [0.16, 0.32])
      assert.equal(
        judgeShift(
          seldom,
          REFERENCE,
          days(...Array.from({ length: 365 }, (_, index) => (index % 10 === 0 ? bad : 0.16))),
        ).state,
        'met',
      );
  });

  it('is found the sooner the larger it is, and later by a detector that seldom alarms in vain', () => {
    const foundAfter = (ratio: number, falseAlarmDays: number): number => {
      const quiet = Array.from({ length: 60 }, () => 0.16);
      for (let length = 1; ; length += 1) {
        const risen = Array.from({ length }, () => 0.2 * ratio);
        const { state } = judgeShift({ ...LIMIT, falseAlarmDays }, REFERENCE, days(...quiet, ...risen));
        if (state === 'broken') return length;
      }
    };
    assert.deepEqual(
      [1.5, 2, 3].map((ratio) => foundAfter(ratio, 365)),
      [17, 10, 6],
    );
    assert.deepEqual(
      [1.5, 2, 3].map((ratio) => foundAfter(ratio, 3_650)),
      [24, 14, 9],
    );
  });

  for (const [title, history] of [
    ['no day', []],
    ['days on which it answered nobody', days(null, null)],
  ] as const)
    it(`is unknown of ${title}`, () => assert.equal(judgeShift(LIMIT, REFERENCE, history).state, 'unknown'));

  it('is unknown where nothing was certified', () =>
    assert.equal(judgeShift(LIMIT, { ...REFERENCE, loss: null, upper: 1 }, days(0.9, 0.9)).state, 'unknown'));

  it('is neither found nor healed by days that say nothing', () => {
    const bad = [0.6, 0.7, 0.6, 0.7, 0.6, 0.7, 0.6, 0.7, 0.6, 0.7];
    const found = judgeShift(LIMIT, REFERENCE, days(...bad));
    const gaps = judgeShift(LIMIT, REFERENCE, days(...bad.flatMap((loss) => [loss, null])));
    assert.deepEqual([found.state, gaps.state], ['broken', 'broken']);
    assert.equal(gaps.lnEvidence, found.lnEvidence);
  });

  for (const [title, losses, expected] of [
    ['below', [0.5, 0.19, 0.19], 2],
    ['at', [0.5, 0.2], 1],
    ['above', [0.1, 0.2001], 0],
    ['nothing', [0.5, 0.1, null, 0.1], 2],
  ] as const)
    it(`counts days in a row within what is tolerated: ${title} the limit`, () =>
      assert.equal(daysAsCertified(LIMIT, REFERENCE, days(...losses)), expected));
});
