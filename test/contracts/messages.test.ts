import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import * as contracts from '../../src/contracts/messages.ts';
import type { FrozenVerdict } from './frozen-messages.ts';

const names = Object.values(contracts).flatMap((value) =>
  typeof value === 'object' && 'schema' in value ? [value.name] : [],
);

describe('messages, once the sandbox has frozen them', () => {
  let verdicts: readonly FrozenVerdict[] = [];
  before(async () => {
    const frozen = new Worker(new URL('./frozen-messages.js', import.meta.url));
    [verdicts] = (await once(frozen, 'message')) as [readonly FrozenVerdict[]];
  });

  for (const name of names)
    it(`${name} takes its own sample and refuses, in words, what is not of its shape`, () => {
      const verdict = verdicts.find((known) => known.name === name);
      assert.equal(verdict?.takesSample, true);
      assert.ok(verdict.refusals.length > 7);
      assert.ok(verdict.refusals.every(Boolean));
    });

  it('take no id that cannot be the key of a record', () => {
    const { schema, sample } = contracts.pauseMessage;
    const { success, error } = schema.safeParse({ ...sample, commandId: 'a\0b' });
    assert.equal(success, false);
    assert.match(error?.message ?? '', /must not contain U\+0000/);
  });

  it('leave those of this process as they were', () => {
    assert.ok(!Object.isFrozen(contracts.candidateReadySignal.schema));
  });
});
