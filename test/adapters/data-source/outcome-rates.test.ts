import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { outcomeRateSql, rateColumn } from '../../../src/adapters/data-source/outcome-rate-sql.ts';
import { withSession } from '../../../src/adapters/data-source/session.ts';
import type { OutcomeRateFeature } from '../../../src/contracts/serving.ts';
import { durationMs, MINUTE_MS } from '../../../src/domain/time.ts';

interface Row {
  readonly at: number;
  readonly shop: string | null;
  readonly size: number | null;
}
interface Outcome extends Row {
  readonly label: number | null;
}

const feature = (changes: Partial<OutcomeRateFeature>): OutcomeRateFeature => ({
  kind: 'outcomeRate',
  name: 'rate',
  key: ['shop'],
  window: 'PT1H',
  lag: 'PT15M',
  age: 'PT0S',
  prior: { rate: 0.2, weight: 10 },
  ...changes,
});

/** The definition, outcome by outcome. */
function naive(row: Row, outcomes: readonly Outcome[], feature: OutcomeRateFeature): number {
  const minute = (at: number): number => Math.floor(at / MINUTE_MS);
  const inMinutes = (duration: string): number => durationMs(duration) / MINUTE_MS;
  const high = minute(row.at) - inMinutes(feature.lag) - inMinutes(feature.age);
  const counted = outcomes.filter(
    (outcome) =>
      outcome.label !== null &&
      minute(outcome.at) <= high &&
      minute(outcome.at) > high - inMinutes(feature.window) &&
      feature.key.every((name) => outcome[name as 'shop' | 'size'] === row[name as 'shop' | 'size']),
  );
  const positives = counted.filter((outcome) => outcome.label === 1).length;
  return (positives + feature.prior.weight * feature.prior.rate) / (counted.length + feature.prior.weight);
}

async function bySql(
  rows: readonly Row[],
  outcomes: readonly Outcome[],
  features: OutcomeRateFeature[],
): Promise<number[][]> {
  const value = (value: string | number | null): string =>
    value === null ? 'null' : typeof value === 'number' ? String(value) : `'${value}'`;
  const inputs = ({ shop, size }: Row): string =>
    `struct_pack(shop := cast(${value(shop)} as varchar), size := cast(${value(size)} as double))`;
  return withSession({}, async (session) => {
    await session.run(
      `create temp table asked as select * from (values ${rows
        .map((row, index) => `('${index}', ${row.at}::bigint, ${inputs(row)})`)
        .join(', ')}) as t(unit, "at", inputs)`,
    );
    await session.run(
      'create temp table arrived (known_at bigint, label double, inputs struct(shop varchar, size double))',
    );
    if (outcomes.length > 0) {
      await session.run(
        `insert into arrived values ${outcomes.map((row) => `(${row.at}, ${value(row.label)}, ${inputs(row)})`).join(', ')}`,
      );
    }
    const columns = await session.columns(`from (${outcomeRateSql(features)}) order by cast(unit as integer)`);
    assert.equal(columns.rows, rows.length);
    return features.map((_, index) => [...columns.numbers(rateColumn(index))]);
  });
}

const anyRow = fc.record({
  at: fc.integer({ min: 0, max: 300 * MINUTE_MS }),
  shop: fc.constantFrom('a', 'b', null),
  size: fc.constantFrom(1, 2, null),
});
const anyOutcome = fc
  .record({ row: anyRow, label: fc.constantFrom(0, 1, null, 0.5) })
  .map(({ row, label }) => ({ ...row, label }));

describe('outcome rates in SQL', () => {
  it('equal the definition for any rows, outcomes and windows, to the last bit', async () => {
    const features = [
      feature({}),
      feature({ key: [], window: 'PT3H', lag: 'PT1M' }),
      feature({ key: ['shop', 'size'], window: 'PT2H', prior: { rate: 0.1, weight: 0.3 } }),
      feature({ key: ['size'], window: 'PT1M' }),
      feature({ window: 'PT30M', age: 'PT1H' }),
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyRow, { minLength: 1, maxLength: 30 }),
        fc.array(anyOutcome, { maxLength: 60 }),
        async (rows, outcomes) => {
          assert.deepEqual(
            await bySql(rows, outcomes, features),
            features.map((feature) => rows.map((row) => naive(row, outcomes, feature))),
          );
        },
      ),
      { numRuns: 25 },
    );
  });

  const noon = 720 * MINUTE_MS;
  for (const [title, outcomeAt, counts] of [
    ['counts an outcome of the youngest minute: exactly lag ago', noon - 15 * MINUTE_MS, true],
    ['counts an outcome in the last second of the youngest minute', noon - 14 * MINUTE_MS - 1, true],
    ['leaves out an outcome a minute younger than the lag', noon - 14 * MINUTE_MS, false],
    ['counts an outcome of the oldest minute: lag + window − 1 minute ago', noon - 74 * MINUTE_MS, true],
    ['leaves out an outcome exactly lag + window ago', noon - 75 * MINUTE_MS, false],
    ['leaves out an outcome in the last millisecond before the oldest minute', noon - 74 * MINUTE_MS - 1, false],
  ] as const)
    it(title, async () => {
      const row = { at: noon + 59_999, shop: 'a', size: null };
      const values = await bySql([row], [{ ...row, at: outcomeAt, label: 1 }], [feature({})]);
      assert.deepEqual(values, [[counts ? 3 / 11 : 0.2]]);
    });
});
