import assert from 'node:assert/strict';
import fc from 'fast-check';
import { designEffect } from '../../../src/domain/gate/design-effect.ts';
import type { DatedBlock } from '../../../src/domain/gate/design-effect.ts';
import { gateStep, plainPolicy } from '../../../src/domain/gate/default-policy.ts';
import { planLadder } from '../../../src/domain/gate/ladder-plan.ts';
import { binaryShape, differencesAt, meanLoss, shapeOf, shifted } from '../../../src/domain/gate/loss-shape.ts';
import { differenceDistribution, planSampleSize } from '../../../src/domain/statistics/index.ts';
import type { DifferenceStreamPolicy, GatePolicy } from '../../../src/domain/statistics/index.ts';
import { HOUR_MS } from '../../../src/domain/time.ts';
import { normalQuantile } from '../../../src/domain/statistics/index.ts';
import { budgetPolicy } from '../../../src/simulation/gate/rollout.ts';
import { randomFrom } from '../../../src/simulation/gate/random.ts';

const mean = ({ values, probs }: { values: number[]; probs: number[] }) =>
  values.reduce((sum, v, i) => sum + v * probs[i]!, 0);

function policyOf(
  margins: { safeMargin: number; harmMargin: number },
  steps = [gateStep(500), gateStep(5000)],
): [GatePolicy, DifferenceStreamPolicy] {
  const policy = plainPolicy({ preset: 'standard', loss: 'loss', missing: 'refuse', quantum: 0, steps, ...margins });
  return [policy, policy.streams[0] as DifferenceStreamPolicy];
}

const WORLD = { shape: binaryShape(0.05), unitsPerDay: 24_000, cohortMs: HOUR_MS, designEffect: 1 };

describe('the shape of a loss', () => {
  it('gives, of losses of 0 and 1, the differences of the planner', () => {
    const ours = differencesAt(binaryShape(0.07), binaryShape(0.05), 500, 20);
    const { values, probs } = differenceDistribution(0.07, 0.05, 19);
    for (const [index, value] of ours.values.entries()) {
      const expected = values.reduce((sum, v, i) => sum + (Math.abs(v - value) < 1e-12 ? probs[i]! : 0), 0);
      assert.ok(Math.abs(ours.probs[index]! - expected) < 1e-12, String(value));
    }
  });

  it('has differences without mean where the arms are equal, at every exposure', () =>
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 100, max: 9900 }),
        (losses, bp) => {
          const shape = shapeOf(Float64Array.from(losses));
          assert.ok(Math.abs(mean(differencesAt(shape, shape, bp, 20))) < 1e-9);
          assert.ok(Math.abs(differencesAt(shape, shape, bp, 20).probs.reduce((sum, p) => sum + p, 0) - 1) < 1e-9);
        },
      ),
      { numRuns: 30 },
    ));

  it('is shifted by what it is asked to, both ways', () => {
    const shape = shapeOf(Float64Array.from([0, 0.2, 0.4, 1, 0.1, Number.NaN]));
    for (const delta of [0, 0.1, -0.1, 0.3]) {
      assert.ok(Math.abs(meanLoss(shifted(shape, delta)) - meanLoss(shape) - delta) < 1e-12);
      assert.ok(Math.abs(mean(differencesAt(shifted(shape, delta), shape, 9000, 20)) - delta) < 1e-12);
    }
  });
});

describe('a ladder planned', () => {
  it('asks at its first step for what the planner asks for, and then for nothing more', () => {
    const [policy, stream] = policyOf({ safeMargin: 0.02, harmMargin: 0 });
    const { steps } = planLadder(policy, stream, WORLD, []);
    const { n50, n90 } = planSampleSize({
      ...differenceDistribution(0.05, 0.05, 19),
      margin: 0.02,
      direction: 'safe',
      level: 0.05,
    });
    assert.deepEqual(steps[0]!.units, { p50: n50, p90: n90 });
    assert.deepEqual(steps[0]!.cohorts, { p50: Math.ceil(n50! / 50), p90: Math.ceil(n90! / 50) });
    assert.deepEqual(steps[1]!.units, { p50: 0, p90: 0 });
    assert.deepEqual(steps[1]!.cohorts, { p50: 1, p90: 1 });
  });

  it('takes the time of the reference world of the harm budget', () => {
    const policy = budgetPolicy(24);
    const world = { shape: binaryShape(0.05), unitsPerDay: 8_640_000, cohortMs: 10_000, designEffect: 1 };
    const { steps } = planLadder(policy, policy.streams[0] as DifferenceStreamPolicy, world, []);
    const minutes = steps.reduce((sum, { cohorts }) => sum + cohorts!.p50 / 6, 0);
    assert.ok(minutes > 0.9 * 30.4 && minutes < 1.1 * 30.4, String(minutes));
  });

  it('detects harm as the planner does, at three quarters of the level, and none within the harm margin', () => {
    const [policy, stream] = policyOf({ safeMargin: 0.02, harmMargin: 0.01 });
    const { harms } = planLadder(policy, stream, WORLD, [0.01, 0.03, 0.99]);
    const { n50 } = planSampleSize({
      ...differenceDistribution(0.08, 0.05, 19),
      margin: 0.01,
      direction: 'harm',
      level: 0.0375,
    });
    assert.deepEqual(
      harms.map(({ steps }) => steps[0]?.p50 ?? null),
      [null, n50, null],
    );
  });

  for (const [title, steps, margins, cohorts] of [
    ['lasts as long as its floors', [{ ...gateStep(5000), minCohorts: 30 }], { safeMargin: 0.02, harmMargin: 0 }, 30],
    [
      'counts units that the floor asks for',
      [{ ...gateStep(5000), minUnits: 20_000 }],
      { safeMargin: 0.02, harmMargin: 0 },
      40,
    ],
    ['never certifies an improvement of an equal', [gateStep(5000)], { safeMargin: 0, harmMargin: 0 }, null],
    ['never certifies where nobody is in an arm', [gateStep(0)], { safeMargin: 0.02, harmMargin: 0 }, null],
  ] as const)
    it(title, () => {
      const [policy, stream] = policyOf(margins, [...steps]);
      assert.equal(planLadder(policy, stream, WORLD, []).steps[0]!.cohorts?.p50 ?? null, cohorts);
    });

  it('needs more of units that scatter more, and waits for labels', () => {
    const [policy, stream] = policyOf({ safeMargin: 0.02, harmMargin: 0 });
    const plain = planLadder(policy, stream, WORLD, [0.03]);
    const spread = planLadder(policy, stream, { ...WORLD, designEffect: 2 }, [0.03]);
    assert.ok(Math.abs(spread.steps[0]!.units!.p50 - 2 * plain.steps[0]!.units!.p50) <= 2);
    assert.equal(spread.harms[0]!.steps[0]!.p50, 2 * plain.harms[0]!.steps[0]!.p50);
    const late = planLadder(policy, { ...stream, lag: 48 }, WORLD, []);
    assert.equal(late.steps[0]!.cohorts!.p50, plain.steps[0]!.cohorts!.p50 + 48);
  });
});

describe('the design effect', () => {
  /** Means of blocks of 100 units of variance 1, their days sharing luck of standard deviation `day`. */
  function blocks(days: number, day: number): DatedBlock[] {
    const random = randomFrom(11);
    const gauss = () => normalQuantile(random() * 0.999 + 0.0005);
    return Array.from({ length: days }, (_, index) => ({ index, luck: day * gauss() })).flatMap(({ index, luck }) =>
      Array.from({ length: 24 }, () => ({ day: index, units: 100, mean: luck + gauss() / 10 })),
    );
  }

  it('is about 1 for independent units, and called chance', () => {
    const effect = designEffect(blocks(40, 0), 1);
    assert.ok(effect !== null && effect.value < 1.5);
    assert.equal(effect.isBeyondChance, false);
  });

  it('is found in days that share their luck', () => {
    const effect = designEffect(blocks(40, 0.05), 1);
    // 2,400 units a day: 1 + 2400·0.05².
    assert.ok(effect !== null && effect.by === 'day' && effect.value > 4 && effect.value < 11, JSON.stringify(effect));
    assert.equal(effect.isBeyondChance, true);
  });

  it('is unknown from a handful of blocks', () => {
    assert.equal(designEffect(blocks(1, 0).slice(0, 7), 1), null);
  });
});
