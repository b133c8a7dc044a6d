import assert from 'node:assert/strict';
import {
  argoLike,
  climb,
  criticalLimit,
  flaggerLike,
  kayentaLike,
  timedProcedure,
  zTestLike,
} from '../../../src/simulation/gate/delivery-rules.ts';
import { shiftEvidence } from '../../../src/simulation/gate/rank-shift.ts';
import { outcomeStream, STEADY } from '../../../src/simulation/gate/world.ts';
import type { ArmCounts } from '../../../src/simulation/gate/world.ts';

/** A cohort of 100 candidate and 900 control units, `bad` of the candidate's. */
function counts(bad: number): ArmCounts {
  return { candidate: 100, candidateBad: bad, control: 900, controlBad: 45, baselineBad: 5 };
}

const LADDER = { exposuresBp: [100, 500], horizon: 100 };
const good = (seed: number) => outcomeStream({ unitsPerCohort: 1000, base: STEADY, delta: 0 }, seed);

describe('rules of progressive delivery', () => {
  it('Argo: measures every interval and fails at the first failure beyond the limit', () => {
    const rule = argoLike({ interval: 2, failureLimit: 1, pause: 4 });
    const procedure = timedProcedure(rule, 0.05);
    // Measured: (9 + 2)/200 above the limit, (9 + 1)/200 at it, (6 + 5)/200 above it again.
    assert.deepEqual(
      [9, 2, 9, 1, 6, 5].map((bad) => procedure.look(counts(bad))),
      ['stay', 'stay', 'stay', 'advance', 'stay', 'abort'],
    );
    const strict = timedProcedure({ ...rule, tolerated: 0 }, 0.05);
    assert.deepEqual([strict.look(counts(9)), strict.look(counts(2))], ['stay', 'abort']);
  });

  it('Flagger: a failed check halts the advance and is counted over the whole rollout', () => {
    const procedure = flaggerLike({ interval: 1, threshold: 2 }, 0.05);
    assert.deepEqual(
      [5, 6, 5, 6].map((bad) => procedure.look(counts(bad))),
      ['advance', 'stay', 'advance', 'abort'],
    );
  });

  it('Kayenta: looks once, at the end of the step, and sees a clear shift of the points', () => {
    const { statistic, cohortsPerStep } = kayentaLike({ points: 10, cohortsPerPoint: 2 });
    const step = Array.from({ length: 20 }, (_, i) => counts(9 + (i % 3)));
    assert.equal(cohortsPerStep, 20);
    assert.equal(statistic(step.slice(0, 19)), null);
    assert.ok(statistic(step)! > 3);
    assert.ok(
      statistic(
        step.map(({ baselineBad, ...rest }, i) => ({ ...rest, candidateBad: 5, baselineBad: baselineBad + (i % 2) })),
      )! < 0,
    );
  });

  it('a test of fixed horizon looks at the end of the step alone', () => {
    const looks = (which: 'end' | 'every') => {
      const { statistic } = zTestLike({ pause: 3, looks: which });
      return [1, 2, 3].map((n) => statistic(Array.from({ length: n }, () => counts(9))) !== null);
    };
    assert.deepEqual(looks('end'), [false, false, true]);
    assert.deepEqual(looks('every'), [true, true, true]);
  });

  it('the critical limit of a rollout is the one it does not exceed, and no lower', () => {
    const rule = argoLike({ interval: 5, failureLimit: 1, pause: 20 });
    for (const seed of [1, 2, 3, 4, 5]) {
      const limit = criticalLimit(good(seed), LADDER, rule);
      const terminal = (at: number) => climb(good(seed), LADDER, timedProcedure(rule, at)).terminal;
      assert.deepEqual([terminal(limit), terminal(limit - 1e-9)], ['promoted', 'rolled-back']);
    }
  });

  it('gives a rollout up at the horizon', () => {
    const outcome = climb(good(1), { ...LADDER, horizon: 7 }, { look: () => 'stay' });
    assert.deepEqual([outcome.terminal, outcome.cohorts, outcome.served], [null, 7, 70]);
  });
});

describe('evidence of a shift by ranks', () => {
  it('counts the shifts above the tolerance, against their spread', () => {
    // Shifts 1…4 and 3…6 of two by two: 2, 3 | 1, 2; estimate 2, a quarter of it 0.5: all four lie above.
    const deviation = Math.sqrt((2 * 2 * 5) / 12);
    assert.equal(shiftEvidence([3, 4], [1, 2], 0.25), 1.5 / deviation);
    assert.equal(shiftEvidence([1, 2], [3, 4], 0.25), -2.5 / deviation);
  });
});

describe('a stream of outcomes', () => {
  it('says the same of a unit whatever was asked before, and different things of different cohorts', () => {
    const [once, again] = [good(7), good(7)];
    again.losses(3);
    assert.deepEqual(once.losses(5), again.losses(5));
    assert.notDeepEqual(once.losses(5), once.losses(6));
    assert.notDeepEqual(once.losses(5), once.losses(5, 1));
  });

  it('fails every unit under the worse model that fails under the better', () => {
    const { candidate, control } = outcomeStream({ unitsPerCohort: 1000, base: STEADY, delta: 0.1 }, 1).losses(1);
    assert.ok(control.every((bad, unit) => bad <= candidate[unit]!));
    const share = (losses: Uint8Array) => losses.reduce((sum, bad) => sum + bad, 0) / 1000;
    assert.ok(Math.abs(share(control) - 0.05) < 0.03 && Math.abs(share(candidate) - 0.15) < 0.05);
  });
});
