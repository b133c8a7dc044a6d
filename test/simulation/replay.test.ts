import assert from 'node:assert/strict';
import { join } from 'node:path';
import { createInMemoryRecordStore } from '../../src/adapters/record-store/in-memory.ts';
import { epochMs, HOUR_MS, isoInstant, MINUTE_MS } from '../../src/domain/time.ts';
import { batchLengthMs, warmLengthMs } from '../../src/simulation/batches.ts';
import type { BatchPlan, TrafficSource } from '../../src/simulation/batches.ts';
import { NO_FAULTS } from '../../src/simulation/faults.ts';
import { freeRunning } from '../../src/simulation/free-running.ts';
import { lockstep } from '../../src/simulation/lockstep.ts';
import { readProgress } from '../../src/simulation/progress.ts';
import { replay } from '../../src/simulation/replay.ts';
import type { Pace } from '../../src/simulation/replay.ts';
import { createSender } from '../../src/simulation/sender.ts';
import { flightSlice, makePlaces, openShop, shopModel } from '../adapters/data-source/places.ts';
import type { TestPlaces } from '../adapters/data-source/places.ts';
import { startListener } from './listener.ts';
import type { Listener } from './listener.ts';

const PLAN: BatchPlan = {
  fromDay: '2001-01-02',
  untilDay: '2001-01-03',
  cohortMs: 3 * HOUR_MS,
  batchMs: 15 * MINUTE_MS,
  warmMs: 3 * HOUR_MS,
  closesAfterMs: 12 * HOUR_MS,
};
const unhurried: Pace = { beforeBatch: async () => undefined, atBoundary: async () => undefined };

const LINES = [
  '2001-01-01 18:00,a,1,1,30', // known 18:30: before the warm-up
  '2001-01-01 23:00,a,2,1,30', // known 23:30
  '2001-01-01 23:50,b,3,0,30', // known 00:20 of the replayed day
  '2001-01-02 01:05,a,4,1,10', // known 01:15
  '2001-01-02 01:07,b,5,0,100',
  '2001-01-02 01:16,a,6,0,5',
  '2001-01-02 23:59,b,7,1,5',
  '2001-01-03 00:10,a,8,1,5', // beyond the replay
];

describe('a replay', () => {
  let places: TestPlaces;
  let gateway: Listener;
  const stop = new AbortController();
  beforeEach(async () => {
    places = makePlaces();
    gateway = await startListener();
  });
  afterEach(async () => {
    places.remove();
    await gateway.close();
  });

  const run = (
    source: TrafficSource,
    pace: Pace = unhurried,
    plan = PLAN,
    faults = NO_FAULTS,
  ): ReturnType<typeof replay> =>
    replay({
      source,
      plan,
      pace,
      sender: createSender({ gateway: gateway.url, model: 'shop', signal: stop.signal, onTrouble: () => undefined }),
      faults,
      progressFile: join(places.baseDir, 'progress.json'),
      signal: stop.signal,
      onProgress: () => undefined,
    });

  const amounts = (path: string, field: string): number[] =>
    gateway.heard
      .filter((call) => call.path === path)
      .flatMap(({ body }) => (body[field] as { inputs: { amount: number } }[]).map(({ inputs }) => inputs.amount));

  it('asks for a prediction of every row of the chosen days in order, and of no other', async () => {
    const done = await run(await openShop(places, LINES));
    assert.deepEqual(amounts('predictions', 'requests'), [4, 5, 6, 7]);
    assert.equal(done.predictions, 4);
  });

  it('never sends a label with a request', async () => {
    await run(await openShop(places, LINES));
    for (const { path, body } of gateway.heard) {
      if (path !== 'predictions') continue;
      for (const request of body['requests'] as object[])
        assert.deepEqual(Object.keys(request), ['requestId', 'unit', 'eventTime', 'inputs']);
    }
  });

  it('sends what had become known before a batch ahead of it, warm-up first', async () => {
    await run(await openShop(places, LINES));
    assert.deepEqual(amounts('outcomes', 'outcomes').slice(0, 4), [2, 3, 4, 6]);
    const order = gateway.heard.filter(({ path }) => path !== 'watermark').map(({ path }) => path);
    // 23:30 before anything; 00:20; the requests of 01:00; what they had brought by 01:30, after the requests of 01:15.
    assert.deepEqual(order.slice(0, 6), ['outcomes', 'outcomes', 'predictions', 'predictions', 'outcomes', 'outcomes']);
  });

  it('promises at cohort boundaries only, to the one at which the last day is complete', async () => {
    await run(await openShop(places, LINES));
    const promised = gateway.heard.filter(({ path }) => path === 'watermark').map(({ body }) => body['through']);
    assert.equal(promised[0], '2001-01-02T00:00:00Z');
    assert.equal(promised.at(-1), '2001-01-03T12:00:00Z');
    assert.equal(promised.length, 13);
  });

  it('goes on where it was stopped, and sends each batch to the end', async () => {
    const source = await openShop(places, LINES);
    const stopping: Pace = {
      ...unhurried,
      beforeBatch: async (start) => {
        if (start > epochMs('2001-01-02T01:10:00Z')) throw new Error('stopped');
      },
    };
    await assert.rejects(run(source, stopping), /stopped/);
    assert.deepEqual(amounts('predictions', 'requests'), [4, 5]);
    const done = await run(source);
    assert.deepEqual(amounts('predictions', 'requests'), [4, 5, 6, 7]);
    assert.deepEqual(amounts('outcomes', 'outcomes'), [2, 3, 4, 6, 5, 7, 8]);
    assert.equal(done.endedAt, '2001-01-03');
    assert.deepEqual(readProgress(join(places.baseDir, 'progress.json')), done);
    const calls = gateway.heard.length;
    await run(source);
    assert.equal(gateway.heard.length, calls, 'a finished replay sends nothing');
  });

  it('sends with the next start what a dead label feed owed, and asks nothing twice', async () => {
    const source = await openShop(places, LINES);
    const faults = { labelsStopped: false, runsOnMs: null };
    const dying: Pace = {
      ...unhurried,
      beforeBatch: async (start) => void (faults.labelsStopped = start >= epochMs('2001-01-02T01:15:00Z')),
    };
    const owing = await run(source, dying, PLAN, faults);
    assert.deepEqual(amounts('outcomes', 'outcomes'), [2, 3]);
    assert.equal(owing.withheldSince, epochMs('2001-01-02T01:15:00Z'));
    const healed = await run(source);
    assert.deepEqual(amounts('outcomes', 'outcomes'), [2, 3, 4, 6, 5, 7, 8]);
    assert.deepEqual(amounts('predictions', 'requests'), [4, 5, 6, 7]);
    assert.equal(healed.withheldSince, null);
  });

  it('tries again while the gateway is not there or not ready', async () => {
    gateway.statuses.push(503, 404, 500);
    assert.equal((await run(await openShop(places, LINES))).predictions, 4);
  });

  it('ends when the gateway refuses for good, with its reason', async () => {
    gateway.statuses.push(400);
    await assert.rejects(run(await openShop(places, LINES)), { code: 'REPLAY_REFUSED', message: /400/ });
  });

  it('asks for every flight of a real week, each once', async () => {
    const source = await flightSlice(places, "date >= '2001-02-01' and date < '2001-02-04'");
    const plan = { ...PLAN, fromDay: '2001-02-02', untilDay: '2001-02-03' };
    const done = await run(source, unhurried, plan);
    const rows = (await source.partitions()).find(({ day }) => day === '2001-02-02')?.rows;
    assert.equal(done.predictions, rows);
    const ids = gateway.heard
      .filter(({ path }) => path === 'predictions')
      .flatMap(({ body }) => (body['requests'] as { requestId: string }[]).map(({ requestId }) => requestId));
    assert.equal(new Set(ids).size, rows);
  });
});

describe('the cut of a replay', () => {
  const { features } = shopModel('shop.csv');
  it('makes batches no longer than the least lag of a feature', () => {
    assert.equal(batchLengthMs(features, 3 * HOUR_MS), 15 * MINUTE_MS);
    assert.equal(batchLengthMs([], HOUR_MS), 15 * MINUTE_MS);
    assert.equal(batchLengthMs([], 20 * MINUTE_MS), 10 * MINUTE_MS);
  });

  it('warms features up by window, age and lag of the one that looks furthest back', () => {
    assert.equal(warmLengthMs(features), 27 * HOUR_MS + 15 * MINUTE_MS);
    assert.equal(warmLengthMs([]), 0);
  });
});

describe('the unattended clock', () => {
  const T = epochMs('2001-01-02T03:00:00Z');
  const signal = new AbortController().signal;
  const options = { model: 'shop', signal, approve: null, patienceMs: 60_000, onSettled: async () => undefined };

  it('stands at a boundary until the archive and every process have come to it', async () => {
    const records = createInMemoryRecordStore();
    const waited: string[] = [];
    await records.transaction('shop', async (tx) => {
      await tx.join('collection/shop');
    });
    const pace = lockstep({ ...options, records, onWaiting: (_, names) => void waited.push(names.join()) });
    const passed = pace.atBoundary(T);
    setTimeout(() => void records.transaction('shop', (tx) => tx.advanceWatermark(T)), 20);
    setTimeout(() => void records.transaction('shop', (tx) => tx.settle('collection/shop', T)), 60);
    await passed;
    assert.deepEqual(waited, [
      `the archive of the log through ${isoInstant(T)},collection/shop`,
      'collection/shop',
      '',
    ]);
  });

  it('gives up when nothing has come for too long, and names what it waited for', async () => {
    const records = createInMemoryRecordStore();
    const pace = lockstep({ ...options, records, patienceMs: 1, onWaiting: () => undefined });
    await assert.rejects(pace.atBoundary(T), { code: 'REPLAY_STALLED', message: /archive of the log/ });
  });

  it('has requests approved when nothing else is left to do, and goes on when they have been', async () => {
    const records = createInMemoryRecordStore();
    const request = {
      rolloutId: 'rollout/shop/00000000-1',
      step: 2,
      candidate: '0'.repeat(64),
      idea: 'first',
      evidenceDigest: '1'.repeat(64),
      roles: ['approver'],
      quorum: 1,
      approvals: [],
      since: '2001-01-02T00:00:00Z',
      open: true,
    };
    await records.transaction('shop', async (tx) => {
      await tx.advanceWatermark(T);
      await tx.put('approvalRequest', request.rolloutId, request);
    });
    const approved: string[] = [];
    const pace = lockstep({
      ...options,
      records,
      onWaiting: () => undefined,
      approve: async ({ rolloutId }) => {
        approved.push(rolloutId);
        await records.transaction('shop', (tx) => tx.put('approvalRequest', rolloutId, { ...request, open: false }));
      },
    });
    await pace.atBoundary(T);
    assert.deepEqual(approved, [request.rolloutId]);
  });
});

describe('the clock of a show', () => {
  it('runs at its speed and waits when the archive falls behind', async () => {
    const records = createInMemoryRecordStore();
    const from = epochMs('2001-01-02T00:00:00Z');
    const waited: string[] = [];
    const pace = freeRunning({
      records,
      model: 'shop',
      signal: new AbortController().signal,
      speed: (15 * MINUTE_MS) / 50,
      aheadMsMax: 3 * HOUR_MS,
      onWaiting: (_, names) => void waited.push(names.join()),
      onBoundary: async () => undefined,
    });
    const began = Date.now();
    await pace.beforeBatch(from);
    await pace.beforeBatch(from + 15 * MINUTE_MS);
    assert.ok(Date.now() - began >= 45);
    await pace.atBoundary(from);
    await pace.atBoundary(from + 3 * HOUR_MS);
    const passed = pace.atBoundary(from + 6 * HOUR_MS);
    setTimeout(() => void records.transaction('shop', (tx) => tx.advanceWatermark(from + 3 * HOUR_MS)), 20);
    await passed;
    assert.deepEqual(waited, [`the archive of the log, which stands at ${isoInstant(from)}`, '']);
  });
});
