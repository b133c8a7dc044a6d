import assert from 'node:assert/strict';
import fc from 'fast-check';
import { MixtureOfBets, growthOptimalFraction, planBets } from '../../scripts/verify-gate/planned-bets.ts';
import { differenceDistribution } from '../../src/domain/statistics/index.ts';

const EXPOSURES_BP = [100, 500, 2500, 5000];
const SIZES = [20, 19, 3, 1];
const PLAN = planBets({ exposuresBp: EXPOSURES_BP, harmBudget: 0.0035, plannedLoss: 0.05 });

const rates = fc.integer({ min: 1, max: 900 }).map((thousandths) => thousandths / 1000);
const steps = fc.integer({ min: 0, max: 3 });

/** Differences of one unit at a step, with their probabilities, the candidate worse by `delta`. */
function branch(
  rate: number,
  delta: number,
  step: number,
): Array<readonly [num: number, den: number, probability: number]> {
  const k = SIZES[step]!;
  const { values, probs } = differenceDistribution(Math.min(Math.max(rate + delta, 0), 1), rate, k);
  return values.map((value, i) => [Math.round(value * k), k, probs[i]!] as const);
}

/** E[K] after one difference at each of two steps, by enumeration. */
function expectation(
  begin: () => MixtureOfBets,
  units: ReadonlyArray<readonly [step: number, rate: number]>,
  delta: number,
): number {
  let sum = 0;
  const [[stepA, rateA], [stepB, rateB]] = units as [[number, number], [number, number]];
  for (const [numA, denA, a] of branch(rateA, delta, stepA)) {
    for (const [numB, denB, b] of branch(rateB, delta, stepB)) {
      const mixture = begin();
      mixture.add(stepA, [[numA, denA, 1]]);
      mixture.add(stepB, [[numB, denB, 1]]);
      sum += a * b * Math.exp(mixture.ln());
    }
  }
  return sum;
}

describe('planned bets', () => {
  it('never gain in expectation under their null, at any rates, however wrong the plan', () => {
    fc.assert(
      fc.property(steps, steps, steps, rates, rates, (at, stepA, stepB, rateA, rateB) => {
        const units = [
          [stepA, rateA],
          [stepB, rateB],
        ] as const;
        const { margin, bets } = PLAN.safe[at]!;
        assert.ok(expectation(() => new MixtureOfBets(PLAN.harm, 0, 'harm'), units, 0) <= 1 + 1e-9);
        assert.ok(expectation(() => new MixtureOfBets(bets, margin, 'safe'), units, margin) <= 1 + 1e-9);
      }),
      { numRuns: 25 },
    );
  });

  it('certify margins that fall from step to step, so that the first wrong advance is at the first wrong step', () => {
    const ladders = fc.uniqueArray(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(ladders, fc.integer({ min: 1, max: 200 }), (percents, budget) => {
        const exposuresBp = percents.sort((a, b) => a - b).map((percent) => 100 * percent);
        const { safe } = planBets({ exposuresBp, harmBudget: budget / 10_000, plannedLoss: 0.05 });
        for (const [step, { margin }] of safe.entries()) assert.ok(step === 0 || margin <= safe[step - 1]!.margin);
      }),
      { numRuns: 25 },
    );
  });

  it('spread a whole weight', () => {
    for (const bets of [PLAN.harm, ...PLAN.safe.map((step) => step.bets)]) {
      assert.ok(Math.abs(bets.reduce((sum, { weight }) => sum + weight, 0) - 1) < 1e-12);
    }
  });

  it('take the fraction that grows fastest', () => {
    const growth = (eta: number) => {
      const { values, probs } = differenceDistribution(0.05, 0.05, 3);
      return values.reduce((sum, value, i) => sum + probs[i]! * Math.log1p((-eta * (value - 0.007)) / (1 - 0.007)), 0);
    };
    const best = growthOptimalFraction({ candidate: 0.05, control: 0.05 }, 3, 0.007, 'safe');
    assert.ok(growth(best) > growth(best * 0.99) && growth(best) > growth(best * 1.01));
    assert.equal(growthOptimalFraction({ candidate: 0.9, control: 0.05 }, 1, 0, 'harm'), 0.95);
  });
});
