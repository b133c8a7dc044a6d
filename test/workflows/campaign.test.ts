import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { inbox } from '../../src/client/inbox.ts';
import type { Inbox } from '../../src/client/inbox.ts';
import { collectionId } from '../../src/contracts/names.ts';
import { MODEL } from '../activities/small-world.ts';
import { startCampaigns } from '../campaigns.ts';
import type { Campaign, Campaigns } from '../campaigns.ts';
import { eventually, faultsOfAllRuns, historyOf, keepHistory } from './stage-run.ts';

describe('the workflow of a labelling campaign', function () {
  this.timeout(90_000);
  let campaigns: Campaigns;
  /** One that is left open. */
  let open: Campaign;

  const refusal = async ({ handle }: Campaign, name: string, body: object): Promise<string> => {
    try {
      await handle.executeUpdate(name, { args: [body] });
      return 'taken';
    } catch (error) {
      assert.ok(error instanceof WorkflowUpdateFailedError);
      return error.cause?.message ?? '';
    }
  };
  const waiting = async (wanted: (found: Inbox['waiting']) => boolean): Promise<Inbox['waiting']> =>
    (
      await eventually(
        () => inbox(campaigns.client, MODEL),
        (found) => wanted(found.waiting),
      )
    ).waiting;
  const collectionSays = (wanted: RegExp): Promise<string> =>
    eventually(
      () => campaigns.client.workflow.getHandle(collectionId(MODEL)).query<string>('explain'),
      (said) => wanted.test(said),
    );

  before(async () => {
    campaigns = await startCampaigns();
  });
  after(() => campaigns.stop());

  it('asks people, weighs what they say, and sends what stands as outcomes', async () => {
    const campaign = await campaigns.begin({ adjudicators: 'judge', goldShare: 0 });
    const before = await campaign.status();
    assert.equal(before.tasks.length, 10);
    assert.match(
      await campaign.handle.query<string>('explain'),
      /\*\*Question\*\* Was the sale bad\?[^]*task +answers +inputs\nt01 +0 of 2 +shop south/,
    );
    const listed = await waiting((found) => found.length > 0);
    assert.deepEqual(
      listed.map(({ id, waitsFor, next }) => [id, waitsFor, next]),
      [[campaign.id, 'labels', { orders: ['answerLabelTask'], body: { by: 'YOUR-NAME', task: 't01', label: null } }]],
    );

    const first = await campaign.answer('t01', 'ana', 1);
    assert.deepEqual(first, {
      accepted: true,
      message: 'ana says 1 of t01; 0 of 10 tasks have their label, the next is t02',
      settled: 0,
      tasks: 10,
    });
    await campaign.handle.signal('answerLabelTask', {
      task: 't01',
      by: 'ben',
      label: 1,
      reason: 'the receipt says so',
    });
    await campaign.stands('t01', 'settled');
    assert.match(
      await refusal(campaign, 'answerLabelTask', { task: 't01', by: 'cleo', label: 1 }),
      /^t01 has its label already; 1 of 10/,
    );
    assert.match(
      await refusal(campaign, 'answerLabelTask', { task: 't1', by: 'ana', label: 1 }),
      /t1 is no task .* did you mean t01\?/,
    );
    assert.match(
      await refusal(campaign, 'answerLabelTask', { task: 't02', by: 'dora', label: 1 }),
      /dora may not answer: only annotator/,
    );
    assert.match(
      await refusal(campaign, 'answerLabelTask', { task: 't02', by: 'ana', label: 3 }),
      /allowed: 0 \(no\) or 1 \(yes\)/,
    );
    // A signal that is refused is set aside.
    await campaign.handle.signal('answerLabelTask', { task: 't01', by: 'cleo', label: 0 });

    await campaign.answer('t02', 'ana', 1);
    await campaign.answer('t02', 'ben', 0);
    await campaign.until(({ tasks }) => tasks[1]?.asked === 3);
    await campaign.answer('t02', 'cleo', 0);
    await campaign.stands('t02', 'settled');
    for (const { task } of before.tasks.slice(2)) {
      await campaign.answer(task, 'ana', 0);
      await campaign.answer(task, 'ben', 0);
    }
    assert.equal(await campaign.handle.result(), '10 of 10 tasks have their label; people agree by alpha 0.63; closed');
    assert.deepEqual(campaigns.sent(), [1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert.equal(campaigns.deliveries(), 2, 'the first delivery fails and is tried again');
    const words = await campaign.handle.query<string>('explain');
    assert.match(
      words,
      /\*\*Closed\*\* every task has its label\n\*\*Labels by\*\* agreement 10, majority 0, adjudication 0/,
    );
    assert.match(words, /\*\*Sent as outcomes\*\* 10 are with the gateways/);
    assert.match(words, /annotator +answers +known tasks right +counts\nana +10 +none +yes/);
    await collectionSays(/\*\*Labels by people\*\* \[campaign.*10 of 10 tasks have their label/);
    assert.deepEqual(
      campaigns.told.map(({ topic, subject }) => [topic, subject]),
      [['labels', 'shop: labels are asked — Was the sale bad?']],
    );
    await assert.rejects(campaign.answer('t01', 'cleo', 1), { name: 'WorkflowNotFoundError' });
    await keepHistory(campaign.handle, 'campaign--labelled-to-the-end');
  });

  it('has a disagreement settled by an adjudicator', async () => {
    const campaign = await campaigns.begin({ adjudicators: 'judge', goldShare: 0, answersPerTask: 3, size: 1 });
    assert.match(
      await refusal(campaign, 'adjudicateLabelTask', { task: 't1', by: 'dora', label: 1, reason: 'sure' }),
      /waits for answers, 0 of 3 given/,
    );
    for (const [by, label] of [
      ['ana', 1],
      ['ben', 0],
      ['cleo', 0],
    ] as const)
      await campaign.answer('t1', by, label);
    await campaign.stands('t1', 'adjudication');
    const listed = await waiting((found) => found[0]?.waitsFor === 'adjudication');
    assert.deepEqual(listed[0]?.next?.orders, ['adjudicateLabelTask']);
    await campaign.handle.signal('adjudicateLabelTask', {
      task: 't1',
      by: 'dora',
      label: 1,
      reason: 'the receipt says so',
    });
    assert.match(await campaign.handle.result(), /^1 of 1 tasks have their label/);
    assert.deepEqual(campaigns.sent(), [1]);
    assert.deepEqual((await campaign.recorded())[0]?.standing?.settledBy, 'adjudication');
  });

  it('closes at its deadline: what is unanswered is named and stays without a label', async () => {
    const campaign = await campaigns.begin({ deadline: 'PT3S', answersPerTask: 1, goldShare: 0 });
    await campaign.answer('t01', 'ana', 1);
    assert.equal(await campaign.handle.result(), '1 of 10 tasks have their label, 9 stay without; closed');
    const { summary, inWords } = await campaign.status();
    assert.equal(summary?.reason, 'the deadline has passed');
    assert.deepEqual(summary?.unsettled, ['t02', 't03', 't04', 't05', 't06', 't07', 't08', 't09', 't10']);
    assert.match(inWords, /9 stay without; closed$/);
    assert.deepEqual(campaigns.sent(), [1]);
    assert.ok((await campaign.recorded()).slice(1).every(({ standing }) => standing?.label === null));
    await keepHistory(campaign.handle, 'campaign--closed-at-its-deadline');
  });

  it('shows nobody which tasks are gold, and sets aside who fails them', async () => {
    const campaign = await campaigns.begin({ answersPerTask: 1 });
    const drawn = await campaign.recorded();
    const gold = drawn.filter((task) => task.gold !== null);
    assert.equal(gold.length, 4);
    for (const task of gold.slice(0, 3)) await campaign.answer(task.task, 'ben', 1 - (task.gold ?? 0));
    const { setAside } = await campaign.until((now) => now.setAside.length > 0);
    assert.match(setAside[0]?.reason ?? '', /^0 of 3 tasks of known outcome/);
    // What ben has said counts no more: others are asked again.
    await campaign.stands(gold[0]!.task, 'open');
    assert.match(
      await refusal(campaign, 'answerLabelTask', { task: gold[3]!.task, by: 'ben', label: 1 }),
      /what ben says does not count/,
    );
    const payloads = JSON.stringify(await historyOf(campaign.handle)).matchAll(/"data":"([^"]+)"/g);
    const said = Array.from(payloads, ([, data = '']) => Buffer.from(data, 'base64').toString());
    assert.ok(said.some((text) => text.includes('Was the sale bad?')));
    assert.doesNotMatch(said.join('\n'), /gold/);
    for (const { task, gold: known } of drawn) await campaign.answer(task, 'ana', known ?? 0);
    assert.match(await campaign.handle.result(), /^10 of 10 tasks have their label/);
    assert.equal(campaigns.sent().length, 6, 'nothing is sent of gold');
    assert.match(await campaign.handle.query<string>('explain'), /\*\*Does not count\*\* ben: 0 of 3/);
  });

  it('goes on as a new run with its answers, and takes an order once across it', async () => {
    const campaign = (open = await campaigns.begin({ size: 60, answersPerTask: 1, goldShare: 0 }, 80));
    const { runId } = await campaign.handle.describe();
    await campaign.answer('t01', 'ana', 1, 'command-1');
    // A run that lasts less than two seconds is counted as a fault.
    await sleep(2_000);
    for (let index = 2; (await campaign.handle.describe()).runId === runId; index += 1)
      await campaign.answer(`t${String(index).padStart(2, '0')}`, 'ana', 0);
    const before = await campaign.until(({ pending }) => pending.length === 0);
    await campaign.answer('t01', 'ana', 1, 'command-1');
    assert.deepEqual(await campaign.status(), before);
    assert.match(
      await refusal(campaign, 'answerLabelTask', { task: 't01', by: 'ana', label: 1 }),
      /t01 has its label already/,
    );
    const ended = await campaigns.client.workflow.getHandle(campaign.id, runId).describe();
    assert.ok(ended.historyLength < 500, `${ended.historyLength} events`);
    await keepHistory(campaigns.client.workflow.getHandle(campaign.id, runId), 'campaign--continued-as-new');
  });

  it('is closed when its labels could not count any more; where there is nothing to label, none is begun', async () => {
    await campaigns.pass({}, 2);
    assert.match(await open.handle.result(), /^\d+ of 60 tasks have their label, \d+ stay without/);
    const { summary } = await open.status();
    assert.match(summary?.reason ?? '', /^campaign\/shop\/.* has begun: labels of this one could not count any more$/);
    await collectionSays(/nothing to label from .*: every outcome has come by itself/);
  });

  // A suite of its own comes after all the others.
  describe('altogether', () =>
    it('leaves histories in which the rules find no fault', async () =>
      assert.deepEqual(await faultsOfAllRuns(campaigns.run), [])));
});
