import assert from 'node:assert/strict';
import type { Client } from '@temporalio/client';
import { callTemporal } from '../../src/client/call.ts';

/** Calls at once, whatever the deadline. */
const client = { withDeadline: (_deadline: number, call: () => Promise<unknown>) => call() } as unknown as Client;

/** As the server says it through its client: the words around, the code in the cause. */
const serviceError = (code: number): Error => {
  const cause = Object.assign(new Error(`${code} said by the server`), { code, details: '', metadata: {} });
  return Object.assign(new Error('Failed to query Workflow'), { name: 'ServiceError', cause });
};

describe('a call to Temporal that fails', () => {
  for (const [title, code, expected, words] of [
    ['for want of a worker', 9, 'CALL_TIMEOUT', 'no worker answers for rollout/shop/1'],
    ['because the server is away', 14, 'TEMPORAL_UNAVAILABLE', 'Temporal does not answer for rollout/shop/1'],
    ['because time is over', 4, 'CALL_TIMEOUT', 'rollout/shop/1 has not answered in time'],
  ] as const)
    it(`${title} says so`, async () =>
      assert.rejects(
        callTemporal(client, 'rollout/shop/1', () => Promise.reject(serviceError(code)), { deadlineMs: 1 }),
        { code: expected, message: words },
      ));

  it('for any other reason fails as it is', async () => {
    const error = serviceError(13);
    await assert.rejects(
      callTemporal(client, 'rollout/shop/1', () => Promise.reject(error), { deadlineMs: 1 }),
      (thrown) => thrown === error,
    );
  });
});
