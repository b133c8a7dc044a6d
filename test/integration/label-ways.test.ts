import assert from 'node:assert/strict';
import { OPERATOR_ACTIONS } from '../../scripts/reference/operator-actions.ts';
import type { OperatorAction } from '../../scripts/reference/operator-actions.ts';
import { createVegaRenderer } from '../../src/adapters/chart-renderer/vega.ts';
import { createEdgeRecords } from '../../src/adapters/record-store/edge-records.ts';
import * as labeling from '../../src/client/labeling.ts';
import { createPages } from '../../src/http/pages.ts';
import { startEdge } from '../../src/http/server.ts';
import type { Edge } from '../../src/http/server.ts';
import { readTokens } from '../../src/http/tokens.ts';
import { MODEL } from '../activities/small-world.ts';
import { startCampaigns } from '../campaigns.ts';
import type { Campaign, Campaigns } from '../campaigns.ts';
import { captured } from '../cli/captured.ts';
import { eventually } from '../workflows/stage-run.ts';
import { browserPath, WebUi } from './web-ui.ts';

const WAYS = ['signal', 'update', 'cli', 'client', 'http'] as const;
type Way = (typeof WAYS)[number];
const path = browserPath();
const ACTIONS = OPERATOR_ACTIONS.filter(({ process: kind }) => kind === 'campaign');
const CALLS = new Map(Object.entries(labeling) as Array<[string, typeof labeling.adjudicateLabelTask]>);

const post = (url: string, body: object): Promise<Response> =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

interface Said {
  readonly by: string;
  readonly task: string;
  readonly label: number;
  readonly reason: string;
}

describe('labels by people', function () {
  this.timeout(90_000);
  let campaigns: Campaigns;
  let edge: Edge;
  let ui: WebUi | null = null;

  before(async () => {
    campaigns = await startCampaigns({ withUi: path !== null });
    process.env['TEMPORAL_ADDRESS'] = campaigns.run.address;
    const records = createEdgeRecords(campaigns.world.records);
    const behind = { client: campaigns.client, records, pages: createPages(records, createVegaRenderer()) };
    const tokens = readTokens({ httpTokens: undefined, httpTokensFile: undefined });
    edge = await startEdge({ host: '127.0.0.1', port: 0, tokens, behind: () => behind });
    if (path !== null) ui = await WebUi.open(path, campaigns.run.uiUrl ?? '');
  });
  after(async () => {
    delete process.env['TEMPORAL_ADDRESS'];
    await ui?.close();
    await edge.close();
    await campaigns.stop();
  });

  /** Does one thing by one way; resolves when the way has answered. */
  async function act(
    way: Way,
    { update, signal, cli, client, http }: OperatorAction,
    { id, handle }: Campaign,
    said: Said,
  ): Promise<void> {
    const { by, task, label, reason } = said;
    switch (way) {
      case 'signal':
        return handle.signal(signal ?? '', said);
      case 'update':
        return void (await handle.executeUpdate(update, { args: [said] }));
      case 'cli': {
        const words = cli === 'label answer' ? '--remark' : '--reason';
        const typed = [...cli.split(' '), id, task, String(label), '--as', by, words, reason];
        const { exitCode, stdout, stderr } = await captured(typed);
        return assert.equal(exitCode, 0, stdout + stderr);
      }
      case 'client': {
        const reply = await CALLS.get(client)!(campaigns.client, id, { ...said, channel: 'client' });
        return assert.equal(reply.accepted, true, reply.message);
      }
      case 'http': {
        const answer = await post(`${edge.url}/v1/campaigns/${id}/${http}`, said);
        return assert.equal(answer.status, 200, await answer.text());
      }
      default:
        return way satisfies never;
    }
  }
  const actionOf = (name: string): OperatorAction => ACTIONS.find(({ action }) => action === name)!;

  it('have the same outcome by signal, update, command line, client and HTTP', async () => {
    const rules = { answersPerTask: 3, adjudicators: 'judge', goldShare: 0, size: WAYS.length } as const;
    const campaign = await campaigns.begin(rules);
    for (const [index, way] of WAYS.entries()) {
      const task = `t${index + 1}`;
      for (const [by, label] of [
        ['ana', 1],
        ['ben', 0],
        ['cleo', 1],
      ] as const)
        await act(way, actionOf('answer a label task'), campaign, { by, task, label, reason: 'seen' });
      await campaign.stands(task, 'adjudication');
      const ruling = { by: 'dora', task, label: 0, reason: 'the receipt says so' };
      await act(way, actionOf('adjudicate a label task'), campaign, ruling);
    }
    await campaign.handle.result();
    assert.deepEqual(campaigns.sent(), [0, 0, 0, 0, 0]);
    const answers = await campaigns.world.records.transaction(MODEL, (tx) =>
      tx.list('labelAnswer', { prefix: `${campaign.id}/` }),
    );
    const became = WAYS.map((_, index) =>
      answers.flatMap(({ body: { kind, task, by, label, reason } }) =>
        task === `t${index + 1}` ? [{ kind, by, label, reason }] : [],
      ),
    );
    assert.equal(became[0]?.length, 4);
    for (const one of became) assert.deepEqual(one, became[0]);
    assert.deepEqual(
      WAYS.map((_, index) => answers.find(({ body }) => body.task === `t${index + 1}`)?.body.channel),
      ['ui', 'ui', 'cli', 'client', 'http'],
    );
    // Whatever comes over HTTP is written down before it is given to the campaign, and whether it is taken or not.
    const attempts = (): Promise<number> =>
      campaigns.world.records.transaction(MODEL, async (tx) => (await tx.list('command')).length);
    assert.equal(await attempts(), 4);
    const gone = await post(`${edge.url}/v1/campaigns/${campaign.id}/answerLabelTask`, {
      by: 'ana',
      task: 't1',
      label: 1,
    });
    assert.equal(gone.status, 404);
    assert.equal(await attempts(), 5);
  });

  it('are told over HTTP what is asked, and why a label is not taken', async () => {
    const campaign = await campaigns.begin({ goldShare: 0, size: 2 });
    const url = `${edge.url}/v1/campaigns/${campaign.id.slice('campaign/'.length)}`;
    const asked = (await (await fetch(url)).json()) as { brief: { question: string; tasks: unknown[] } };
    assert.deepEqual([asked.brief.question, asked.brief.tasks.length], ['Was the sale bad?', 2]);
    const send = async (body: object): Promise<{ status: number; code: string; message: string }> => {
      const answer = await post(`${url}/answerLabelTask`, body);
      const { error } = (await answer.json()) as { error: { code: string; message: string } };
      return { status: answer.status, ...error };
    };
    const { status, code, message } = await send({ by: 'dora', task: 't1', label: 1 });
    assert.deepEqual([status, code], [409, 'COMMAND_REFUSED']);
    assert.match(message, /dora may not answer: only annotator, ana, ben, cleo/);
    assert.equal((await send({ by: 'ana', task: 't1', label: 'yes' })).code, 'REQUEST_INVALID');
    await closed(campaign, 2);
  });

  /** Lets a campaign end, so that the next may begin. */
  async function closed(campaign: Campaign, tasks: number): Promise<void> {
    const { tasks: all } = await campaign.status();
    for (const { task, answeredBy } of all)
      for (const by of ['ana', 'ben']) if (!answeredBy.includes(by)) await campaign.answer(task, by, 1);
    await campaign.handle.result();
    assert.equal(campaigns.sent().length, tasks);
  }

  it('are listed, answered, and planned from the command line', async () => {
    const campaign = await campaigns.begin({ goldShare: 0, size: 12 });
    const { id } = campaign;
    const cli = async (...words: string[]): Promise<string> => {
      const { exitCode, stdout, stderr } = await captured(words);
      return `${exitCode} ${stdout}${stderr}`;
    };
    const listed = await cli('label', 'tasks', id, '--as', 'ana');
    assert.match(
      listed,
      /^0 Was the sale bad\?\nlate: 0 or no, 1 or yes\n\ntask {2}answers {2}inputs\nt01 {3}0 of 2 {3}shop south\n/,
    );
    assert.match(
      listed,
      /t12 {3}0 of 2 [^]*\n0 of 12 tasks have their label, the next is t01; waits for labels; for example\n/,
    );
    assert.ok(listed.trimEnd().endsWith(`npx holdfast label answer ${id} t01 LABEL --as ana`), listed);
    const { waiting } = JSON.parse((await captured(['inbox', '--json'])).stdout) as {
      waiting: { commands: string[] }[];
    };
    assert.deepEqual(waiting[0]?.commands, [
      `npx holdfast label answer ${id} t01 LABEL --as NAME`,
      `npx holdfast explain ${id}`,
    ]);

    assert.match(
      await cli('label', 'answer', id, 't01', 'yes', '--as', 'ana', '--dry-run'),
      /^0 dry run: nothing was changed\norder {6}answer 1 for t01 of campaign[^]*would be taken: ana says 1 of t01; 0 of 12 tasks have their label, the next is t02/,
    );
    assert.match(
      await cli('label', 'answer', id, 't0', 'yes', '--as', 'ana', '--dry-run'),
      /^6 dry run[^]*would be refused: t0 is no task of this campaign, which has t01 to t12; did you mean t01\?/,
    );
    assert.deepEqual((await campaign.status()).tasks[0]?.answeredBy, []);
    assert.match(await cli('label', 'answer', id, 't01', 'yes', '--as', 'ana'), /^0 taken: ana says 1 of t01; 0 of 12/);
    assert.match(
      await cli('label', 'answer', id, 't01', 'no', '--as', 'ana'),
      /^6 refused: ana has answered t01 already/,
    );
    // The same words again are the same answer.
    assert.match(await cli('label', 'answer', id, 't01', 'yes', '--as', 'ana'), /^0 taken/);
    assert.match(
      await cli('label', 'answer', id, 't01', 'maybe', '--as', 'ben'),
      /^2 .*label is "maybe"; give yes, no, or the number/s,
    );
    assert.match(
      await cli('label', 'adjudicate', id, 't01', 'no', '--as', 'dora', '--reason', 'sure'),
      /^6 refused: dora may not adjudicate/,
    );
    assert.match(await cli('label', 'answer', 'rollout/shop/1', 't01', 'no', '--as', 'ana'), /^1 .*PROCESS_NOT_FOUND/s);
    const left = JSON.parse((await captured(['label', 'tasks', id, '--as', 'ana', '--json'])).stdout) as {
      tasks: { task: string; inputs: object }[];
    };
    assert.deepEqual(
      [left.tasks.length, left.tasks[0]],
      [11, { ...left.tasks[0], task: 't02', inputs: { shop: 'south' } }],
    );
    await closed(campaign, 12);
    assert.match(await cli('label', 'tasks', id), /^0 12 of 12 tasks have their label.*closed/);
    assert.match(
      await cli('label', 'answer', id, 't02', 'no', '--as', 'cleo'),
      /^1 .*is over: 12 of 12 tasks have their label.*PROCESS_NOT_FOUND Run holdfast explain campaign/s,
    );
    assert.match(await cli('explain', id), /^0 [^]*Sent as outcomes.*12 are with the gateways/);
  });

  it(`are given in the web UI with the JSON that it shows${path === null ? ' (skipped: no Chromium on this machine)' : ''}`, async function () {
    if (ui === null) {
      this.skip();
      return;
    }
    const campaign = await campaigns.begin({ goldShare: 0, size: 1, adjudicators: 'judge', answersPerTask: 3 });
    const { id } = campaign;
    const shown = await ui.currentDetails(id);
    assert.match(
      shown.text,
      /Question Was the sale bad\?[^]*To answer the next task send the update or the signal answerLabelTask with your name/,
    );
    assert.match(shown.blocks[1] ?? '', /task {2}answers {2}inputs\nt1 {4}0 of 3 {3}shop south/);
    const answer = shown.blocks.find((block) => block.includes('YOUR-NAME'))!;
    const signed = (by: string): string => answer.trim().replace('YOUR-NAME', by).replace('null', '1');
    const form = { name: 'answerLabelTask' } as const;
    // Who pastes without a label gives none.
    const bare = answer.trim().replace('YOUR-NAME', 'ana');
    assert.match((await ui.submit(id, { ...form, kind: 'Update', text: bare })) ?? '', /^answerLabelTask: label/);
    assert.equal(await ui.submit(id, { ...form, kind: 'Update', text: signed('ana') }), null);
    assert.equal(await ui.submit(id, { ...form, kind: 'Signal', text: signed('ben') }), null);
    await campaign.until(({ tasks }) => tasks[0]?.have === 2);
    await campaign.answer('t1', 'cleo', 0);
    await campaign.stands('t1', 'adjudication');
    const { blocks } = await eventually(
      () => ui!.currentDetails(id),
      ({ text }) => text.includes('adjudicateLabelTask'),
    );
    const ruling = blocks.find((block) => block.includes('YOUR-NAME'))!.trim();
    const text = ruling.replace('YOUR-NAME', 'dora').replace('WHY', 'the receipt says so').replace('null', '1');
    assert.equal(await ui.submit(id, { kind: 'Update', name: 'adjudicateLabelTask', text }), null);
    assert.match(await campaign.handle.result(), /^1 of 1 tasks have their label/);
    assert.deepEqual(campaigns.sent(), [1]);
  });
});
