import assert from 'node:assert/strict';
import { QueryNotRegisteredError } from '@temporalio/client';
import { callTemporal } from '../../src/client/call.ts';

/** Calls at once, whatever the deadline. */
const client = { withDeadline: <T>(_deadline: number | Date, call: () => Promise<T>) => call() };

/** As the server says it through its client: the words around, the code in the cause. */
const serviceError = (code: number, words = `${code} said by the server`): Error => {
  const cause = Object.assign(new Error(words), { code, details: '', metadata: {} });
  return Object.assign(new Error('Failed to query Workflow'), { name: 'ServiceError', cause });
};

describe('a call to Temporal that fails', () => {
  for (const [title, code, expected, words] of [
    ['for want of a worker', 9, 'CALL_TIMEOUT', 'no worker answers for rollout/shop/1'],
    ['because the server is away', 14, 'TEMPORAL_UNAVAILABLE', 'Temporal does not answer for rollout/shop/1'],
    ['because it was broken off', 1, 'CALL_TIMEOUT', 'rollout/shop/1 has not answered in time'],
    ['because time is over', 4, 'CALL_TIMEOUT', 'rollout/shop/1 has not answered in time'],
  ] as const)
    it(`${title} says so`, async () =>
      assert.rejects(
        callTemporal(client, 'rollout/shop/1', () => Promise.reject(serviceError(code)), { deadlineMs: 1 }),
        { code: expected, message: words },
      ));

  it('because the code of the worker fails says which process does not move, and why', async () => {
    const words = '[TMPRL1100] Nondeterminism error: Timer machine does not handle this event';
    // As the SDK makes it of a status whose type is not ours to name.
    const error = Object.assign(Object.create(QueryNotRegisteredError.prototype) as Error, { message: words });
    await assert.rejects(
      callTemporal(client, 'rollout/shop/1', () => Promise.reject(error), { deadlineMs: 1 }),
      { code: 'PROCESS_WEDGED', message: `rollout/shop/1 cannot answer: ${words}` },
    );
  });

  it('for any other reason fails as it is', async () => {
    const error = serviceError(13);
    await assert.rejects(
      callTemporal(client, 'rollout/shop/1', () => Promise.reject(error), { deadlineMs: 1 }),
      (thrown) => thrown === error,
    );
  });

  describe('between two runs of a process', () => {
    const between = serviceError(
      9,
      'Unable to perform workflow execution update due to unexpected workflow task failure.',
    );

    it('is made again, and answers', async () => {
      let calls = 0;
      const call = (): Promise<string> => ((calls += 1) < 3 ? Promise.reject(between) : Promise.resolve('taken'));
      assert.equal(await callTemporal(client, 'rollout/shop/1', call), 'taken');
      assert.equal(calls, 3);
    });

    it('is not made again after its deadline', async () => {
      let calls = 0;
      const call = (): Promise<string> => Promise.reject(((calls += 1), between));
      await assert.rejects(callTemporal(client, 'rollout/shop/1', call, { deadlineMs: 1 }), { code: 'CALL_TIMEOUT' });
      assert.equal(calls, 1);
    });
  });
});
