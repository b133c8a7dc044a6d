import assert from 'node:assert/strict';
import { pairsOf, shuffledInTime, spreadOf, verdictsOf } from '../../scripts/verify-heterogeneity/looks.ts';
import { randomFrom } from '../../src/simulation/gate/random.ts';

const HOUR_MS = 3_600_000;
const DAYS = 21;
const UNITS_PER_HOUR = 30;

/** Two models that are equal over three weeks; the candidate is worse by 0.02 on every third day and better by half of it on the others. */
function movingPairs() {
  const random = randomFrom(1);
  const rows = DAYS * 24 * UNITS_PER_HOUR;
  const at = Float64Array.from({ length: rows }, (_, i) => Math.floor(i / UNITS_PER_HOUR) * HOUR_MS);
  const labels = new Float64Array(rows);
  const stable = Float64Array.from({ length: rows }, () => Math.sqrt(0.2 + 0.1 * random()));
  const candidate = stable.map((p, i) => {
    const day = Math.floor(at[i]! / HOUR_MS / 24);
    return Math.sqrt(p * p + (day % 3 === 0 ? 0.02 : -0.01) + 0.1 * (random() - 0.5));
  });
  return pairsOf(at, labels, candidate, stable);
}

describe('verdicts from every start day', () => {
  const pairs = movingPairs();

  it('report harm of a tie that moves from day to day, and none once it is shuffled in time', () => {
    const moving = verdictsOf(pairs, 0, 0.004);
    const still = verdictsOf(shuffledInTime(pairs, randomFrom(2)), 0, 0.004);
    assert.equal(moving.startDays, DAYS - 6);
    assert.ok(moving.harmHourly > 0.5 && moving.harmHourly >= moving.harmDaily, JSON.stringify(moving));
    assert.ok(still.harmHourly <= 0.2 && still.certifiedAtEnd > 0.8, JSON.stringify(still));
  });

  it('are silent at the end of the week with a margin beyond what the week averages to', () => {
    assert.equal(verdictsOf(pairs, 0.005, 0.01).harmAtEnd, 0);
  });

  it('see by how much hours vary more than independent units', () => {
    const { mean, designEffect, daily } = spreadOf(pairs);
    assert.ok(Math.abs(mean) < 0.001 && daily.length === DAYS);
    assert.ok(designEffect > 3);
    assert.ok(spreadOf(shuffledInTime(pairs, randomFrom(3))).designEffect < 1.3);
  });
});
