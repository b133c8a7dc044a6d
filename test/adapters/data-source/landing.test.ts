import assert from 'node:assert/strict';
import { flightSlice, makePlaces, openShop, query } from './places.ts';
import type { TestPlaces } from './places.ts';

const owned = { owner: 'operations', reviewBy: '2027-06-30' };

describe('landing a partition', () => {
  let places: TestPlaces;
  beforeEach(() => (places = makePlaces()));
  afterEach(() => places.remove());
  const stored = (name: string | null): string => `'${places.baseDir}/store/files/${name}'`;

  it('quarantines impossible values and all but the first of identical rows, with the reason, and accepts the rest', async () => {
    const source = await openShop(
      places,
      [
        '2001-01-01 10:00,a,5,1,30',
        '2001-01-01 10:00,a,5,1,30',
        '2001-01-01 10:00,a,5,1,30',
        '2001-01-01 10:00,a,6,1,30',
        '2001-01-01 11:00,b,-7,1,30',
        '2001-01-01 12:00,c,nan,1,30',
        '2001-01-01 13:00,d,,1,30',
      ],
      {
        checks: [
          { kind: 'rowRange', id: 'amount', expression: 'amount', min: 0, max: 100, action: 'quarantine', ...owned },
          { kind: 'exactDuplicate', id: 'duplicate', action: 'quarantine', ...owned },
        ],
      },
    );
    const landed = await source.landPartition('2001-01-01');
    assert.equal(landed.rows, 7);
    assert.equal(landed.accepted, 3);
    assert.equal(landed.blocked, null);
    assert.deepEqual(landed.quarantined, [
      { checkId: 'amount', rows: 2 },
      { checkId: 'duplicate', rows: 2 },
    ]);
    assert.deepEqual(await query(`select unit from ${stored(landed.acceptedFile)} order by unit`), [
      { unit: '2001-01-01 10:00:00|a#1' },
      { unit: '2001-01-01 10:00:00|a#4' },
      { unit: '2001-01-01 13:00:00|d#1' },
    ]);
    assert.deepEqual(
      await query(`select reason, count(*)::int as n from ${stored(landed.quarantineFile)} group by 1 order by 1`),
      [
        { reason: 'amount', n: 2 },
        { reason: 'duplicate', n: 2 },
      ],
    );
  });

  it('P7 names a partition by what it holds, whatever the order in which a declaration names its inputs', async () => {
    const line = ['2001-01-01 10:00,a,5,1,30'];
    const digests: string[] = [];
    // As a person has written it, and as it comes back from the records.
    for (const inputs of [
      { shop: 'shop', amount: 'amount' },
      { amount: 'amount', shop: 'shop' },
    ]) {
      const elsewhere = makePlaces();
      const source = await openShop(elsewhere, line, { source: { inputs } });
      digests.push((await source.landPartition('2001-01-01')).digest);
      elsewhere.remove();
    }
    assert.equal(digests[0], digests[1]);
  });

  it('quarantines a row without a place and counts it as missing', async () => {
    places.write('places.csv', ['id,lat,lon', 'a,40.6,-73.8']);
    const timeZone = { file: 'places.csv', key: 'shop', match: 'id', latitude: 'lat', longitude: 'lon' };
    const missing = {
      kind: 'missingShare' as const,
      id: 'shop-missing',
      input: 'shop',
      action: 'block' as const,
      ...owned,
    };
    const lines = ['2001-01-01 10:00,a,5,1,30', '2001-01-01 11:00,,5,1,30', '2001-01-02 11:00,,5,1,30'];
    const source = await openShop(places, lines, { source: { timeZone }, checks: [{ ...missing, max: 0.5 }] });
    const landed = await source.landPartition('2001-01-01');
    assert.deepEqual([landed.rows, landed.accepted, landed.quarantined], [2, 1, [{ checkId: 'no-place', rows: 1 }]]);
    assert.equal((await source.profile()).faults[0]?.code, 'DATA_PLACE_MISSING');
    assert.equal((await source.landPartition('2001-01-02')).blocked?.checkId, 'shop-missing');
  });

  it('blocks an incomplete day and a day without rows, and keeps their rows in quarantine', async () => {
    const source = await openShop(places, ['2001-01-01 10:00,a,5,1,30', '2001-01-03 10:00,a,5,1,30'], {
      checks: [{ kind: 'rowCount', id: 'incomplete-day', min: 2, action: 'block', ...owned }],
    });
    const landed = await source.landPartition('2001-01-01');
    assert.deepEqual(landed.blocked, { checkId: 'incomplete-day', reason: '1 rows, at least 2 are expected' });
    assert.deepEqual([landed.accepted, landed.acceptedFile], [0, null]);
    assert.deepEqual(await query(`select reason from ${stored(landed.quarantineFile)}`), [
      { reason: 'incomplete-day' },
    ]);
    const empty = await source.landPartition('2001-01-02');
    assert.deepEqual([empty.rows, empty.blocked?.checkId, empty.quarantineFile], [0, 'incomplete-day', null]);
  });

  it('names a check whose expression fails, also one that was changed after the source was prepared', async () => {
    const lines = ['2001-01-01 10:00,a,5,1,30'];
    await (await openShop(places, lines)).landPartition('2001-01-01');
    const check = { kind: 'rowRange' as const, id: 'amount', min: 0, action: 'quarantine' as const, ...owned };
    const source = await openShop(places, lines, { checks: [{ ...check, expression: 'amuont' }] });
    await assert.rejects(source.landPartition('2001-01-01'), { code: 'DATA_EXPRESSION_INVALID', message: /"amuont"/ });
  });

  it('names the same content the same, twice landed or prepared anew from rows in another order', async () => {
    const lines = ['2001-01-01 10:00,a,5,1,30', '2001-01-01 10:00,a,6,1,30', '2001-01-01 09:00,b,5,1,30'];
    const first = await (await openShop(places, lines)).landPartition('2001-01-01');
    const again = await (await openShop(places, lines)).landPartition('2001-01-01');
    const other = await (await openShop(places, lines.toReversed())).landPartition('2001-01-01');
    const changed = await (
      await openShop(places, [...lines.slice(1), '2001-01-01 10:00,a,5,0,30'])
    ).landPartition('2001-01-01');
    assert.deepEqual(again, first);
    assert.equal(other.digest, first.digest);
    assert.notEqual(changed.digest, first.digest);
  });

  it('catches the faults of the flights: impossible delays, exact duplicates, an incomplete last day', async () => {
    const source = await flightSlice(
      places,
      `date::date in ('2001-01-15', '2001-07-01') or delay < -180 or delay > 1500
       or (date, origin, destination) in (select (date, origin, destination)
          from 'node_modules/vega-datasets/data/flights-3m.parquet' where delay < -1000)`,
    );
    const days = await source.partitions();
    const landed = await Promise.all(days.filter((day) => day.rows > 0).map((day) => source.landPartition(day.day)));
    const impossible = landed.flatMap((day) => day.quarantined.filter((group) => group.checkId === 'impossible-delay'));
    assert.equal(
      impossible.reduce((sum, group) => sum + group.rows, 0),
      5,
    );
    const last = landed.at(-1)!;
    assert.deepEqual([last.day, last.rows, last.blocked?.checkId], ['2001-07-01', 6, 'incomplete-day']);
    const whole = landed.find((day) => day.day === '2001-01-15')!;
    assert.deepEqual(
      [whole.blocked, whole.accepted + whole.quarantined.reduce((sum, group) => sum + group.rows, 0)],
      [null, whole.rows],
    );
  });
});
