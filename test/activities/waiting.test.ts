import assert from 'node:assert/strict';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { createInMemoryRecordStore } from '../../src/adapters/record-store/in-memory.ts';
import { waitForWork } from '../../src/activities/waiting.ts';

describe('an activity that waits for work', () => {
  /** How a wait ends that was cancelled for a reason, and after how long, milliseconds. */
  async function cancelled(reason: 'WORKER_SHUTDOWN' | 'CANCELLED'): Promise<{ ended: unknown; afterMs: number }> {
    const environment = new MockActivityEnvironment();
    const began = Date.now();
    const waiting = environment
      .run(() => waitForWork(createInMemoryRecordStore(), 'shop', 'collection/shop', async () => null))
      .catch((error: unknown) => error);
    await new Promise((heartbeat) => environment.once('heartbeat', heartbeat));
    environment.cancel(reason);
    return { ended: await waiting, afterMs: Date.now() - began };
  }

  it('ends at once when its worker stops, and comes back when that worker is gone', async () => {
    const { ended, afterMs } = await cancelled('WORKER_SHUTDOWN');
    assert.ok(ended instanceof ApplicationFailure);
    assert.deepEqual([ended.type, ended.nonRetryable, ended.nextRetryDelay], ['NOT_YET', false, '3 s']);
    // It looks again after a second by itself.
    assert.ok(afterMs < 900, `${afterMs} ms`);
  });

  it('ends as cancelled where the workflow no longer wants it', async () => {
    assert.ok((await cancelled('CANCELLED')).ended instanceof CancelledFailure);
  });
});
