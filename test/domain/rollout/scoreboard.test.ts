import assert from 'node:assert/strict';
import fc from 'fast-check';
import { brierLoss } from '../../../src/domain/rollout/measure.ts';
import type { MeasuredUnit } from '../../../src/domain/rollout/measure.ts';
import { compareArms, scoreRules } from '../../../src/domain/rollout/scoreboard.ts';
import type { ComparedCandidate, Comparison } from '../../../src/domain/rollout/scoreboard.ts';

const unit = (change: Partial<MeasuredUnit>): MeasuredUnit => ({
  unit: 'u',
  generation: 1,
  arm: 'stable',
  served: 'stable',
  stable: 0.2,
  candidate: 0.4,
  stableError: null,
  candidateError: null,
  label: 0,
  outcomeKnown: true,
  inputs: {},
  ...change,
});

describe('both arms on the same requests', () => {
  it('sums losses over labelled requests, and counts all that both scored and those the candidate answered', () => {
    const units = [
      unit({}),
      unit({ served: 'candidate', label: 1 }),
      unit({ served: 'candidate', label: null, outcomeKnown: false }),
      unit({ candidate: null }),
      unit({ stable: null }),
    ];
    const { candidateLoss, stableLoss, ...counts } = compareArms(units, brierLoss, 'exclude');
    assert.deepEqual(counts, { units: 3, exposed: 2, labelled: 2 });
    assert.ok(Math.abs(candidateLoss - (0.16 + 0.36)) < 1e-12);
    assert.ok(Math.abs(stableLoss - (0.04 + 0.64)) < 1e-12);
  });

  it('takes silence for the label 0 only where the model says so, and an invalid outcome never', () => {
    const silent = [unit({ label: null, outcomeKnown: false }), unit({ label: null, outcomeKnown: true })];
    assert.equal(compareArms(silent, brierLoss, 'exclude').labelled, 0);
    assert.equal(compareArms(silent, brierLoss, 'zero').labelled, 1);
  });
});

/** 1,000 requests, half of them labelled; the losses differ by so much per 1,000. */
const day = (perThousand: number, exposed = 0): Comparison => ({
  units: 1000,
  exposed,
  labelled: 500,
  candidateLoss: 100 + perThousand / 2,
  stableLoss: 100,
});
const UNLABELLED: Comparison = { units: 1000, exposed: 10, labelled: 0, candidateLoss: 0, stableLoss: 0 };
const MARGIN = 0.004;
const candidate = (change: Partial<ComparedCandidate>): ComparedCandidate => ({
  claim: 'not-worse',
  outcome: 'taken',
  days: [day(0)],
  firstLook: day(0),
  ...change,
});

describe('what simpler rules would have done', () => {
  for (const [title, compared, holdfast, threshold, calendar] of [
    ['nothing bad, nothing refused', candidate({}), [0, 0], [0, 0], [0, 0]],
    ['a day exactly at the margin is not bad', candidate({ days: [day(4, 10), day(4, 10)] }), [0, 0], [0, 0], [0, 0]],
    [
      'a day above it is: by whom it was served, from the second day on, by everyone',
      candidate({ days: [day(5, 10), day(5, 50)] }),
      [60, 0],
      [1000, 0],
      [2000, 0],
    ],
    [
      'the threshold refuses what looks bad on its first day, and serves it to nobody',
      candidate({ outcome: 'refused', days: [day(9, 0), day(9, 10)], firstLook: day(9) }),
      [10, 0],
      [0, 0],
      [2000, 0],
    ],
    [
      'a good one that looked bad by its first labels is refused by the threshold alone',
      candidate({ days: [day(0), day(-2)], firstLook: day(5) }),
      [0, 0],
      [0, 1],
      [0, 0],
    ],
    [
      'a good one refused by Holdfast counts against it',
      candidate({ outcome: 'refused', days: [day(4)] }),
      [0, 1],
      [0, 0],
      [0, 0],
    ],
    [
      'an improvement has to be one to be good: not better is not good',
      candidate({ claim: 'improve', outcome: 'refused', days: [day(1)], firstLook: day(1) }),
      [0, 0],
      [0, 0],
      [0, 0],
    ],
    [
      'an improvement that is one is refused by nobody who counts right',
      candidate({ claim: 'improve', outcome: 'refused', days: [day(-1)], firstLook: day(1) }),
      [0, 1],
      [0, 1],
      [0, 0],
    ],
    [
      'what is open is refused by nobody yet',
      candidate({ outcome: 'open', days: [day(-1)], firstLook: day(9) }),
      [0, 0],
      [0, 0],
      [0, 0],
    ],
    [
      'a day without labels is neither good nor bad',
      candidate({ days: [UNLABELLED, UNLABELLED] }),
      [0, 0],
      [0, 0],
      [0, 0],
    ],
    [
      'without a label the threshold does not look, and serves it to nobody',
      candidate({ days: [UNLABELLED, day(9, 10)], firstLook: UNLABELLED }),
      [10, 0],
      [0, 0],
      [1000, 0],
    ],
  ] as ReadonlyArray<readonly [string, ComparedCandidate, [number, number], [number, number], [number, number]]>)
    it(title, () => {
      const board = scoreRules([compared], MARGIN);
      const told = [board.holdfast, board.threshold, board.calendar].map(({ badPredictions, goodRefused }) => [
        badPredictions,
        goodRefused,
      ]);
      assert.deepEqual(told, [holdfast, threshold, calendar]);
    });

  it('counts the candidates and days that could be compared', () => {
    const { candidates, days } = scoreRules(
      [candidate({}), candidate({ days: [] }), candidate({ days: [day(1), day(2)] })],
      MARGIN,
    );
    assert.deepEqual([candidates, days], [2, 3]);
  });

  it('never finds that a gate or a threshold serves more bad predictions than serving everyone at once', () =>
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: -20, max: 20 }), fc.integer({ min: 0, max: 1000 })), { maxLength: 6 }),
        fc.integer({ min: -20, max: 20 }),
        (days, first) => {
          const compared = candidate({
            days: days.map(([worse, exposed]) => day(worse, exposed)),
            firstLook: day(first),
          });
          const { holdfast, threshold, calendar } = scoreRules([compared], MARGIN);
          assert.ok(holdfast.badPredictions <= calendar.badPredictions);
          assert.ok(threshold.badPredictions <= calendar.badPredictions);
          assert.equal(calendar.goodRefused, 0);
        },
      ),
    ));
});
