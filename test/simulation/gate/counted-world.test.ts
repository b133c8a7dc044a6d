import assert from 'node:assert/strict';
import { binomialLogPmf, chiSquaredSf } from '../../../src/domain/statistics/index.ts';
import { plainPolicy, gateStep } from '../../../src/domain/gate/default-policy.ts';
import { binaryShape, differencesAt } from '../../../src/domain/gate/loss-shape.ts';
import { drawBinomial } from '../../../src/simulation/gate/binomial-draw.ts';
import { countedRecord, countSource } from '../../../src/simulation/gate/counted-world.ts';
import { randomFrom } from '../../../src/simulation/gate/random.ts';

/** p-value of counts against expected ones; sparse cells are pooled. */
function fit(cells: ReadonlyArray<readonly [observed: number, expected: number]>): number {
  const pooled: Array<[number, number]> = [[0, 0]];
  for (const [observed, expected] of cells) {
    const last = pooled.at(-1)!;
    last[0] += observed;
    last[1] += expected;
    if (last[1] >= 10) pooled.push([0, 0]);
  }
  const kept = pooled.filter(([, expected]) => expected >= 10);
  const statistic = kept.reduce((sum, [observed, expected]) => sum + (observed - expected) ** 2 / expected, 0);
  return chiSquaredSf(statistic, kept.length - 1);
}

const DRAWS = 20_000;

describe('a binomial draw in constant time', () => {
  for (const [n, p] of [
    [20, 0.05],
    [100, 0.5],
    [1000, 0.03],
    [1000, 0.97],
    [50_000, 0.05],
  ] as const)
    it(`has the distribution of Bin(${n}, ${p})`, () => {
      const random = randomFrom(n);
      const counts = new Map<number, number>();
      for (let i = 0; i < DRAWS; i++) {
        const k = drawBinomial(random, n, p);
        counts.set(k, (counts.get(k) ?? 0) + 1);
      }
      const cells = Array.from(
        { length: n + 1 },
        (_, k) => [counts.get(k) ?? 0, DRAWS * Math.exp(binomialLogPmf(k, n, p))] as const,
      );
      assert.ok(fit(cells) > 1e-3, `p = ${fit(cells)}`);
    });

  it('knows the ends', () => {
    const random = randomFrom(1);
    assert.deepEqual([drawBinomial(random, 0, 0.5), drawBinomial(random, 9, 0), drawBinomial(random, 9, 1)], [0, 0, 9]);
  });
});

describe('a world of counts', () => {
  const policy = plainPolicy({
    preset: 'standard',
    loss: 'loss',
    missing: 'exclude',
    harmMargin: 0.01,
    safeMargin: 0.02,
    quantum: 0,
    steps: [gateStep(500), gateStep(8000)],
  });
  const world = { unitsPerCohort: 4000, base: () => 0.1, delta: 0.05, stream: 'loss' };

  for (const step of [0, 1])
    it(`yields the matched differences of its rates at ${policy.steps[step]!.exposureBp / 100} %`, () => {
      const { exposureBp } = policy.steps[step]!;
      const { values, probs } = differencesAt(binaryShape(0.15), binaryShape(0.1), exposureBp, 20);
      const counts = new Map<number, number>();
      let units = 0;
      for (let seed = 0; seed < 60; seed++) {
        for (const [num, den, count] of countedRecord(world, policy, seed, 1, step).differences!['loss']!) {
          const at = values.findIndex((value) => Math.abs(value - num / den) < 1e-12);
          counts.set(at, (counts.get(at) ?? 0) + count);
          units += count;
        }
      }
      assert.equal(units, 60 * (step === 0 ? 200 : 800));
      const p = fit(values.map((_, index) => [counts.get(index) ?? 0, units * probs[index]!]));
      assert.ok(p > 1e-3, `p = ${p}`);
    });

  it('matches an odd number of units at half', () => {
    const half = { ...policy, steps: [gateStep(5000)] };
    const { assigned, differences } = countedRecord({ ...world, unitsPerCohort: 833 }, half, 1, 1, 0);
    assert.deepEqual(assigned, { control: 416, candidate: 417 });
    assert.equal(
      differences!['loss']!.reduce((sum, [, den, count]) => sum + (den === 1 ? count : 0), 0),
      416,
    );
  });

  it('has no difference on other streams, and the same luck for the same seed', () => {
    const record = countedRecord(world, policy, 7, 3, 0);
    assert.deepEqual(countedRecord(world, policy, 7, 3, 0), record);
    assert.notDeepEqual(countedRecord(world, policy, 8, 3, 0).differences, record.differences);
    const [candidateEvents, events, candidates, all] = record.counts!['loss missing']!;
    assert.deepEqual([candidates, all], [200, 4000]);
    assert.ok(candidateEvents < 40 && Math.abs(events - 400) < 80);
  });

  it('shows a monitor the same arms', () => {
    const { candidate, control, candidateBad, controlBad, baselineBad } = countSource(world, 5).counts(1, 500);
    assert.deepEqual([candidate, control], [200, 3800]);
    assert.ok(baselineBad <= controlBad && candidateBad < 70);
  });
});
