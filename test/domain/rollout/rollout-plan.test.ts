import assert from 'node:assert/strict';
import { readModelFile } from '../../../src/adapters/declaration-file/model.ts';
import { policyOf } from '../../../src/contracts/policy-record.ts';
import type { PolicyRecord } from '../../../src/contracts/records.ts';
import { gateRunPlan } from '../../../src/domain/rollout/recorded-policy.ts';
import { planRollout } from '../../../src/domain/rollout/rollout-plan.ts';
import type { ExpectedTraffic } from '../../../src/domain/rollout/rollout-plan.ts';
import { effectiveSafeMargin, logEValue, mergeHistograms, quantile } from '../../../src/domain/statistics/index.ts';
import type { DifferenceStreamPolicy, DiffHistogram } from '../../../src/domain/statistics/index.ts';
import { randomFrom, seedOf } from '../../../src/simulation/gate/random.ts';
import { rolloutPlanInWords } from '../../../src/pages/rollout-plan.ts';

const TRAFFIC: ExpectedTraffic = { unitsPerDay: 15_000, sliceShares: { newark: 0.02 }, deviation: 0.1, gain: 0 };
const REPLICATIONS = 300;
const BATCH = 100;

/** Units after which simulated differences, normal around `mean`, are certified; looked at every hundred. */
function unitsToCertify(seed: number, mean: number, deviation: number, margin: number): number {
  const random = randomFrom(seedOf(seed, 5));
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  let histogram: DiffHistogram = [];
  for (let units = BATCH; units < 200_000; units += BATCH) {
    const counts = new Map<number, number>();
    for (let unit = 0; unit < BATCH; unit++) {
      const value = Math.round(Math.max(-1, Math.min(1, mean + deviation * normal())) * 200);
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    histogram = mergeHistograms(
      histogram,
      [...counts].map(([value, count]) => [value, 200, count] as const),
    );
    if (logEValue(histogram, margin, 'safe') >= Math.log(20)) return units;
  }
  return Number.POSITIVE_INFINITY;
}

describe('the plan of a rollout', function () {
  this.timeout(60_000);
  let policy: PolicyRecord;
  before(async () => {
    const { declaration } = await readModelFile('models/flight-delay.yaml');
    policy = policyOf(declaration, 'not-worse');
  });

  for (const [claim, gain, deviation] of [
    ['not-worse', 0, 0.1],
    ['improve', 0.012, 0.13],
  ] as const)
    it(`says within a quarter what a simulated candidate that claims ${claim} needs in shadow`, () => {
      const claimed = { ...policy, claim };
      const { policy: gate } = gateRunPlan(claimed, 'shadow');
      const margin = effectiveSafeMargin(gate, gate.streams[0] as DifferenceStreamPolicy, 0)!;
      const units = Array.from({ length: REPLICATIONS }, (_, seed) => unitsToCertify(seed, -gain, deviation, margin));
      const planned = planRollout(claimed, { ...TRAFFIC, gain, deviation }).steps[1]!.units!;
      for (const [q, want] of [
        [0.5, planned.p50],
        [0.9, planned.p90],
      ] as const) {
        const measured = quantile(units, q);
        assert.ok(Math.abs(measured / want - 1) < 0.25, `${q}: measured ${measured}, planned ${want}`);
      }
    });

  it('lays spans, maturity and the way to the next whole cohort end to end', () => {
    const { steps, totalDays } = planRollout(policy, TRAFFIC);
    // Three days of span, half a day until the last label, three hours until the rise.
    assert.equal(steps[1]?.days?.p50, 3.625);
    assert.equal(steps[1]?.heldBy, 'span');
    assert.deepEqual(totalDays, { p50: 7.5, p90: 7.5 });
  });

  it('takes longer where there is less traffic, and says when that is longer than a deadline', () => {
    const { steps, warnings } = planRollout(policy, { ...TRAFFIC, unitsPerDay: 300 });
    assert.equal(steps[1]?.heldBy, 'evidence');
    assert.ok((steps[1]?.days?.p50 ?? 0) > 10);
    assert.match(warnings.join('\n'), /longer than its deadline/);
  });

  it('says what can never conclude: an improvement that nobody expects, and a slice nobody is in', () => {
    const { steps, totalDays, warnings } = planRollout(
      { ...policy, claim: 'improve' },
      { ...TRAFFIC, sliceShares: {} },
    );
    assert.equal(steps[1]?.heldBy, 'never');
    assert.equal(totalDays, null);
    assert.match(warnings.join('\n'), /step shadow can never conclude/);
    assert.match(warnings.join('\n'), /loss\/newark can never conclude/);
  });

  it('judges only as many units as the smaller arm has where acting changes the label', () => {
    const paired = planRollout(policy, TRAFFIC).harms[0]?.days?.p50 ?? 0;
    const blocked = planRollout({ ...policy, affectsLabel: true }, TRAFFIC).harms[0]?.days?.p50 ?? 0;
    assert.ok(Math.abs(blocked / paired - 100) < 1, 'one per cent of the traffic takes a hundred times as long');
  });

  it('draws the ladder in event time', () => {
    const forecast = planRollout(policy, TRAFFIC);
    const view = {
      model: 'flights',
      claim: 'not-worse',
      unitName: 'flight',
      traffic: TRAFFIC,
      start: 0,
      forecast,
    } as const;
    const words = rolloutPlanInWords(view);
    assert.match(words, /^shadow +█+ +3\.6 days +[\d,]+ \([\d,]+\) +from 1970-01-01 +span$/m);
    assert.match(words, /^25 % +█+ +1\.6 days .* span, 1 approval$/m);
  });
});
