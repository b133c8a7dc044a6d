import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decideQueue } from '../../../src/domain/rollout/promotion-queue.ts';
import type { NewerCandidatePolicy, QueuedCandidate } from '../../../src/domain/rollout/promotion-queue.ts';

const candidate = (idea: string, day: number, priority: 'idea' | 'retrain' = 'idea', attempt = 1): QueuedCandidate => ({
  bundle: `${idea}-${attempt}`,
  idea,
  attempt,
  priority,
  readyAt: `2001-02-${String(day).padStart(2, '0')}T00:00:00Z`,
});
const standard: NewerCandidatePolicy = { ideas: 'queue', retrains: 'supersede' };

describe('the promotion queue', () => {
  for (const [title, waiting, inFlight, policy, start] of [
    ['starts nothing when nobody waits', [], null, standard, null],
    ['starts nothing while a candidate is in flight', [candidate('a', 1)], candidate('b', 1), standard, null],
    ['starts the candidate that was ready first', [candidate('b', 2), candidate('a', 3)], null, standard, 'b-1'],
    [
      'starts an idea before a routine retrain that is older',
      [candidate('r', 1, 'retrain'), candidate('a', 3)],
      null,
      standard,
      'a-1',
    ],
    ['orders equal times by name', [candidate('b', 2), candidate('a', 2)], null, standard, 'a-1'],
  ] as const)
    it(title, () => assert.equal(decideQueue(waiting, inFlight, policy).start?.bundle ?? null, start));

  it('replaces a routine retrain that still waits by a newer one', () => {
    const decision = decideQueue(
      [candidate('r', 1, 'retrain', 1), candidate('r', 8, 'retrain', 2)],
      candidate('a', 1),
      standard,
    );
    assert.deepEqual(
      decision.superseded.map(({ candidate: old, by }) => [old.bundle, by.bundle]),
      [['r-1', 'r-2']],
    );
  });

  it('never replaces what is in flight', () => {
    const decision = decideQueue([candidate('r', 8, 'retrain', 2)], candidate('r', 1, 'retrain', 1), standard);
    assert.deepEqual(decision, { start: null, superseded: [], rejected: [] });
  });

  it('refuses a newer candidate at once where the policy says so', () => {
    const decision = decideQueue([candidate('b', 2)], candidate('a', 1), { ideas: 'reject', retrains: 'supersede' });
    assert.deepEqual(
      decision.rejected.map(({ candidate: refused, because }) => [refused.bundle, because?.bundle]),
      [['b-1', 'a-1']],
    );
  });

  const anyCandidate = fc
    .tuple(
      fc.constantFrom('a', 'b', 'c'),
      fc.integer({ min: 1, max: 28 }),
      fc.constantFrom('idea' as const, 'retrain' as const),
      fc.integer({ min: 1, max: 4 }),
    )
    .map(([idea, day, priority, attempt]) => ({
      ...candidate(idea, day, priority, attempt),
      bundle: `${idea}-${day}-${priority}-${attempt}`,
    }));
  const someCandidates = fc.uniqueArray(anyCandidate, { selector: ({ bundle }) => bundle, maxLength: 8 });
  const anyPolicy = fc.record({
    ideas: fc.constantFrom('queue' as const, 'supersede' as const, 'reject' as const),
    retrains: fc.constantFrom('queue' as const, 'supersede' as const, 'reject' as const),
  });

  it('decides the same whatever the order of arrival', () =>
    fc.assert(
      fc.property(someCandidates, anyPolicy, fc.infiniteStream(fc.nat()), (waiting, policy, keys) => {
        const shuffled = waiting.map((one) => ({ one, key: keys.next().value ?? 0 })).sort((a, b) => a.key - b.key);
        assert.deepEqual(
          decideQueue(
            shuffled.map(({ one }) => one),
            null,
            policy,
          ),
          decideQueue(waiting, null, policy),
        );
      }),
    ));

  it('starts one candidate whenever one may start, and loses none', () =>
    fc.assert(
      fc.property(someCandidates, anyPolicy, (waiting, policy) => {
        const { start, superseded, rejected } = decideQueue(waiting, null, policy);
        assert.equal(start === null, waiting.length === 0);
        const gone = new Set([...superseded, ...rejected].map(({ candidate: { bundle } }) => bundle));
        assert.ok(start === null || !gone.has(start.bundle));
        assert.equal(gone.size, superseded.length + rejected.length);
      }),
    ));
});
