import assert from 'node:assert/strict';
import { Client } from 'pg';
import { recordStores } from '../../../src/adapters/record-store/index.ts';
import type { RecordStore } from '../../../src/adapters/record-store/port.ts';
import { freshDatabase } from '../../postgres-server.ts';
import { recordStoreConformance } from './conformance.ts';

const create = (url: string, connectionsMax = 5): Promise<RecordStore> =>
  recordStores.postgres.create({ url, connectionsMax });

describe('record store in PostgreSQL', () => {
  let url = '';
  recordStoreConformance(
    async () => {
      url = await freshDatabase();
      return create(url);
    },
    () => create(url),
  );

  it('is migrated by several processes at once', async () => {
    const fresh = await freshDatabase();
    const stores = await Promise.all([1, 2, 3, 4].map(() => create(fresh)));
    await Promise.all(stores.map((store) => store.migrate()));
    await Promise.all(stores.map((store) => store.close()));
  });

  it('lets several processes change one model without losing an update', async () => {
    const stores = await Promise.all([1, 2, 3].map(() => create(url, 2)));
    const increments = stores.flatMap((store) =>
      Array.from({ length: 10 }, () =>
        store.transaction('shared', async (tx) => {
          const count = ((await tx.get('memory', 'count'))?.value ?? 0) as number;
          await tx.put('memory', 'count', { value: count + 1 });
        }),
      ),
    );
    await Promise.all(increments);
    assert.deepEqual(await stores[0]!.transaction('shared', (tx) => tx.get('memory', 'count')), { value: 30 });
    await Promise.all(stores.map((store) => store.close()));
  });

  it('tells one process of what another changed', async () => {
    const [one, two] = [await create(url), await create(url)];
    await one.waitForChange('told', 200);
    const start = Date.now();
    const told = one.waitForChange('told', 5_000);
    await two.transaction('told', (tx) => tx.put('memory', 'a', { value: 1 }));
    await told;
    assert.ok(Date.now() - start < 1_000);
    await Promise.all([one.close(), two.close()]);
  });

  it('keeps digests that PostgreSQL alone can check', async () => {
    const store = await create(url);
    await store.transaction('checked', (tx) => tx.put('memory', 'a', { value: { ä: [1, 'x'] } }));
    await store.close();
    const client = new Client({ connectionString: url });
    await client.connect();
    const { rows } = await client.query(
      `select encode(sha256(convert_to(body::text, 'UTF8')), 'hex') = digest as holds from holdfast.records`,
    );
    await client.end();
    assert.ok(rows.length > 0);
    assert.ok(rows.every((row: { holds: boolean }) => row.holds));
  });

  it('says that it is unavailable, retryably, when nobody listens', async () => {
    const store = await create('postgres://nobody:x@127.0.0.1:1/none');
    await assert.rejects(
      store.transaction('m', (tx) => tx.get('memory', 'a')),
      (error: { code: string; kind: string }) =>
        error.code === 'RECORD_STORE_UNAVAILABLE' && error.kind === 'retryable',
    );
    await store.close();
  });

  it('goes on with new connections after all its old ones were cut, and still hears changes', async () => {
    const store = await create(url);
    await store.transaction('cut', (tx) => tx.put('memory', 'a', { value: 1 }));
    await store.waitForChange('cut', 100);
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database()',
    );
    await client.end();
    const read = () => store.transaction('cut', (tx) => tx.get('memory', 'a'));
    const answer = await read().catch((error: { code: string }) => {
      assert.equal(error.code, 'RECORD_STORE_UNAVAILABLE');
      return read();
    });
    assert.deepEqual(answer, { value: 1 });
    await store.close();
  });

  it('gives a transaction back within milliseconds', async () => {
    const store = await create(url);
    const spent: number[] = [];
    for (let round = 0; round < 300; round += 1) {
      const start = performance.now();
      await store.transaction('fast', (tx) => tx.put('memory', 'a', { value: round }));
      spent.push(performance.now() - start);
    }
    await store.close();
    const median = spent.sort((a, b) => a - b)[150]!;
    // Measured 1–2 ms alone; the limit leaves room for a loaded machine.
    assert.ok(median < 15, `median ${median.toFixed(2)} ms`);
    if (process.env['HOLDFAST_TEST_VERBOSE'] !== undefined) process.stdout.write(`median ${median.toFixed(2)} ms\n`);
  });
});
