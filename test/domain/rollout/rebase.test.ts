import assert from 'node:assert/strict';
import fc from 'fast-check';
import { incomparable, rebasedStep } from '../../../src/domain/rollout/rebase.ts';
import type { MeasuringPolicy } from '../../../src/domain/rollout/rebase.ts';
import type { Step } from '../../../src/domain/rollout/states.ts';

const step = (mode: Step['mode'], exposure = 0): Step => ({
  mode,
  exposure,
  deadlineCohorts: null,
  run: mode === 'shadow' || mode === 'canary' ? mode : null,
  patienceMs: null,
  approvals: null,
});
const canaries = (...exposures: number[]): Step[] => exposures.map((exposure) => step('canary', exposure));
const ladder = (...exposures: number[]): Step[] => [
  step('offline'),
  step('shadow'),
  ...canaries(...exposures),
  step('full', 1),
];
const OLD = ladder(0.05, 0.25);

describe('the step of another ladder', () => {
  for (const [title, at, exposure, to, expected] of [
    ['is the same where exposure is the same', 2, 0.05, ladder(0.05, 0.25), 2],
    ['is the highest that exposes no more', 3, 0.25, ladder(0.01, 0.1, 0.2, 0.5), 4],
    ['is that of the same exposure when steps were put before it', 2, 0.05, ladder(0.01, 0.05, 0.5), 3],
    ['is none where even the first canary exposes more', 2, 0.05, ladder(0.1), null],
    ['of shadow is shadow, whatever canaries follow', 1, 0, ladder(0.5), 1],
    ['of shadow is none where the other ladder has no shadow', 1, 0, [step('offline'), ...canaries(0.05)], null],
    ['of offline is offline', 0, 0, ladder(0.5), 0],
    ['of full exposure is full exposure', 4, 1, ladder(0.5), 3],
    [
      'of full exposure is none where the other keeps a holdback',
      4,
      0.95,
      [...ladder(0.5).slice(0, -1), step('full', 1)],
      null,
    ],
    ['of a step that is not there is none', 9, 0.05, ladder(0.05), null],
  ] as const)
    it(title, () => assert.equal(rebasedStep(OLD, at, exposure, to), expected));

  it('of the serving check is the serving check, or the first', () => {
    const checked = [step('offline'), step('infra'), ...OLD.slice(1)];
    assert.equal(rebasedStep(checked, 1, 0, checked), 1);
    assert.equal(rebasedStep(checked, 1, 0, OLD), 0);
  });

  it('never exposes more than is exposed now', () => {
    const exposures = fc
      .uniqueArray(fc.integer({ min: 1, max: 9999 }), { minLength: 1, maxLength: 8 })
      .map((points) => points.sort((a, b) => a - b).map((point) => point / 10_000));
    fc.assert(
      fc.property(exposures, exposures, fc.nat(), (mine, theirs, pick) => {
        const from = ladder(...mine);
        const at = 1 + (pick % (from.length - 1));
        const exposure = from[at]?.exposure ?? 0;
        const found = rebasedStep(from, at, exposure, ladder(...theirs));
        assert.ok(found === null || (ladder(...theirs)[found]?.exposure ?? 1) <= exposure);
      }),
    );
  });
});

describe('what was measured under one policy', () => {
  const rollout: MeasuringPolicy['rollout'] = {
    loss: 'squaredError',
    lossRange: [0, 10],
    slices: [{ id: 'north', where: { depot: ['north'] } }],
    metrics: [{ name: 'refunds', shape: 'count', direction: 'lower-is-better' }],
  };
  const from: MeasuringPolicy = {
    claim: 'not-worse',
    cohortMs: 3_600_000,
    affectsLabel: false,
    absence: 'exclude',
    rollout,
  };
  const within = (changed: Partial<MeasuringPolicy['rollout']>): MeasuringPolicy => ({
    ...from,
    rollout: { ...rollout, ...changed },
  });

  for (const [title, to, reason] of [
    ['is judged by another that measures the same', within({}), null],
    ['is judged by one with fewer slices and metrics', within({ slices: [], metrics: [] }), null],
    ['is judged by one with more', within({ slices: [...rollout.slices, { id: 'south', where: {} }] }), null],
    ['is not judged for another claim', { ...from, claim: 'improve' }, /claim of "improve"/],
    ['is not judged by other cohorts', { ...from, cohortMs: 1 }, /other cohorts/],
    ['is not judged where silence means something else', { ...from, absence: 'zero' }, /another label or loss/],
    ['is not judged where acting changes the label', { ...from, affectsLabel: true }, /another label or loss/],
    ['is not judged by another loss', within({ loss: 'brier' }), /another label or loss/],
    ['is not judged by another range of the loss', within({ lossRange: [0, 20] }), /another label or loss/],
    [
      'is not judged where a metric of its name counts the other way',
      within({ metrics: [{ ...rollout.metrics[0]!, direction: 'higher-is-better' }] }),
      /^metric refunds counts something else in it/,
    ],
    [
      'is not judged where a slice of its name selects others',
      within({ slices: [{ id: 'north', where: { depot: ['south'] } }] }),
      /^slice north selects other units in it/,
    ],
  ] as const)
    it(title, () => {
      const found = incomparable(from, to);
      if (reason === null) assert.equal(found, null);
      else assert.match(found ?? '', reason);
    });
});
