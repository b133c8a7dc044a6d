import assert from 'node:assert/strict';
import { createCollectionActivities } from '../../src/activities/collection.ts';
import { collectionId } from '../../src/contracts/names.ts';
import { DAY_MS, HOUR_MS, isoDay, isoInstant } from '../../src/domain/time.ts';
import { MODEL, smallWorld, START, TestGateway, traffic, CONSTANT } from './small-world.ts';
import type { SmallWorld } from './small-world.ts';

const FIRST = START - 2 * DAY_MS;
/** Three rows a day from 2001-01-01 on. */
const rowsOf = (days: number): string[] =>
  Array.from({ length: days }, (_, day) =>
    [1, 2, 3].map((hour) => `${isoDay(FIRST + day * DAY_MS)} 0${hour}:00:00,north,10,${hour % 2},30`),
  ).flat();
const ID = collectionId(MODEL);

describe('collection', function () {
  this.timeout(30_000);
  let world: SmallWorld;
  const collecting = (): ReturnType<typeof createCollectionActivities> => createCollectionActivities(world.ports);
  const next = (sequence: number) => world.run(() => collecting().collectNext({ model: MODEL, sequence }));
  const land = (day: string) => world.run(() => collecting().landPartition({ model: MODEL, day }));
  const nothing = (sequence: number) => world.finds(ID, () => collecting().collectNext({ model: MODEL, sequence }));
  const landAll = async (sequence: number): Promise<void> => {
    for (const day of (await next(sequence)).days) await land(day);
  };
  afterEach(() => world.close());

  describe('of a small source', () => {
    beforeEach(async () => (world = await smallWorld({ rows: rowsOf(5) })));

    it('lands the days before the traffic at once, without a watermark', async () => {
      const work = await next(0);
      assert.deepEqual(work, { days: ['2001-01-01', '2001-01-02'], through: null, maturedThrough: null });
      const landed = await land('2001-01-01');
      assert.deepEqual([landed.verdict, landed.rows, landed.accepted], ['accepted', 3, 3]);
      assert.equal(landed.landedAt, '2001-01-03T00:00:00Z');
    });

    it('waits, settled, until the next day is complete', async () => {
      await landAll(0);
      assert.equal(await nothing(1), 'nothing');
      // 2001-01-03 ends at midnight and closes twelve hours later.
      world.gateways[0]!.close(START + 36 * HOUR_MS - 1);
      assert.equal(await nothing(1), 'nothing');
      world.gateways[0]!.close(START + 36 * HOUR_MS);
      const work = await next(1);
      assert.deepEqual(work, {
        days: ['2001-01-03'],
        through: '2001-01-04T12:00:00Z',
        maturedThrough: '2001-01-04T00:00:00Z',
      });
    });

    it('gives the same answer to a repeated question, whatever has arrived since', async () => {
      const first = await next(0);
      world.gateways[0]!.close(START + 10 * DAY_MS);
      assert.deepEqual(await next(0), first);
    });

    it('lands a day once: a repeated landing is the first one', async () => {
      const first = await land('2001-01-01');
      world.gateways[0]!.close(START + DAY_MS);
      assert.equal(await world.records.transaction(MODEL, async (tx) => tx.watermark()), null);
      assert.deepEqual(await land('2001-01-01'), first);
    });

    it('keeps waiting when the source is exhausted', async () => {
      await landAll(0);
      world.gateways[0]!.close(START + 30 * DAY_MS);
      await landAll(1);
      assert.equal(await nothing(2), 'nothing');
      const stage = await world.records.transaction(MODEL, (tx) => tx.get('stage', ID));
      assert.equal(stage?.inWords, 'every day of the source has landed');
      assert.equal(stage?.since, isoInstant(START + 30 * DAY_MS));
    });

    it('moves the watermark to the least of the gateways, and not at all while one has closed nothing', async () => {
      await landAll(0);
      const second = new TestGateway('gateway-2');
      world.gateways.push(second);
      world.gateways[0]!.close(START + 6 * HOUR_MS);
      const watermark = (): Promise<number | null> => world.records.transaction(MODEL, (tx) => tx.watermark());
      await nothing(1);
      assert.equal(await watermark(), null);
      second.close(START + 3 * HOUR_MS);
      await nothing(1);
      assert.equal(await watermark(), START + 3 * HOUR_MS);
    });

    it('lands what is complete while a gateway cannot be reached, and says so', async () => {
      world.gateways[0]!.reachable = false;
      await landAll(0);
      assert.equal(await nothing(1), 'nothing');
      const said = (): Promise<string | undefined> =>
        world.records.transaction(MODEL, async (tx) => (await tx.get('stage', ID))?.inWords);
      assert.equal(await said(), 'the gateways’ log cannot be read: gateway-1 does not answer');
      world.gateways[0]!.reachable = true;
      await nothing(1);
      assert.equal(await said(), 'every complete day before 2001-01-03 has landed');
    });

    it('takes every closed segment over once and in order', async () => {
      await landAll(0);
      const [gateway] = world.gateways;
      const cohort = { from: START, to: START + HOUR_MS, units: 4, bundle: CONSTANT, prediction: 0.2, positive: 0.5 };
      gateway!.close(START + 3 * HOUR_MS, traffic(cohort));
      await nothing(1);
      gateway!.close(START + 6 * HOUR_MS, traffic({ ...cohort, from: START + 3 * HOUR_MS, to: START + 4 * HOUR_MS }));
      await nothing(1);
      const span = { model: MODEL, from: START, to: START + DAY_MS, asOf: START + DAY_MS };
      const units = await world.requestLog.readUnits(span);
      assert.equal(units.length, 8);
      assert.equal(units.filter(({ label }) => label === 1).length, 4);
    });

    it('records every line of a gateway’s ledger', async () => {
      const entry = { effectiveFrom: null, stable: CONSTANT, candidate: null, exposure: 0, salt: '', mirror: false };
      const line = { kind: 'split', accepted: true, reason: null, generation: 1, decisionId: 'd', entry } as const;
      world.gateways[0]!.ledger.push({ ...line, sequence: 1, eventTime: null, previousDigest: '0', digest: '1' });
      await next(0);
      const known = await world.records.transaction(MODEL, (tx) => tx.list('ledger'));
      assert.deepEqual(
        known.map(({ key }) => key),
        ['gateway-1/00000001'],
      );
    });
  });

  describe('of a source with faults', () => {
    it('blocks a missing day with its name, and goes on with the others', async () => {
      world = await smallWorld({ rows: rowsOf(2).concat(`${isoDay(FIRST + 3 * DAY_MS)} 01:00:00,north,10,1,30`) });
      world.gateways[0]!.close(START + 10 * DAY_MS);
      const { days } = await next(0);
      assert.deepEqual(days, ['2001-01-01', '2001-01-02', '2001-01-03', '2001-01-04']);
      const missing = await land('2001-01-03');
      assert.equal(missing.verdict, 'blocked');
      assert.match(missing.blockedBy?.reason ?? '', /rows|empty/i);
      assert.equal((await land('2001-01-04')).verdict, 'accepted');
    });

    it('tells quarantined rows by check from accepted ones', async () => {
      const check = {
        kind: 'rowRange',
        id: 'amount-in-range',
        expression: 'amount',
        max: 100,
        action: 'quarantine',
      } as const;
      world = await smallWorld({
        rows: [...rowsOf(1), '2001-01-01 05:00:00,north,101,1,30'],
        checks: [{ ...check, owner: 'ana', reviewBy: '2027-01-01' }],
      });
      const landed = await land('2001-01-01');
      assert.deepEqual([landed.rows, landed.accepted], [4, 3]);
      assert.deepEqual(landed.quarantined, [{ checkId: 'amount-in-range', rows: 1 }]);
    });

    it('blocks a day below its row count, with the count as the reason', async () => {
      world = await smallWorld({
        rows: rowsOf(1),
        checks: [{ kind: 'rowCount', id: 'complete', min: 4, action: 'block', owner: 'ana', reviewBy: '2027-01-01' }],
      });
      const landed = await land('2001-01-01');
      assert.deepEqual([landed.verdict, landed.accepted, landed.blockedBy?.checkId], ['blocked', 0, 'complete']);
    });
  });

  it('goes on taking logs over while its source cannot be read, and says so', async () => {
    world = await smallWorld({ rows: ['not a time,north,10,1,30'] });
    world.gateways[0]!.close(START + DAY_MS);
    assert.equal(await nothing(0), 'nothing');
    await world.records.transaction(MODEL, async (tx) => {
      assert.match((await tx.get('stage', ID))?.inWords ?? '', /^the source cannot be read: /);
      assert.equal(await tx.watermark(), START + DAY_MS);
    });
  });

  it('takes up at most a month of days at once', async () => {
    world = await smallWorld({ rows: rowsOf(40) });
    world.gateways[0]!.close(START + 60 * DAY_MS);
    assert.equal((await next(0)).days.length, 31);
  });
});
