import assert from 'node:assert/strict';
import { existsSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDataSource } from '../../../src/adapters/data-source/index.ts';
import type { RowBatch } from '../../../src/adapters/data-source/port.ts';
import { epochMs, HOUR_MS, isoInstant } from '../../../src/domain/time.ts';
import { flightSlice, makePlaces, openShop, shopModel } from './places.ts';
import type { TestPlaces } from './places.ts';

async function collect(stream: AsyncIterable<RowBatch>): Promise<{ unit: string; at: number; knownAt: number }[]> {
  const rows: { unit: string; at: number; knownAt: number }[] = [];
  for await (const batch of stream) {
    batch.unit.forEach((unit, row) => rows.push({ unit, at: batch.at[row]!, knownAt: batch.knownAt[row]! }));
  }
  return rows;
}

const draftsIn = ({ workDir }: TestPlaces): string[] => (existsSync(workDir) ? readdirSync(workDir) : []);

describe('file data source', () => {
  let places: TestPlaces;
  beforeEach(() => (places = makePlaces()));
  afterEach(() => places.remove());

  it('gives every row a unit, an instant, a label with the time it becomes known, and typed inputs', async () => {
    const source = await openShop(places, ['2001-01-01 10:00,a,5.5,1,30', '2001-01-01 10:01,b,7,0,0.5']);
    const batch = await source.readPartition('2001-01-01');
    assert.deepEqual([...batch.unit], ['2001-01-01 10:00:00|a#1', '2001-01-01 10:01:00|b#1']);
    assert.deepEqual([...batch.requestId], [...batch.unit]);
    assert.deepEqual([...batch.at].map(isoInstant), ['2001-01-01T10:00:00Z', '2001-01-01T10:01:00Z']);
    assert.deepEqual([...batch.knownAt].map(isoInstant), ['2001-01-01T10:30:00Z', '2001-01-01T10:02:00Z']);
    assert.deepEqual([...batch.label], [1, 0]);
    assert.deepEqual(batch.inputs, {
      shop: { kind: 'text', values: ['a', 'b'] },
      amount: { kind: 'number', values: Float64Array.of(5.5, 7) },
    });
  });

  it('gives rows of the same key ordinals by content, and identical rows one each', async () => {
    const source = await openShop(places, [
      '2001-01-01 10:00,a,9,1,30',
      '2001-01-01 10:00,a,5,1,30',
      '2001-01-01 10:00,a,9,1,30',
    ]);
    const batch = await source.readPartition('2001-01-01');
    assert.deepEqual(
      batch.unit.map((unit, row) => [unit.at(-1), (batch.inputs['amount']!.values as Float64Array)[row]]),
      [
        ['1', 5],
        ['2', 9],
        ['3', 9],
      ],
    );
  });

  it('keeps a unit within the length that travels, however long the key', async () => {
    const source = await openShop(places, [`2001-01-01 10:00,${'x'.repeat(300)},9,1,30`]);
    assert.match((await source.readPartition('2001-01-01')).unit[0]!, /^[0-9a-f]{64}#1$/);
  });

  it('has no label where it is declared impossible, and none where nobody knows when it arrives', async () => {
    const source = await openShop(places, ['2001-01-01 10:00,a,-1,1,30', '2001-01-01 10:01,b,7,1,'], {
      label: { valid: 'amount > 0' },
    });
    const batch = await source.readPartition('2001-01-01');
    assert.deepEqual([...batch.label], [Number.NaN, Number.NaN]);
    assert.deepEqual([...batch.knownAt], [epochMs('2001-01-01T10:30:00Z'), Number.NaN]);
  });

  it('lists every day from the first to the last, with the time each is complete', async () => {
    const source = await openShop(places, ['2001-01-03 10:00,a,1,1,30', '2001-01-01 10:00,a,1,1,30']);
    assert.deepEqual(await source.partitions(), [
      { day: '2001-01-01', rows: 1, closesAt: epochMs('2001-01-02T12:00:00Z') },
      { day: '2001-01-02', rows: 0, closesAt: epochMs('2001-01-03T12:00:00Z') },
      { day: '2001-01-03', rows: 1, closesAt: epochMs('2001-01-04T12:00:00Z') },
    ]);
    await assert.rejects(source.readPartition('2001-01-02'), { code: 'DATA_PARTITION_EMPTY' });
    await assert.rejects(source.readPartition('2001-01-04'), { code: 'DATA_PARTITION_UNKNOWN', remedy: /2001-01-03/ });
  });

  it('partitions by local day and streams by instant, in order of (event time, unit)', async () => {
    const source = await flightSlice(
      places,
      `date >= '2001-03-31' and date < '2001-04-03' and hash(date, origin) % 20 = 0`,
    );
    const days = (await source.partitions()).map((partition) => partition.day);
    assert.deepEqual(days, ['2001-03-31', '2001-04-01', '2001-04-02']);
    const rows = await collect(source.stream('2001-03-31', '2001-04-02'));
    const expected = [...(await rowsOf(days[0]!)), ...(await rowsOf(days[1]!))];
    expected.sort((a, b) => a.at - b.at || (a.unit < b.unit ? -1 : 1));
    assert.deepEqual(rows, expected);
    assert.ok(rows.length > 500);

    async function rowsOf(day: string): Promise<typeof rows> {
      const { unit, at, knownAt } = await source.readPartition(day);
      return unit.map((unit, row) => ({ unit, at: at[row]!, knownAt: knownAt[row]! }));
    }
  });

  it('brings departures to UTC by the airport they leave from, across the change to summer time', async () => {
    const source = await flightSlice(
      places,
      `hour(date) between 6 and 12 and date::date in ('2001-03-31', '2001-04-01') and origin in ('ATL', 'PHX', 'HNL', 'LAX')`,
    );
    const hoursBehind = async (day: string): Promise<unknown> => {
      const { at, unit, inputs } = await source.readPartition(day);
      const hours = unit.map((unit, row) => (at[row]! - epochMs(`${unit.slice(0, 16).replace(' ', 'T')}Z`)) / HOUR_MS);
      return Object.fromEntries((inputs['origin']!.values as string[]).map((origin, row) => [origin, hours[row]]));
    };
    assert.deepEqual(await hoursBehind('2001-03-31'), { ATL: 5, PHX: 7, HNL: 10, LAX: 8 });
    assert.deepEqual(await hoursBehind('2001-04-01'), { ATL: 4, PHX: 7, HNL: 10, LAX: 7 });
  });

  it('streams outcomes of all partitions in order of the time they become known', async () => {
    const source = await openShop(places, [
      '2001-01-01 10:00,late,1,1,1440',
      '2001-01-01 11:00,early,1,1,30',
      '2001-01-02 09:00,next,1,1,30',
      '2001-01-02 09:10,never,1,1,',
    ]);
    const rows = await collect(source.outcomes(epochMs('2001-01-01T11:30:00Z'), epochMs('2001-01-02T10:00:00Z')));
    assert.deepEqual(
      rows.map(({ unit }) => unit.split('|')[1]),
      ['early#1', 'next#1'],
    );
    const all = await collect(source.outcomes(0, epochMs('2002-01-01')));
    assert.deepEqual(
      all.map(({ unit }) => unit.split('|')[1]),
      ['early#1', 'next#1', 'late#1'],
    );
  });

  it('is prepared once, also when two processes race for it', async () => {
    const lines = ['2001-01-01 10:00,a,1,1,30'];
    const [first, second] = [await openShop(places, lines), await openShop(places, lines)];
    const [a, b] = await Promise.all([first.profile(), second.profile()]);
    assert.deepEqual(a, b);
    assert.deepEqual(readdirSync(places.workDir), [`source-${a.digest.slice(0, 16)}`]);
  });

  it('is prepared anew when the file or an expression changes, not when a check does', async () => {
    const digestOf = async (lines: string[], overrides = {}): Promise<string> =>
      (await (await openShop(places, lines, overrides)).profile()).digest;
    const digest = await digestOf(['2001-01-01 10:00,a,1,1,30']);
    assert.notEqual(await digestOf(['2001-01-01 10:00,a,2,1,30']), digest);
    assert.notEqual(await digestOf(['2001-01-01 10:00,a,1,1,30'], { label: { valid: 'amount > 0' } }), digest);
    assert.equal(await digestOf(['2001-01-01 10:00,a,1,1,30'], { source: { closesAfter: 'PT1H' } }), digest);
  });

  describe('names what is wrong', () => {
    const good = ['2001-01-01 10:00,a,1,1,30', '2001-01-02 10:00,b,2,0,30'];

    for (const [title, overrides, error] of [
      [
        'a column that is not there, and the nearest that is',
        { source: { inputs: { shop: 'shopp' } } },
        {
          code: 'DATA_COLUMN_MISSING',
          message: /source\.inputs\.shop names column "shopp"/,
          remedy: /did you mean "shop"/,
        },
      ],
      [
        'a key that is neither input nor column',
        { source: { key: ['tine'] } },
        { code: 'DATA_COLUMN_MISSING', message: /source\.key names column "tine"/, remedy: /did you mean "time"/ },
      ],
      [
        'an expression that is not SQL',
        { label: { expression: 'bad =' } },
        { code: 'DATA_EXPRESSION_INVALID', message: /label\.expression/ },
      ],
      [
        'an expression that fails on a row',
        { label: { expression: 'cast(shop as integer) = 1' } },
        { code: 'DATA_EXPRESSION_INVALID', message: /2001-01-01.*Conversion Error/ },
      ],
      [
        'an event time that is never a timestamp',
        { source: { eventTime: 'shop' } },
        { code: 'DATA_TIME_UNPARSABLE', message: /2 of 2 rows, the first is row 1: "a"/ },
      ],
      ['a zone without rules', { source: { timeZone: 'Mars/X' } }, { code: 'DATA_TIME_ZONE_UNKNOWN' }],
      ['a file that is not there', { source: { file: 'none.csv' } }, { code: 'DATA_FILE_NOT_FOUND' }],
      [
        'a package that is not there',
        { source: { file: 'npm:none/x.csv' } },
        { code: 'DATA_FILE_NOT_FOUND', remedy: /install/ },
      ],
    ] as [string, Parameters<typeof openShop>[2], object][])
      it(title, async () => {
        await assert.rejects((await openShop(places, good, overrides)).profile(), {
          name: 'HoldfastError',
          ...error,
        });
        assert.deepEqual(draftsIn(places), [], 'leaves no half of a source behind');
      });

    it('places that are not in the table, by value', async () => {
      places.write('places.csv', ['id,lat,lon', 'a,40.6,-73.8']);
      const timeZone = { file: 'places.csv', key: 'shop', match: 'id', latitude: 'lat', longitude: 'lon' };
      const source = await openShop(places, good, { source: { timeZone } });
      await assert.rejects(source.profile(), {
        code: 'DATA_PLACE_MISSING',
        message: /no usable place for "b"$/,
        remedy: /id, lat and lon/,
      });
      const other = await openShop(places, good, { source: { timeZone: { ...timeZone, latitude: 'lta' } } });
      await assert.rejects(other.profile(), {
        code: 'DATA_COLUMN_MISSING',
        message: /source\.timeZone\.latitude/,
        remedy: /did you mean "lat"/,
      });
    });

    it('a damaged Parquet file, while what was prepared before stays usable', async () => {
      const source = await flightSlice(places, `date between '2001-01-01 00:00' and '2001-01-01 06:00'`);
      await source.profile();
      truncateSync(join(places.baseDir, 'flights.parquet'), 5000);
      const damaged = await openDataSource({ ...shopModel('flights.parquet') }, places);
      await assert.rejects(damaged.profile(), { code: 'DATA_FILE_UNREADABLE', remedy: /restore it/ });
      assert.ok((await source.readPartition('2001-01-01')).rows > 100);
    });

    it('a damaged prepared day, while the other days stay usable', async () => {
      const source = await openShop(places, good);
      const { digest } = await source.profile();
      truncateSync(join(places.workDir, `source-${digest.slice(0, 16)}`, 'day-2001-01-01.parquet'), 100);
      const error = { code: 'DATA_FILE_UNREADABLE', message: /2001-01-01.*magic bytes/ };
      await assert.rejects(source.readPartition('2001-01-01'), error);
      await assert.rejects(source.landPartition('2001-01-01'), error);
      await assert.rejects(collect(source.stream('2001-01-01', '2001-01-03')), error);
      assert.equal((await source.readPartition('2001-01-02')).rows, 1);
      assert.equal((await source.landPartition('2001-01-02')).accepted, 1);
    });

    it('a file of an unknown format, and one without rows', async () => {
      writeFileSync(join(places.baseDir, 'x.parquet'), 'this is not Parquet');
      await assert.rejects((await openDataSource(shopModel('x.parquet'), places)).profile(), {
        code: 'DATA_FILE_UNREADABLE',
      });
      await assert.rejects((await openShop(places, [])).profile(), { code: 'DATA_FILE_EMPTY' });
    });

    it('lines and times that cannot be read, and uses all others', async () => {
      const source = await openShop(places, [...good, '2001-01-02 10:00,c', 'yesterday,d,1,1,30', ',e,1,1,30']);
      const { faults, rows } = await source.profile();
      assert.equal(rows, 2);
      assert.deepEqual(
        faults.map(({ code, rows }) => [code, rows]),
        [
          ['DATA_LINE_UNPARSABLE', 1],
          ['DATA_TIME_UNPARSABLE', 2],
        ],
      );
      assert.match(faults[0]!.message, /the first is line 4/);
      assert.match(faults[1]!.message, /the first is row 3: "yesterday"/);
    });
  });
});
