import assert from 'node:assert/strict';
import { recordEvidence } from '../../src/client/evidence.ts';
import { createInMemoryRecordStore } from '../../src/adapters/record-store/in-memory.ts';
import { readRecordedRollout } from '../../src/adapters/record-store/recorded-rollout.ts';
import { verifyChain } from '../../src/domain/rollout/verify-chain.ts';
import { resealed } from '../domain/rollout/eventful-rollout.ts';
import { ALIKE, HARMFUL } from '../pushed-model.ts';
import { startPushedRollouts } from '../pushed-rollouts.ts';
import type { PushedRollouts } from '../pushed-rollouts.ts';

describe('a rollout that is judged by what somebody pushes', function () {
  this.timeout(60_000);
  const records = createInMemoryRecordStore();
  let rollouts: PushedRollouts;
  before(async () => void (rollouts = await startPushedRollouts(records)));
  after(() => rollouts.stop());

  it('holds, naming what is missing, until its batches have come, and then advances', async () => {
    const rollout = await rollouts.begin('waits');
    await rollout.until(({ exposure }) => exposure === 0.05);
    await rollout.pass(1);
    const { last: notDue } = await rollout.until(({ last }) => last?.cohort === 1);
    assert.deepEqual([notDue?.verdict, notDue?.reasons], ['continue', ['evidence']]);
    await rollout.pass(2);
    const { last: due, exposure } = await rollout.until(({ last }) => last?.cohort === 2);
    assert.deepEqual([due?.verdict, due?.reasons, exposure], ['hold', ['data-pending', 'refunds'], 0.05]);
    assert.equal(due?.unmet[0], 'refunds: nothing has been recorded for 2001-01-03T00:00:00Z yet');
    // Late, and the later cohort first.
    for (const cohort of [2, 1]) assert.equal((await rollout.push(cohort)).result, 'recorded');
    await rollout.pass(3);
    const { last: judged } = await rollout.until(({ exposure: now }) => now === 0.25);
    assert.deepEqual([judged?.cohort, judged?.verdict], [3, 'advance']);
  });

  it('is stopped by harm in what was pushed, while what is missing holds nothing but the advance', async () => {
    const rollout = await rollouts.begin('harmed');
    await rollout.until(({ exposure }) => exposure === 0.05);
    await rollout.pass(3);
    await rollout.until(({ last }) => last?.cohort === 3);
    await rollout.push(1, HARMFUL);
    await rollout.pass(4);
    const { decision } = await rollout.until((state) => state.decision !== null);
    assert.equal(decision?.outcome, 'rolled_back');
    assert.match(decision?.reason ?? '', /refunds/);
    await rollout.handle.result();
    const late = await rollout.push(2);
    assert.match(late.message, /is no rollout in flight/);
  });

  it('is verified from its records, although its ladder exposes somebody right after the examination', async () => {
    const rollout = await rollouts.begin('unshadowed');
    await rollout.until(({ exposure }) => exposure === 0.05);
    for (const cohort of [1, 2]) {
      await rollout.pass(cohort);
      await rollout.push(cohort);
    }
    await rollout.until(({ last }) => last?.cohort === 2);
    const recorded = await records.transaction('unshadowed', (tx) => readRecordedRollout(tx, rollout.rolloutId));
    const verification = verifyChain({ ...recorded, head: null });
    assert.ok(verification.verified, JSON.stringify(verification));
    assert.equal(verification.looks, 2);
    const [examined, first] = structuredClone(recorded.chain);
    const tooMuch = { ...first!.body, basis: { ...first!.body.basis!, exposureBp: 2500 } };
    const chain = resealed([examined!, { ...first!, body: tooMuch }]);
    const decisions = new Map(chain.map(({ key, body }) => [key, body]));
    const found = verifyChain({ ...recorded, chain, decisions, head: null });
    assert.match(JSON.stringify(found), /served at exposure 0\.25, and no decision had allowed more than 0\.05/);
  });

  it('takes small batches as updates: recorded once, refused with the reason, refused for now and taken later', async () => {
    const rollout = await rollouts.begin('updates');
    await rollout.until(({ exposure }) => exposure === 0.05);
    await rollout.pass(1);
    const give = (batch: object, occasion = '') =>
      recordEvidence(rollouts.client, rollout.rolloutId, { batch, by: 'metrics-job', channel: 'client' }, { occasion });
    assert.equal((await give(rollout.batch(1))).result, 'recorded');
    assert.equal((await give(rollout.batch(1), 'again')).result, 'duplicate');
    const impossible = await give({ ...rollout.batch(1), batchId: 'x', counts: { ...ALIKE, events: 99 } });
    assert.match(impossible.message, /candidateEvents 100 is more than events 99/);
    const early = await give(rollout.batch(2));
    assert.deepEqual([early.result, early.later], ['refused', true]);
    await rollout.pass(2);
    assert.equal((await give(rollout.batch(2), 'later')).result, 'recorded');
    assert.match((await give({ ...rollout.batch(3), metric: 7 })).message, /^recordEvidence: metric: /);
  });

  it('takes an update of 16 KiB and refuses a larger one before it is history', async () => {
    const rollout = await rollouts.begin('sizes');
    await rollout.until(({ exposure }) => exposure === 0.05);
    const withTriples = (count: number): object => ({
      batchId: `of-${count}`,
      metric: 'regret',
      cohortStart: '2001-01-03T00:00:00Z',
      differences: Array.from({ length: count }, (_, index) => [-1000 - index, 1_000_000_000]),
    });
    const give = (batch: object) =>
      recordEvidence(rollouts.client, rollout.rolloutId, { batch, by: 'ana', channel: 'client' });
    assert.match((await give(withTriples(800))).message, /metric regret is none that is pushed/);
    const before = (await rollout.handle.describe()).historyLength;
    const { result, message } = await give(withTriples(1000));
    assert.equal(result, 'refused');
    assert.match(message, /^the batch is 1\d{4} bytes, and an update takes 16384; use holdfast evidence push or POST/);
    assert.equal((await rollout.handle.describe()).historyLength, before);
  });
});
