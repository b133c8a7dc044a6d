import assert from 'node:assert/strict';
import type { WorkflowHandle } from '@temporalio/client';
import { recordEvidence } from '../../src/client/evidence.ts';
import { createInMemoryRecordStore } from '../../src/adapters/record-store/in-memory.ts';
import { readRecordedRollout } from '../../src/adapters/record-store/recorded-rollout.ts';
import { verifyChain } from '../../src/domain/rollout/verify-chain.ts';
import { resealed } from '../domain/rollout/eventful-rollout.ts';
import { historyOf, keepHistory } from './stage-run.ts';
import { ALIKE, HARMFUL } from '../pushed-model.ts';
import { startPushedRollouts } from '../pushed-rollouts.ts';
import type { PushedRollouts } from '../pushed-rollouts.ts';

/** Budgets of a judged batch: what it may cost the history where nothing changes, and where the split widens. */
const BATCH_EVENTS_MAX = 12;
const WIDENED_EVENTS_MAX = 20;

/** Until no workflow task is on its way. */
async function settled(handle: WorkflowHandle): Promise<void> {
  for (let length = -1, seen = 0; seen !== length; seen = (await handle.describe()).historyLength) {
    length = seen;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

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
    // Late, and the later cohort first: alone it completes nothing.
    assert.equal((await rollout.push(2)).result, 'recorded');
    await settled(rollout.handle);
    const before = await historyOf(rollout.handle);
    assert.equal((await rollout.pushAndTell(1)).result, 'recorded');
    const { last: judged } = await rollout.until(({ exposure: now }) => now === 0.25);
    assert.deepEqual([judged?.cohort, judged?.again, judged?.verdict], [2, 1, 'advance']);
    await settled(rollout.handle);
    const events = (await historyOf(rollout.handle)).length - before.length;
    assert.ok(events <= WIDENED_EVENTS_MAX, `the look and the wider split took ${events} events`);
    await keepHistory(rollout.handle, 'rollout--widened-by-pushed-counts');
    assert.equal((await rollout.verified()).verified, true);
  });

  it('is judged once by what comes after its cohort, and told again it is not judged again', async () => {
    const rollout = await rollouts.begin('again');
    await rollout.until(({ exposure }) => exposure === 0.05);
    for (const cohort of [1, 2, 3]) await rollout.pass(cohort);
    await rollout.until(({ last }) => last?.cohort === 3);
    const few = { candidateEvents: 1, events: 20, candidateExposures: 50, exposures: 1000 };
    const before = await historyOf(rollout.handle);
    assert.equal((await rollout.pushAndTell(1, few)).result, 'recorded');
    const { last: first } = await rollout.until(({ last }) => last?.again === 1);
    assert.deepEqual([first?.cohort, first?.verdict, first?.reasons], [3, 'hold', ['data-pending', 'refunds']]);
    assert.match(first?.unmet.join() ?? '', /nothing has been recorded for 2001-01-03T03:00:00Z yet/);
    await settled(rollout.handle);
    const events = (await historyOf(rollout.handle)).length - before.length;
    assert.ok(events <= BATCH_EVENTS_MAX, `a judged batch took ${events} events`);
    for (let told = 0; told < 3; told++) assert.equal((await rollout.pushAndTell(1, few)).result, 'duplicate');
    for (let told = 0; told < 3; told++) await rollout.handle.signal('evidenceArrived', { batchId: 'refunds-1' });
    assert.equal((await rollout.push(2, few)).result, 'recorded');
    const { last: second } = await rollout.until(({ last }) => last?.again === 2);
    assert.deepEqual([second?.cohort, second?.verdict, second?.reasons], [3, 'continue', ['evidence']]);
    assert.doesNotMatch(second?.unmet.join() ?? '', /has been recorded/);
    await rollout.pass(4);
    const { last: next } = await rollout.until(({ last }) => last?.cohort === 4);
    assert.deepEqual([next?.again, next?.reasons], [undefined, ['data-pending', 'refunds']]);
    const verified = await rollout.verified();
    assert.ok(verified.verified, JSON.stringify(verified));
    assert.equal(verified.looks, 6);
  });

  it('is stopped at once by harm in what was pushed, while what is missing holds nothing but the advance', async () => {
    const rollout = await rollouts.begin('harmed');
    await rollout.until(({ exposure }) => exposure === 0.05);
    await rollout.pass(3);
    await rollout.until(({ last }) => last?.cohort === 3);
    await rollout.pushAndTell(1, HARMFUL);
    const { decision } = await rollout.until((state) => state.decision !== null);
    assert.equal(decision?.outcome, 'rolled_back');
    assert.match(decision?.reason ?? '', /refunds/);
    await rollout.handle.result();
    const late = await rollout.push(2);
    assert.match(late.message, /is no rollout in flight/);
    assert.equal((await rollout.verified()).verified, true);
  });

  it('holds for good and calls a person where its router assigned another share than was ordered', async () => {
    const rollout = await rollouts.begin('lopsided');
    await rollout.until(({ exposure }) => exposure === 0.05);
    for (const cohort of [1, 2]) await rollout.pass(cohort);
    await rollout.until(({ last }) => last?.cohort === 2);
    await rollout.pushAndTell(1, ALIKE, { assigned: { control: 1900, candidate: 100 } });
    const { exposure } = await rollout.until(({ exposure: now }) => now === 0.25);
    assert.equal(exposure, 0.25);
    await rollout.pass(3);
    await rollout.until(({ last }) => last?.cohort === 3);
    await rollout.pushAndTell(2, ALIKE, { assigned: { control: 1800, candidate: 200 } });
    const { last, inWords } = await rollout.until((state) => state.last?.verdict === 'hold' && state.last.again === 1);
    assert.deepEqual([last?.cohort, last?.reasons], [3, ['srm']], inWords);
    assert.match(String(await rollout.handle.query('explain')), /split is broken, only a rollback leads on/);
    await rollout.pass(4);
    await rollout.pushAndTell(3);
    const later = await rollout.until((state) => state.last?.cohort === 4);
    assert.deepEqual([later.last?.reasons, later.exposure], [['srm'], 0.25]);
    const verified = await rollout.verified();
    assert.ok(verified.verified, JSON.stringify(verified));
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
