import assert from 'node:assert/strict';
import {
  characteristicsOf,
  GATE,
  jobsOf,
  PROCEDURES,
  runJob,
} from '../../../src/simulation/gate/operating-characteristics.ts';
import type { Trial } from '../../../src/simulation/gate/operating-characteristics.ts';
import { meanEstimate, quantileEstimate, shareEstimate } from '../../../src/simulation/gate/estimates.ts';
import { referencePolicy } from '../../../src/simulation/gate/rollout.ts';
import { runTrial } from '../../../src/simulation/gate/trial.ts';

const TRIAL: Trial = {
  policy: referencePolicy(),
  stream: 'loss-0',
  base: 0.05,
  cycle: 0,
  cohortsPerDay: 24,
  unitsPerCohort: 1000,
  horizon: 400,
  replications: 250,
  seed: 1,
  deltas: [0, 0.03],
  margin: 0.02,
  cohortsPerStep: 12,
};

describe('a trial of a policy', () => {
  it('is the same in threads as without, and says how far it is', async () => {
    const trial = { ...TRIAL, replications: 120 };
    const heard: number[] = [];
    const results = await runTrial(trial, (done) => heard.push(done));
    assert.equal(results.length, 2 * PROCEDURES.length);
    for (const result of results) {
      const { procedure, delta } = result;
      const jobs = jobsOf(trial).filter((job) => job.procedure === procedure && job.delta === delta);
      const alone = characteristicsOf(
        trial,
        { procedure, delta },
        jobs.flatMap((job) => runJob(trial, job)),
      );
      assert.deepEqual(result, alone);
    }
    assert.equal(heard.length, jobsOf(trial).length);
    assert.equal(heard.at(-1), 1);
  });

  // Published for this rollout (gate statistics §15): rolled back without difference, and median hours and excess at +3 points.
  for (const [procedure, falsely, hours, excess] of [
    [GATE, 0.0115, 12, 21],
    ['fixed threshold', 0.37, 7, 11],
    ['z-test per step', 0.19, 12, 21],
    ['z-test per step, level shared', 0.056, 12, 26],
    ['z-test at every look', 0.57, 3, 7],
    ['rank test', 0.018, 24, 62],
  ] as const)
    it(`does not contradict what was published of the ${procedure}`, () => {
      const of = (delta: number) =>
        characteristicsOf(TRIAL, { procedure, delta }, runJob(TRIAL, { procedure, delta, from: 0, to: 250 }));
      const { rolledBack } = of(0);
      const spread = 4 * Math.sqrt((falsely * (1 - falsely)) / 250);
      assert.ok(Math.abs(rolledBack.value - falsely) < spread, `${rolledBack.value}`);
      const worse = of(0.03);
      assert.ok(worse.rolledBack.value > 0.97);
      assert.ok(Math.abs(worse.daysP50.value * 24 - hours) <= Math.max(1, hours / 6), `${worse.daysP50.value * 24} h`);
      assert.ok(Math.abs(worse.excessBad.value - excess) < 0.2 * excess, `${worse.excessBad.value}`);
    });

  it('counts what a promoted bad candidate goes on to cost', () => {
    const job = { procedure: 'rank test', delta: 0.01, from: 0, to: 50 };
    const { excessBad, excessBadToHorizon, promoted } = characteristicsOf(TRIAL, job, runJob(TRIAL, job));
    assert.ok(promoted.value > 0.3 && excessBadToHorizon.value > 10 * excessBad.value);
  });

  it('leaves the time of the undecided open', () => {
    const short = { ...TRIAL, horizon: 3 };
    const job = { procedure: GATE, delta: 0, from: 0, to: 20 };
    assert.equal(characteristicsOf(short, job, runJob(short, job)).daysP50.value, Infinity);
  });
});

describe('estimates', () => {
  it('are exact for shares and ranks', () => {
    const { value, low, high } = shareEstimate(1, 100, 0.95);
    assert.deepEqual([value, low.toFixed(4), high.toFixed(4)], [0.01, '0.0003', '0.0545']);
    const values = Array.from({ length: 100 }, (_, index) => index + 1);
    assert.deepEqual(quantileEstimate(values, 0.5, 0.95), { value: 50, low: 40, high: 61 });
  });

  it('leave the end of an interval open that the samples do not know', () => {
    assert.deepEqual(quantileEstimate([1, 2, 3], 0.9, 0.95).high, Infinity);
    assert.deepEqual(meanEstimate([5], 0.95), { value: 5, low: -Infinity, high: Infinity });
  });
});
