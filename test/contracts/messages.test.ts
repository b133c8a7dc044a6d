import assert from 'node:assert/strict';
import * as contracts from '../../src/contracts/messages.ts';

const messages = Object.values(contracts).flatMap((value) =>
  typeof value === 'object' && 'schema' in value ? [value] : [],
);

/** As the workflow SDK does with preloaded modules. */
function deepFreeze(value: unknown, seen = new Set<unknown>()): void {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) return;
  seen.add(value);
  Object.freeze(value);
  for (const key of Reflect.ownKeys(value)) {
    const property = Object.getOwnPropertyDescriptor(value, key);
    if (property !== undefined && 'value' in property) deepFreeze(property.value, seen);
  }
}

describe('messages, once the sandbox has frozen them', () => {
  before(() => {
    for (const message of messages) deepFreeze(message.schema);
  });

  for (const message of messages) {
    it(`${message.name} takes its own sample and refuses what is not of its shape`, () => {
      assert.equal(message.schema.safeParse(message.sample).success, true);
      const sample = message.sample as Record<string, unknown>;
      const broken = [undefined, null, 0, 'text', [], {}, { ...sample, unexpected: 1 }];
      for (const field of Object.keys(sample)) broken.push({ ...sample, [field]: { nested: true } });
      for (const body of broken) {
        const parsed = message.schema.safeParse(body);
        assert.equal(parsed.success, false);
        assert.ok((parsed.error?.issues ?? []).every((issue) => issue.message.length > 0));
      }
    });
  }

  it('refuses a digest that is not 64 hex digits and an instant that is not UTC', () => {
    const { candidateReadySignal, stageChangedSignal } = contracts;
    for (const bundle of ['', 'A'.repeat(64), '0'.repeat(63), `${'0'.repeat(63)}g`]) {
      assert.equal(candidateReadySignal.schema.safeParse({ ...candidateReadySignal.sample, bundle }).success, false);
    }
    for (const eventTime of ['2001-02-25T06:00:00+01:00', 'yesterday']) {
      assert.equal(stageChangedSignal.schema.safeParse({ ...stageChangedSignal.sample, eventTime }).success, false);
    }
  });
});
