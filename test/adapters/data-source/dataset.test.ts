import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DatasetRequest, DataSource, RowBatch } from '../../../src/adapters/data-source/port.ts';
import { createOutcomeRates } from '../../../src/domain/features/outcome-rates.ts';
import type { ObservedOutcome } from '../../../src/domain/features/outcome-rates.ts';
import { epochMs, isoInstant } from '../../../src/domain/time.ts';
import { flightModel, flightSlice, makePlaces, openShop, query } from './places.ts';
import type { TestPlaces } from './places.ts';

const owned = { owner: 'operations', reviewBy: '2027-06-30' };
const rate = {
  kind: 'outcomeRate' as const,
  name: 'rate',
  key: ['shop'],
  window: 'PT3H',
  lag: 'PT15M',
  age: 'PT0S',
  prior: { rate: 0.2, weight: 10 },
};
const features = [
  { kind: 'categorical' as const, name: 'shop', input: 'shop' },
  { kind: 'numeric' as const, name: 'amount', input: 'amount' },
  { kind: 'categorical' as const, name: 'amountClass', input: 'amount' },
  rate,
];

async function land(source: DataSource): Promise<DatasetRequest['partitions']> {
  const landed = [];
  for (const { day, rows } of await source.partitions()) if (rows > 0) landed.push(await source.landPartition(day));
  return landed.map(({ day, digest }) => ({ day, digest }));
}

type Row = ObservedOutcome & { readonly at: number };

async function collect(stream: AsyncIterable<RowBatch>): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const { rows: count, at, knownAt, label, inputs } of stream) {
    for (let row = 0; row < count; row += 1) {
      rows.push({
        at: at[row]!,
        knownAt: knownAt[row]!,
        label: Number.isNaN(label[row]) ? null : label[row]!,
        inputs: { origin: inputs['origin']!.values[row]!, destination: inputs['destination']!.values[row]! },
      });
    }
  }
  return rows;
}

describe('assembling a dataset version', () => {
  let places: TestPlaces;
  beforeEach(() => (places = makePlaces()));
  afterEach(() => places.remove());

  const lines = [
    '2001-01-01 10:00,b,5,1,30',
    '2001-01-01 10:10,a,7,0,30',
    '2001-01-01 10:20,,7.5,0,30',
    '2001-01-01 10:30,b,-1,1,30',
    '2001-01-02 10:00,c,,1,60',
    '2001-01-02 10:05,c,7,,60',
  ];
  const asOf = epochMs('2001-02-01');
  const open = (): Promise<DataSource> =>
    openShop(places, lines, {
      features,
      checks: [{ kind: 'rowRange', id: 'amount', expression: 'amount', min: 0, action: 'quarantine', ...owned }],
    });

  it('takes accepted rows with a known label, in order of event time, missing values as NaN', async () => {
    const source = await open();
    const dataset = await source.assembleDataset({
      partitions: await land(source),
      asOf,
      features: ['shop', 'amount', 'amountClass'],
    });
    assert.deepEqual([...dataset.at].map(isoInstant), [
      '2001-01-01T10:00:00Z',
      '2001-01-01T10:10:00Z',
      '2001-01-01T10:20:00Z',
      '2001-01-02T10:00:00Z',
    ]);
    assert.deepEqual([...dataset.matrix.labels], [1, 0, 0, 1]);
    assert.deepEqual(dataset.categories, { shop: ['a', 'b', 'c'], amountClass: ['5', '7', '7.5'] });
    assert.deepEqual(dataset.matrix.columns, [
      { name: 'shop', kind: 'categorical', values: Float64Array.of(1, 0, Number.NaN, 2), cardinality: 3 },
      { name: 'amount', kind: 'numeric', values: Float64Array.of(5, 7, 7.5, Number.NaN) },
      { name: 'amountClass', kind: 'categorical', values: Float64Array.of(0, 1, 2, Number.NaN), cardinality: 3 },
    ]);
  });

  for (const [title, at, rows] of [
    ['leaves out a label that becomes known a minute later', '2001-01-02T10:59:00Z', 3],
    ['takes a label that becomes known at that minute', '2001-01-02T11:00:00Z', 4],
    ['takes a label that became known a minute before', '2001-01-02T11:01:00Z', 4],
  ] as const)
    it(title, async () => {
      const source = await open();
      const partitions = await land(source);
      const dataset = await source.assembleDataset({ partitions, asOf: epochMs(at), features: ['amount'] });
      assert.equal(dataset.matrix.rows, rows);
    });

  describe('when labels are absent at the end of the attribution window', () => {
    const events = [
      '2001-01-01 10:00,in-time,1,1,120',
      '2001-01-01 10:00,late,2,1,121',
      '2001-01-01 10:00,never,3,1,',
      '2001-01-01 10:00,invalid,-4,1,30',
    ];
    const labelsBy = async (absence: 'exclude' | 'zero', at: string): Promise<unknown> => {
      const label = { valid: 'amount > 0', attributionWindow: 'PT2H', absence };
      const source = await openShop(places, events, { features, label });
      const partitions = await land(source);
      const { matrix } = await source.assembleDataset({ partitions, asOf: epochMs(at), features: ['amount'] });
      return [...matrix.labels].map((label, row) => [matrix.columns[0]!.values[row], label]);
    };

    it('leaves the rows out where absence excludes, also if a label comes later', async () => {
      assert.deepEqual(await labelsBy('exclude', '2001-01-02T00:00:00Z'), [[1, 1]]);
    });

    it('labels them 0 where absence means zero, but not what is known to be invalid', async () => {
      assert.deepEqual(await labelsBy('zero', '2001-01-01T12:00:00Z'), [
        [1, 1],
        [2, 0],
        [3, 0],
      ]);
      await assert.rejects(labelsBy('zero', '2001-01-01T11:59:59Z'), { code: 'DATA_DATASET_EMPTY' });
    });
  });

  it('keeps to a window of event time, and to settled categories', async () => {
    const source = await open();
    const dataset = await source.assembleDataset({
      partitions: await land(source),
      asOf,
      window: { from: epochMs('2001-01-01T10:10:00Z'), until: epochMs('2001-01-02T10:00:00Z') },
      features: ['shop'],
      categories: { shop: ['z', 'c'] },
    });
    assert.deepEqual([...dataset.matrix.columns[0]!.values], [-1, Number.NaN]);
    assert.deepEqual(dataset.categories, { shop: ['z', 'c'] });
  });

  it('marks the rows of suite cases by conditions over the columns of the file', async () => {
    const source = await open();
    const dataset = await source.assembleDataset({
      partitions: await land(source),
      asOf,
      features: ['amount'],
      cases: [
        { id: 'all', where: 'true' },
        { id: 'large', where: 'amount > 5' },
        { id: 'b', where: "shop = 'b' -- the shop" },
      ],
    });
    assert.deepEqual(dataset.cases, {
      all: Uint8Array.of(1, 1, 1, 1),
      large: Uint8Array.of(0, 1, 1, 0),
      b: Uint8Array.of(1, 0, 0, 0),
    });
  });

  it('gives labels and cases alone where no feature is asked for, as for a constant', async () => {
    const source = await open();
    const partitions = await land(source);
    const { matrix } = await source.assembleDataset({ partitions, asOf, features: [] });
    assert.deepEqual([matrix.rows, matrix.columns, [...matrix.labels]], [4, [], [1, 0, 0, 1]]);
  });

  it('names the version by its content: the same request the same, any other another', async () => {
    const source = await open();
    const partitions = await land(source);
    const request = { partitions, asOf, features: ['amount'] };
    const { digest, manifest } = await source.assembleDataset(request);
    assert.deepEqual(await source.assembleDataset({ ...request, partitions: partitions.toReversed() }), {
      ...(await source.assembleDataset(request)),
    });
    assert.deepEqual(
      [manifest.model, manifest.rows, manifest.label, manifest.asOf, manifest.partitions],
      ['flight-delay', 4, 'late', '2001-02-01T00:00:00Z', partitions],
    );
    for (const other of [
      { ...request, features: ['shop'] },
      { ...request, asOf: asOf + 1 },
      { ...request, partitions: partitions.slice(1) },
    ]) {
      assert.notEqual((await source.assembleDataset(other)).digest, digest);
    }
  });

  it('refuses features that are not declared or do not fit, partitions that are not landed, and an empty result', async () => {
    const source = await openShop(places, lines, {
      features: [...features, { kind: 'numeric', name: 'wrong', input: 'shop' }],
    });
    const partitions = await land(source);
    const request = { partitions, asOf, features: ['amount'] };
    const refused = (changes: Partial<DatasetRequest>, error: object): Promise<void> =>
      assert.rejects(source.assembleDataset({ ...request, ...changes }), error);
    await refused({ features: ['amuont'] }, { code: 'DATA_FEATURE_UNKNOWN', remedy: /"amount"/ });
    await refused({ features: ['wrong'] }, { code: 'DATA_FEATURE_INVALID', message: /"shop" is text/ });
    await refused(
      { cases: [{ id: 'x', where: 'amuont > 1' }] },
      { code: 'DATA_EXPRESSION_INVALID', message: /assembling a dataset: .*"amuont"/ },
    );
    await refused({ asOf: 0 }, { code: 'DATA_DATASET_EMPTY' });
    await refused({ partitions: [] }, { code: 'DATA_DATASET_EMPTY' });
    await refused(
      { partitions: [{ day: '2001-01-01', digest: 'f'.repeat(64) }] },
      { code: 'DATA_PARTITION_NOT_LANDED', message: /2001-01-01/ },
    );
  });

  it('gives every row the outcome rates it would have been served with online, to 1e-12', async () => {
    const where = `date < '2001-01-04' and hash(date, origin) % 8 = 0`;
    const source = await flightSlice(places, where, { checks: [] });
    const { features } = flightModel();
    const declared = features.filter((feature) => feature.kind === 'outcomeRate');
    const names = declared.map(({ name }) => name);
    const { matrix, at } = await source.assembleDataset({ partitions: await land(source), asOf, features: names });

    const online = createOutcomeRates(declared);
    const arrivals = await collect(source.outcomes(0, asOf));
    const served = [];
    for (const row of await collect(source.stream('2001-01-01', '2001-02-01'))) {
      while (arrivals.length > 0 && arrivals[0]!.knownAt <= row.at) online.observe(arrivals.shift()!);
      if (row.label !== null) served.push({ at: row.at, values: online.valuesAt(row.at, row.inputs) });
    }
    assert.ok(matrix.rows > 4000);
    assert.deepEqual(
      served.map(({ at }) => at),
      [...at],
    );
    for (const [index, { name, values }] of matrix.columns.entries()) {
      const differences = served.map((row, at) => Math.abs(row.values[name]! - values[at]!));
      assert.ok(Math.max(...differences) <= 1e-12, name);
      assert.ok(new Set(values).size > 20, `${name} varies`);
      assert.equal(names[index], name);
    }
  });

  it('refuses to hand out a dataset whose feature values hold labels from the future', async () => {
    const source = await flightSlice(places, `date < '2001-01-03' and hash(date, origin) % 4 = 0`, { checks: [] });
    const request = { partitions: await land(source), asOf, features: ['distance', 'lateNation3h'] };
    assert.ok((await source.assembleDataset(request)).matrix.rows > 5000);
    const prepared = join(
      places.workDir,
      readdirSync(places.workDir).find((name) => name.startsWith('source-'))!,
    );
    const rates = join(
      prepared,
      readdirSync(prepared).find((name) => name.startsWith('rates-'))!,
    );
    // The mistake most often made: outcomes by the time of their event, not by the time they became known.
    await query(`copy (
        select r.* replace ((select (2 + count(*) filter (where label = 1)) / (10.0 + count(*))
          from '${prepared}/day-*.parquet' o
          where o."at" // 60000 <= p."at" // 60000 - 15 and o."at" // 60000 > p."at" // 60000 - 195)::double as r2)
        from '${rates}/day-2001-01-02.parquet' r join '${prepared}/day-2001-01-02.parquet' p using (unit)
      ) to '${rates}/leak.parquet' (format parquet)`);
    await query(`copy (from '${rates}/leak.parquet') to '${rates}/day-2001-01-02.parquet' (format parquet)`);
    await assert.rejects(source.assembleDataset(request), {
      code: 'DATA_FUTURE_LABEL',
      message: /feature lateNation3h of "2001-01-02 .*the outcomes known by then make it/,
    });
  });
});
