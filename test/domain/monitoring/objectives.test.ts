import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  daysMeetingLoss,
  judgeCalibration,
  judgeFreshness,
  judgeLoss,
} from '../../../src/domain/monitoring/objectives.ts';
import type { DayMeasure } from '../../../src/domain/monitoring/objectives.ts';
import { isoDay } from '../../../src/domain/time.ts';

const FIRST_DAY = Date.UTC(2001, 1, 1);
const dayName = (index: number): string => isoDay(FIRST_DAY + index * 86_400_000);

function day(index: number, measure: Partial<DayMeasure> = {}): DayMeasure {
  const all = { labelled: 1000, loss: 0.15, fallbackLoss: 0.16, meanPrediction: 0.2, meanLabel: 0.2 };
  return { day: dayName(index), ...all, trained: true, byBundle: [], ...measure };
}
/** Days whose loss exceeds the constant's by so much per 1,000; null: nothing was measured. */
const differences = (...perThousand: Array<number | null>): DayMeasure[] =>
  perThousand.map((difference, index) =>
    difference === null
      ? day(index, { labelled: 0, loss: null, fallbackLoss: null, meanPrediction: null, meanLabel: null })
      : day(index, { loss: 0.2 + difference / 1000, fallbackLoss: 0.2 }),
  );
const limit = { maxDifferencePerThousand: 5, days: 2 };

const aMissingDay = fc.constantFrom<Partial<DayMeasure>>(
  { labelled: 0, loss: null, fallbackLoss: null, meanPrediction: null, meanLabel: null },
  { loss: Number.NaN },
  { trained: false },
  { meanLabel: null },
);
const aJudgedDay = fc.record({
  labelled: fc.integer({ min: 1, max: 20_000 }),
  loss: fc.double({ min: 0, max: 1, noNaN: true }),
  fallbackLoss: fc.double({ min: 0, max: 1, noNaN: true }),
  meanPrediction: fc.double({ min: 0, max: 1, noNaN: true }),
  meanLabel: fc.double({ min: 0, max: 1, noNaN: true }),
});
const history = (days: ReadonlyArray<Partial<DayMeasure>>): DayMeasure[] => days.map((one, index) => day(index, one));

describe('loss against the declared constant', () => {
  for (const [title, days, state] of [
    ['is met just below its limit', differences(4.999, 4.999), 'met'],
    ['is met exactly at its limit', differences(5, 5), 'met'],
    ['breaks just above its limit on consecutive days', differences(5.001, 5.001), 'broken'],
    ['does not break on one bad day', differences(0, 9), 'unknown'],
    ['does not break on bad days with a good one between', differences(9, 0, 9), 'unknown'],
    ['is met as soon as the last day is good', differences(9, 9, 5), 'met'],
    ['stays broken while bad days go on', differences(9, 9, 9), 'broken'],
    ['is unknown without any day', [], 'unknown'],
    ['is unknown when nothing was measured', differences(null, null), 'unknown'],
    ['breaks across a day without labels', differences(9, null, 9), 'broken'],
    ['stays broken on a day without labels', differences(9, 9, null), 'broken'],
    ['stays met on days without labels', differences(1, null, null), 'met'],
    [
      'says nothing of days the constant served',
      differences(9, 9).map((one) => ({ ...one, trained: false })),
      'unknown',
    ],
  ] as const) {
    it(title, () => assert.equal(judgeLoss(limit, days).state, state));
  }

  it('names the days it rests on', () => {
    assert.deepEqual(judgeLoss(limit, differences(9, null, 7)).days, [dayName(0), dayName(2)]);
  });

  it('counts good days in a row for its recovery, past days without labels', () => {
    assert.equal(daysMeetingLoss(limit, differences(0, 9, 1, null, 2)), 2);
    assert.equal(daysMeetingLoss(limit, differences(1, 9)), 0);
    assert.equal(daysMeetingLoss(limit, differences(1, 1)), 2);
  });
});

describe('calibration', () => {
  const calibration = { maxRatioError: 0.5, days: 2 };
  const predicting = (...predictions: number[]): DayMeasure[] =>
    predictions.map((meanPrediction, index) => day(index, { meanPrediction, meanLabel: 0.25 }));

  for (const [title, days, state] of [
    ['is met just below its limit', predicting(0.374, 0.375), 'met'],
    ['is met exactly at its limit', predicting(0.375, 0.375), 'met'],
    ['breaks just above its limit', predicting(0.376, 0.376), 'broken'],
    ['breaks below as well as above', predicting(0.12, 0.12), 'broken'],
    ['is judged over the days together', predicting(0.1, 0.4), 'met'],
    ['forgets days before its window', predicting(0.9, 0.25, 0.25), 'met'],
    ['is unknown with fewer days than its window', predicting(0.9), 'unknown'],
    ['is unknown when no label is positive', predicting(0.9, 0.9).map((one) => ({ ...one, meanLabel: 0 })), 'unknown'],
  ] as const) {
    it(title, () => assert.equal(judgeCalibration(calibration, days).state, state));
  }

  it('weighs days by their labels', () => {
    const days = [
      day(0, { meanPrediction: 0.9, meanLabel: 0.25, labelled: 1 }),
      day(1, { meanLabel: 0.2, labelled: 9999 }),
    ];
    assert.equal(judgeCalibration(calibration, days).state, 'met');
  });
});

describe('feature freshness', () => {
  for (const [title, oldestMs, state] of [
    ['is met just below its limit', 7_199_999, 'met'],
    ['is met exactly at its limit', 7_200_000, 'met'],
    ['breaks just above its limit', 7_200_001, 'broken'],
    ['is unknown when no unit reports an age', null, 'unknown'],
    ['is unknown when the age is not a number', Number.NaN, 'unknown'],
  ] as const) {
    it(title, () => assert.equal(judgeFreshness(7_200_000, { cohort: 1, oldestMs }).state, state));
  }
});

describe('objectives over days', () => {
  const judges = [
    (days: readonly DayMeasure[]) => judgeLoss({ maxDifferencePerThousand: 5, days: 3 }, days),
    (days: readonly DayMeasure[]) => judgeCalibration({ maxRatioError: 0.35, days: 3 }, days),
  ];

  it('neither break nor heal by what is missing, wherever it lies', () =>
    fc.assert(
      fc.property(fc.array(fc.oneof(aJudgedDay, aMissingDay), { maxLength: 12 }), (days) => {
        const all = history(days);
        const there = all.filter(
          (one) => one.trained && Number.isFinite(one.loss) && one.loss !== null && one.meanLabel !== null,
        );
        for (const judge of judges) assert.deepEqual(judge(all), judge(there));
      }),
    ));

  it('never turn from met to broken when every loss falls', () =>
    fc.assert(
      fc.property(
        fc.array(aJudgedDay, { minLength: 1, maxLength: 8 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (days, less) => {
          const before = judgeLoss(limit, history(days));
          const after = judgeLoss(limit, history(days.map((one) => ({ ...one, loss: one.loss * less }))));
          if (before.state === 'met') assert.notEqual(after.state, 'broken');
        },
      ),
    ));

  it('are broken only by as many judged days as they ask for', () =>
    fc.assert(
      fc.property(fc.array(fc.oneof(aJudgedDay, aMissingDay), { maxLength: 12 }), (days) => {
        for (const judge of judges) {
          const { state, days: named } = judge(history(days));
          if (state === 'broken') assert.equal(named.length, 3);
        }
      }),
    ));
});
