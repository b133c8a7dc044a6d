import assert from 'node:assert/strict';
import type { RecordStore, RecordTransaction } from '../../../src/adapters/record-store/port.ts';

/** What the unattended clock relies on: who has work left at an event time, and how far the archive is complete. */
export function clockConformance(current: () => readonly [RecordStore, string]): void {
  const inTransaction = <T>(work: (tx: RecordTransaction) => Promise<T>): Promise<T> => {
    const [store, model] = current();
    return store.transaction(model, work);
  };

  it('move the watermark only forward', async () => {
    const seen = await inTransaction(async (tx) => {
      const none = await tx.watermark();
      await tx.advanceWatermark(980_812_800_000);
      await tx.advanceWatermark(980_812_799_999);
      return [none, await tx.watermark()];
    });
    assert.deepEqual(seen, [null, 980_812_800_000]);
  });

  for (const [title, through, names] of [
    ['count a participant settled below the moment as unsettled', 99, ['b']],
    ['count a participant settled at the moment as settled', 100, ['b']],
    ['count every participant settled before a later moment as unsettled', 101, ['a', 'b']],
  ] as const) {
    it(title, () =>
      inTransaction(async (tx) => {
        for (const participant of ['a', 'b']) await tx.join(participant);
        await tx.settle('a', 100);
        assert.deepEqual(await tx.unsettled(through), names);
      }),
    );
  }

  it('keep a participant settled through the latest moment it named', () =>
    inTransaction(async (tx) => {
      await tx.join('a');
      await tx.settle('a', 100);
      await tx.join('a');
      await tx.settle('a', 50);
      assert.deepEqual(await tx.unsettled(100), []);
    }));

  it('unsettle at every moment when work is taken up', () =>
    inTransaction(async (tx) => {
      await tx.join('a');
      await tx.settle('a', 100);
      await tx.unsettle('a');
      assert.deepEqual(await tx.unsettled(0), ['a']);
      await tx.settle('a', 50);
      assert.deepEqual(await tx.unsettled(50), []);
    }));

  it('forget who left, and do not take back who only settles late', () =>
    inTransaction(async (tx) => {
      await tx.join('a');
      await tx.leave('a');
      await tx.settle('a', 1);
      await tx.unsettle('a');
      assert.deepEqual(await tx.unsettled(1_000), []);
    }));

  it('hold the clock for every open handoff, and remember those that were acknowledged', () =>
    inTransaction(async (tx) => {
      const order = { id: 'h2', to: 'rollout', kind: 'candidateReady', body: { bundle: 'b' } };
      await tx.handOff(order);
      await tx.handOff(order);
      await tx.handOff({ id: 'h1', to: 'experimentation', kind: 'retrain', body: null });
      assert.deepEqual(await tx.handoffs('rollout'), [order]);
      assert.deepEqual(
        (await tx.handoffs()).map(({ id }) => id),
        ['h1', 'h2'],
      );
      assert.deepEqual(await tx.unsettled(0), ['h1', 'h2']);
      await tx.acknowledge('h2');
      await tx.acknowledge('h2');
      await tx.handOff(order);
      assert.deepEqual(await tx.unsettled(0), ['h1']);
    }));
}
