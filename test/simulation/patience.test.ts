import assert from 'node:assert/strict';
import { createInMemoryRecordStore } from '../../src/adapters/record-store/in-memory.ts';
import { recordStores } from '../../src/adapters/record-store/index.ts';
import type { RecordStore } from '../../src/adapters/record-store/port.ts';
import { HoldfastError } from '../../src/contracts/errors.ts';
import { epochMs } from '../../src/domain/time.ts';
import { freePort } from '../../src/platform/ports.ts';
import { lockstep } from '../../src/simulation/lockstep.ts';
import { patiently, patientRecords } from '../../src/simulation/patience.ts';
import type { WatchedRecords } from '../../src/simulation/patience.ts';

describe('a replay whose records go away', () => {
  const troubles: Array<string | null> = [];
  const patience = {
    signal: new AbortController().signal,
    onTrouble: (trouble: string | null) => void troubles.push(trouble),
  };
  beforeEach(() => void troubles.splice(0));

  /** A PostgreSQL that is not there, and after a while the records themselves. */
  async function comingBack(records: RecordStore, afterMs: number): Promise<WatchedRecords> {
    const url = `postgres://holdfast@127.0.0.1:${await freePort()}/holdfast`;
    let store = await recordStores.postgres.create({ url, connectionsMax: 1 });
    setTimeout(() => (store = records), afterMs);
    return {
      transaction: (model, work) => store.transaction(model, work),
      waitForChange: (model, timeoutMs) => records.waitForChange(model, timeoutMs),
    };
  }

  it('stands at a boundary until they are back, says so, and goes on', async () => {
    const through = epochMs('2001-01-02T03:00:00Z');
    const records = createInMemoryRecordStore();
    await records.transaction('shop', (tx) => tx.advanceWatermark(through));
    const pace = lockstep({
      records: patientRecords(await comingBack(records, 300), patience),
      model: 'shop',
      signal: patience.signal,
      approve: null,
      patienceMs: 60_000,
      onWaiting: () => undefined,
      onSettled: async () => undefined,
    });
    await pace.atBoundary(through);
    assert.match(troubles[0] ?? '', /^the record store does not answer: .*ECONNREFUSED/);
    assert.equal(troubles.at(-1), null);
  });

  it('asks again for what failed for now, and for nothing else', async () => {
    let asked = 0;
    const answer = await patiently(async () => {
      asked += 1;
      if (asked === 1) throw new HoldfastError('TEMPORAL_UNAVAILABLE', 'away');
      return asked;
    }, patience);
    assert.equal(answer, 2);
    assert.deepEqual(troubles, ['away', null]);
    await assert.rejects(
      patiently(() => Promise.reject(new HoldfastError('PROCESS_NOT_FOUND', 'over')), patience),
      { code: 'PROCESS_NOT_FOUND' },
    );
  });

  it('ends when the run is stopped meanwhile', async () => {
    const stop = new AbortController();
    const waiting = patiently(() => Promise.reject(new HoldfastError('RECORD_STORE_UNAVAILABLE', 'away')), {
      ...patience,
      signal: stop.signal,
    });
    setTimeout(() => stop.abort(new Error('stopped')), 20);
    await assert.rejects(waiting, /stopped/);
  });
});
