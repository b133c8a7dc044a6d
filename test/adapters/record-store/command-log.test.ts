import assert from 'node:assert/strict';
import { createEdgeRecords } from '../../../src/adapters/record-store/edge-records.ts';
import { createInMemoryRecordStore } from '../../../src/adapters/record-store/in-memory.ts';
import { HoldfastError } from '../../../src/contracts/errors.ts';
import { epochMs, HOUR_MS } from '../../../src/domain/time.ts';

const MODEL = 'shop';
const ORDER = {
  commandId: 'pause-1',
  command: 'pause',
  target: 'rollout/shop/9f3a2c41-1',
  by: 'ana',
  channel: 'cli',
  body: { reason: 'odd numbers' },
  result: 'attempted',
};

describe('the log of commands', () => {
  const AT = epochMs('2001-01-03T09:00:00Z');
  const setUp = () => {
    const records = createInMemoryRecordStore();
    return {
      edge: createEdgeRecords(records),
      moveTo: (at: number) => records.transaction(MODEL, (tx) => tx.advanceWatermark(at)),
      logged: () => records.transaction(MODEL, (tx) => tx.get('command', ORDER.commandId)),
    };
  };

  it('keeps the event time at which an order came, also when the same order comes again later', async () => {
    const { edge, moveTo, logged } = setUp();
    await moveTo(AT);
    await edge.logAttempt(MODEL, ORDER);
    await moveTo(AT + HOUR_MS);
    await edge.logAttempt(MODEL, ORDER);
    assert.deepEqual(await logged(), { ...ORDER, eventTime: '2001-01-03T09:00:00Z' });
  });

  it('says nothing of the time where nothing has been logged, and does not make it up later', async () => {
    const { edge, moveTo, logged } = setUp();
    await edge.logAttempt(MODEL, ORDER);
    await moveTo(AT);
    await edge.logAttempt(MODEL, ORDER);
    assert.deepEqual(await logged(), ORDER);
  });

  it('refuses another order under the same id, at whatever time', async () => {
    const { edge, moveTo } = setUp();
    await edge.logAttempt(MODEL, ORDER);
    await moveTo(AT);
    await assert.rejects(
      edge.logAttempt(MODEL, { ...ORDER, by: 'ben' }),
      (error) => error instanceof HoldfastError && error.code === 'RECORD_CONFLICT',
    );
  });
});
