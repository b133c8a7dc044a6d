import assert from 'node:assert/strict';
import { createInMemoryStore } from '../../../src/adapters/object-store/in-memory.ts';
import { createServingCheck } from '../../../src/adapters/serving-check/index.ts';
import { away, CheckDesk, servingCheckConformance } from './conformance.ts';

describe('serving check in memory', () => {
  servingCheckConformance(async () => {
    const store = createInMemoryStore();
    const check = await createServingCheck(
      { kind: 'in-memory' },
      { get: (digest) => store.get(digest), environment: {} },
    );
    return { store, check };
  });

  it('does not blame a candidate for an object store that is away', async () => {
    const check = await createServingCheck({ kind: 'in-memory' }, { get: away, environment: {} });
    await assert.rejects(new CheckDesk(createInMemoryStore(), check).ask('a'.repeat(64), [1]), { kind: 'retryable' });
  });
});
