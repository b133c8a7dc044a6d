import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import type { RecordStore } from '../../../src/adapters/record-store/port.ts';
import type { DatasetVersionRecord, DecisionRecord, StageRecord } from '../../../src/contracts/records.ts';
import { canonicalJson } from '../../../src/domain/canonical-json.ts';
import { clockConformance } from './conformance-clock.ts';

const M = 'flight-delay';
const memory = (value: unknown): { value: unknown } => ({ value });
const stage = (inWords: string): StageRecord => ({
  workflowId: `collection/${M}`,
  stage: 'collection',
  inWords,
  waitingFor: 'traffic',
  since: '2001-01-29T00:00:00Z',
});
const dataset = (rows: number): DatasetVersionRecord => ({
  digest: 'd1',
  partitions: [],
  asOf: '2001-01-29',
  rows,
  features: ['distance'],
  label: 'late',
});
const decision = (decisionId: string, verdict: DecisionRecord['verdict'] = 'hold'): DecisionRecord => ({
  decisionId,
  rolloutId: 'rollout/flight-delay/9f3a2c41-1',
  run: 'canary',
  step: '1',
  cohort: 3,
  eventTime: '2001-02-01T00:00:00Z',
  verdict,
  reasons: ['nothing known of a cohort'],
  candidate: 'c',
  stable: 's',
  policyDigest: 'p',
  evidenceDigest: null,
  look: null,
  batchesDigest: null,
  watermark: null,
  basis: null,
  approvals: [],
  inWords: 'holds',
});
const code = (expected: string) => (error: unknown) => (error as { code?: string }).code === expected;

/** What every record store promises. `make` gives an empty store on each call; `reopen` a second one over the same records. */
export function recordStoreConformance(
  make: () => Promise<RecordStore>,
  reopen: (store: RecordStore) => Promise<RecordStore>,
): void {
  let store: RecordStore;
  before(async () => {
    store = await make();
    await store.migrate();
  });
  after(() => store.close());
  let model = M;
  let models = 0;
  beforeEach(() => {
    models += 1;
    model = `${M}-${models}`;
  });

  describe('records', () => {
    it('gives back what was put, and null for what was not', async () => {
      await store.transaction(model, (tx) => tx.put('stage', 'a', stage('waits')));
      assert.deepEqual(await store.transaction(model, (tx) => tx.get('stage', 'a')), stage('waits'));
      assert.equal(await store.transaction(model, (tx) => tx.get('stage', 'b')), null);
    });

    it('keeps the last of two writes of a projection', async () => {
      await store.transaction(model, async (tx) => {
        await tx.put('stage', 'a', stage('first'));
        await tx.put('stage', 'a', stage('second'));
      });
      assert.equal((await store.transaction(model, (tx) => tx.get('stage', 'a')))?.inWords, 'second');
    });

    it('keeps every JSON value unchanged', async () => {
      await fc.assert(
        fc.asyncProperty(fc.jsonValue(), async (value) => {
          await store.transaction(model, (tx) => tx.put('memory', 'any', memory(value)));
          const read = await store.transaction(model, (tx) => tx.get('memory', 'any'));
          assert.equal(canonicalJson(read), canonicalJson(memory(value)));
        }),
        { numRuns: 50 },
      );
    });

    it('keeps text with the zero character and lone surrogates, which people can paste', async () => {
      const note = 'a\u0000b\ud800c';
      await store.transaction(model, (tx) => tx.put('memory', 'note', memory(note)));
      assert.deepEqual(await store.transaction(model, (tx) => tx.get('memory', 'note')), memory(note));
    });

    it('refuses what JSON cannot say, naming the place', async () => {
      await assert.rejects(
        store.transaction(model, (tx) => tx.put('memory', 'nan', memory(Number.NaN))),
        /\$\.value is NaN/,
      );
    });

    it('refuses a body above its limit', async () => {
      await assert.rejects(
        store.transaction(model, (tx) => tx.put('memory', 'large', memory('x'.repeat(5 * 1024 * 1024)))),
        code('RECORD_TOO_LARGE'),
      );
    });

    it('inserts an immutable record once and recognises the same content again, whatever the order of its keys', async () => {
      const body = dataset(10);
      assert.equal(await store.transaction(model, (tx) => tx.insert('datasetVersion', 'd1', body)), 'inserted');
      const reordered = Object.fromEntries(Object.entries(body).toReversed()) as unknown as DatasetVersionRecord;
      assert.equal(await store.transaction(model, (tx) => tx.insert('datasetVersion', 'd1', reordered)), 'present');
    });

    it('refuses other content under the key of an immutable record, and keeps the first', async () => {
      await store.transaction(model, (tx) => tx.insert('datasetVersion', 'd1', dataset(10)));
      await assert.rejects(
        store.transaction(model, (tx) => tx.insert('datasetVersion', 'd1', dataset(11))),
        code('RECORD_CONFLICT'),
      );
      assert.equal((await store.transaction(model, (tx) => tx.get('datasetVersion', 'd1')))?.rows, 10);
    });

    it('removes, also what is not there', async () => {
      await store.transaction(model, (tx) => tx.put('memory', 'a', memory(1)));
      await store.transaction(model, async (tx) => {
        await tx.remove('memory', 'a');
        await tx.remove('memory', 'never');
      });
      assert.equal(await store.transaction(model, (tx) => tx.get('memory', 'a')), null);
    });

    it('gives copies: changing what was read or written changes no record', async () => {
      const body = { value: { n: 1 } };
      await store.transaction(model, (tx) => tx.put('memory', 'a', body));
      body.value.n = 2;
      const read = await store.transaction(model, (tx) => tx.get('memory', 'a'));
      (read!.value as { n: number }).n = 3;
      assert.deepEqual(await store.transaction(model, (tx) => tx.get('memory', 'a')), memory({ n: 1 }));
    });

    it('keeps models apart, and names those that have records', async () => {
      const other = `${model}-other`;
      await store.transaction(model, (tx) => tx.put('memory', 'a', memory(1)));
      await store.transaction(other, (tx) => tx.put('memory', 'a', memory(2)));
      await store.transaction(`${model}-empty`, (tx) => tx.get('memory', 'a'));
      assert.deepEqual(await store.transaction(model, (tx) => tx.get('memory', 'a')), memory(1));
      const named = (await store.models()).filter((name) => name.startsWith(model) && !/\d/.test(name.at(-1)!));
      assert.deepEqual(named, [other]);
      assert.ok((await store.models()).includes(model));
    });
  });

  describe('lists', () => {
    const keys = ['a/1', 'a/10', 'a/2', 'B', 'a', 'b', 'ä', 'a\u{1F600}'];
    const listed = async (options?: Parameters<Parameters<Parameters<RecordStore['transaction']>[1]>[0]['list']>[1]) =>
      (await store.transaction(model, (tx) => tx.list('memory', options))).map(({ key }) => key);
    beforeEach(() =>
      store.transaction(model, async (tx) => {
        for (const key of keys) await tx.put('memory', key, memory(key));
      }),
    );

    it('come in the order of code units, whatever the language of the machine', async () => {
      assert.deepEqual(await listed(), ['B', 'a', 'a/1', 'a/10', 'a/2', 'a\u{1F600}', 'b', 'ä']);
    });
    it('can be turned round', async () => {
      assert.deepEqual(await listed({ descending: true, limit: 3 }), ['ä', 'b', 'a\u{1F600}']);
    });
    it('select by prefix', async () => {
      assert.deepEqual(await listed({ prefix: 'a/' }), ['a/1', 'a/10', 'a/2']);
      assert.deepEqual(await listed({ prefix: 'zz' }), []);
    });
    it('go on after a key, in the direction they run', async () => {
      assert.deepEqual(await listed({ prefix: 'a', after: 'a/1', limit: 2 }), ['a/10', 'a/2']);
      assert.deepEqual(await listed({ prefix: 'a/', after: 'a/2', descending: true }), ['a/10', 'a/1']);
    });
    it('carry the bodies', async () => {
      const [first] = await store.transaction(model, (tx) => tx.list('memory', { limit: 1 }));
      assert.deepEqual(first, { key: 'B', body: memory('B') });
    });
  });

  describe('transactions', () => {
    it('leave nothing of a failed one, in any table', async () => {
      await store.transaction(model, async (tx) => {
        await tx.put('memory', 'kept', memory('before'));
        await tx.put('memory', 'removed', memory('before'));
        await tx.join('p');
        await tx.handOff({ id: 'h', to: 'rollout', kind: 'k', body: null });
        await tx.advanceWatermark(5);
      });
      const failed = store.transaction(model, async (tx) => {
        await tx.put('memory', 'kept', memory('after'));
        await tx.put('memory', 'new', memory('after'));
        await tx.remove('memory', 'removed');
        await tx.append('decision', 'scope', 'd', decision('d'));
        await tx.settle('p', 9);
        await tx.join('q');
        await tx.acknowledge('h');
        await tx.advanceWatermark(9);
        throw new Error('thrown on purpose');
      });
      await assert.rejects(failed, /thrown on purpose/);
      await store.transaction(model, async (tx) => {
        assert.deepEqual(await tx.list('memory'), [
          { key: 'kept', body: memory('before') },
          { key: 'removed', body: memory('before') },
        ]);
        assert.deepEqual(await tx.chain('decision', 'scope'), []);
        assert.equal(await tx.get('decision', 'd'), null);
        assert.deepEqual(await tx.unsettled(1), ['p', 'h']);
        assert.equal(await tx.watermark(), 5);
      });
    });

    it('read what they have written', async () => {
      const read = await store.transaction(model, async (tx) => {
        await tx.put('memory', 'a', memory(1));
        return tx.get('memory', 'a');
      });
      assert.deepEqual(read, memory(1));
    });

    it('lose no update, however many run at once', async () => {
      const increments = Array.from({ length: 30 }, () =>
        store.transaction(model, async (tx) => {
          const count = (await tx.get('memory', 'count'))?.value ?? 0;
          await tx.put('memory', 'count', memory((count as number) + 1));
        }),
      );
      await Promise.all(increments);
      assert.deepEqual(await store.transaction(model, (tx) => tx.get('memory', 'count')), memory(30));
    });

    it('run the work once', async () => {
      let runs = 0;
      const work = () =>
        store.transaction(model, async (tx) => {
          runs += 1;
          await tx.put('memory', 'a', memory(await tx.get('memory', 'b')));
        });
      await Promise.all([work(), work(), work()]);
      assert.equal(runs, 3);
    });

    it('refuse a second one inside the work of the first instead of waiting for themselves', async () => {
      const nested = store.transaction(model, () => store.transaction(model, (tx) => tx.get('memory', 'a')));
      await assert.rejects(nested, /inside the work of another/);
    });

    it('refuse calls after their end', async () => {
      const tx = await store.transaction(model, async (inner) => inner);
      await assert.rejects(tx.put('memory', 'late', memory(1)), /has ended/);
    });
  });

  describe('chains', () => {
    it('link every entry to the one before by digest', async () => {
      await store.transaction(model, async (tx) => {
        await tx.append('decision', 'r', 'd1', decision('d1'));
        await tx.append('decision', 'r', 'd2', decision('d2'));
      });
      const [first, second] = await store.transaction(model, (tx) => tx.chain('decision', 'r'));
      assert.equal(first?.sequence, 1);
      assert.equal(first.previousDigest, '0'.repeat(64));
      assert.equal(second?.previousDigest, first.digest);
      const { digest, ...rest } = second;
      assert.equal(createHash('sha256').update(canonicalJson(rest)).digest('hex'), digest);
    });

    it('take an entry once, and answer a repeat with the entry that stands', async () => {
      const first = await store.transaction(model, (tx) => tx.append('decision', 'r', 'd1', decision('d1')));
      await store.transaction(model, (tx) => tx.append('decision', 'r', 'd2', decision('d2')));
      assert.deepEqual(await store.transaction(model, (tx) => tx.append('decision', 'r', 'd1', decision('d1'))), first);
      assert.equal((await store.transaction(model, (tx) => tx.chain('decision', 'r'))).length, 2);
    });

    it('refuse other content under a key that stands', async () => {
      await store.transaction(model, (tx) => tx.append('decision', 'r', 'd1', decision('d1')));
      const other = store.transaction(model, (tx) => tx.append('decision', 'r', 'd1', decision('d1', 'advance')));
      await assert.rejects(other, code('RECORD_CONFLICT'));
    });

    it('are apart by scope and readable by decision id', async () => {
      await store.transaction(model, async (tx) => {
        await tx.append('decision', 'r1', 'd1', decision('d1'));
        await tx.append('decision', 'r2', 'd2', decision('d2'));
        assert.equal((await tx.chain('decision', 'r2'))[0]?.sequence, 1);
        assert.deepEqual(await tx.get('decision', 'd2'), decision('d2'));
        assert.equal((await tx.list('decision')).length, 2);
      });
    });
  });

  it('finds the chain that has an entry of a digest', async () => {
    const { digest } = await store.transaction(model, (tx) => tx.append('decision', 'r', 'd1', decision('d1')));
    await store.transaction(model, async (tx) => {
      await tx.append('decision', 'other', 'd2', decision('d2'));
      assert.equal(await tx.chainWith('decision', digest), 'r');
      assert.equal(await tx.chainWith('decision', 'f'.repeat(64)), null);
    });
  });

  describe('watermark, participants and handoffs', () => clockConformance(() => [store, model]));

  describe('waiting for a change', () => {
    const timed = async (wait: Promise<void>): Promise<number> => {
      const start = Date.now();
      await wait;
      return Date.now() - start;
    };

    it('ends soon after a change of the model, for all who wait', async () => {
      const waiting = [1, 2, 3].map(() => timed(store.waitForChange(model, 5_000)));
      await new Promise((resolve) => setTimeout(resolve, 300));
      await store.transaction(model, (tx) => tx.put('memory', 'a', memory(1)));
      for (const waited of await Promise.all(waiting)) assert.ok(waited < 2_000, `${waited} ms`);
    });

    it('ends at its deadline when nothing changes, and is not ended by other models or by what was rolled back', async () => {
      await store.waitForChange(model, 300); // The feed is open from here on.
      const waiting = timed(store.waitForChange(model, 500));
      await store.transaction(`${model}-x`, (tx) => tx.put('memory', 'a', memory(1)));
      const failing = store.transaction(model, async (tx) => {
        await tx.put('memory', 'a', memory(1));
        throw new Error('thrown on purpose');
      });
      await assert.rejects(failing);
      const waited = await waiting;
      assert.ok(waited >= 490 && waited < 1_500, `${waited} ms`);
    });

    it('misses nothing when the wait begins before the reading', async () => {
      for (let round = 0; round < 20; round += 1) {
        const changed = timed(store.waitForChange(model, 5_000));
        await store.transaction(model, (tx) => tx.get('memory', 'round'));
        await store.transaction(model, (tx) => tx.put('memory', 'round', memory(round)));
        assert.ok((await changed) < 2_000);
      }
    });
  });

  it('keeps everything for the next process that opens it', async () => {
    await store.transaction(model, (tx) => tx.put('memory', 'a', memory(1)));
    const second = await reopen(store);
    await second.migrate();
    assert.deepEqual(await second.transaction(model, (tx) => tx.get('memory', 'a')), memory(1));
    await second.close();
  });
}
