import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { viewLinks } from '../../src/pages/views.ts';
import { isoInstant } from '../../src/domain/time.ts';
import { beginIncident } from '../incident-stories.ts';
import { ALIKE } from '../pushed-model.ts';
import { REFUNDS } from '../rollout-on-record.ts';
import { eventually } from '../workflows/stage-run.ts';
import { ended, startRolloutStories } from '../workflows/rollout-stories.ts';
import type { RolloutStories, Story } from '../workflows/rollout-stories.ts';
import { browserPath, WebUi } from './web-ui.ts';

const path = browserPath();
const skipped = path === null ? ' (skipped: no Chromium on this machine)' : '';

/** What is pasted, with the two words that a person replaces. */
const signed = (block = '{\n  "by": "YOUR-NAME",\n  "reason": "WHY"\n}', by = 'ana'): string =>
  block.trim().replace('YOUR-NAME', by).replace('WHY', 'seen enough');

describe(`rollouts and incidents in the web UI${skipped}`, function () {
  this.timeout(60_000);
  let stories: RolloutStories;
  let ui: WebUi;

  before(async function () {
    if (path === null) {
      this.skip();
      return;
    }
    stories = await startRolloutStories({}, { withUi: true });
    ui = await WebUi.open(path, stories.run.uiUrl ?? '');
  });
  after(async () => {
    if (path === null) return;
    await ui.close();
    await stories.stop();
  });

  const id = (story: Story): string => story.input.rolloutId;
  const exposed = async (model: string): Promise<Story> => {
    const story = await stories.begin(model);
    story.say('advance');
    await story.until(({ exposure }) => exposure === 0.05);
    return story;
  };
  const asking = async (model: string): Promise<Story> => {
    const story = await exposed(model);
    story.say('advance', 'advance');
    await story.until(({ request }) => request !== null);
    return story;
  };
  const update = (story: Story, name: string, text: string) => ui.submit(id(story), { kind: 'Update', name, text });
  const signal = (story: Story, name: string, text: string) => ui.submit(id(story), { kind: 'Signal', name, text });

  it('are approved by an update with the JSON that the current details show', async () => {
    const story = await asking('approved');
    const { text, blocks } = await ui.currentDetails(id(story));
    assert.match(text, /Waits for approval by approver, 0 of 1 given\nWho may ana or ben/);
    const json = blocks.find((block) => block.includes('"evidenceDigest"'));
    assert.match(
      (await update(story, 'approve', signed(json, 'mallory'))) ?? '',
      /mallory does not hold role approver/,
    );
    assert.match(
      (await update(story, 'approve', signed())) ?? '',
      /^approve: step is missing;.*a valid one: \{"by":"ana"/s,
    );
    assert.equal(await update(story, 'approve', signed(json)), null);
    story.say('advance');
    assert.equal((await ended(story)).decision?.outcome, 'promoted');
    assert.deepEqual(
      (await ui.currentDetails(id(story))).text.match(/^Waits for .*/m)?.[0],
      'Waits for nothing: promoted',
    );
  });

  it('are approved by a signal, too', async () => {
    const story = await asking('signalled');
    const { blocks } = await ui.currentDetails(id(story));
    const json = signed(blocks.find((block) => block.includes('"evidenceDigest"')));
    assert.equal(await signal(story, 'approve', json), null);
    await story.until(({ request }) => request?.approvals.length === 1);
    story.say('advance');
    assert.equal((await ended(story)).decision?.outcome, 'promoted');
  });

  it('are paused and resumed, again and again, by updates and by signals', async () => {
    const story = await exposed('paused');
    for (const [pause, resume] of [
      [update, signal],
      [signal, update],
    ] as const) {
      assert.equal(await pause(story, 'pause', signed()), null);
      await story.until(({ phase }) => phase === 'paused');
      assert.equal(await resume(story, 'resume', signed()), null);
      await story.until(({ phase }) => phase === 'progressing');
    }
    assert.equal(await update(story, 'resume', signed()), 'the rollout is not paused');
  });

  it('get more time from an update with the JSON that the current details show, and from a signal', async () => {
    const story = await exposed('extended');
    const { blocks } = await ui.currentDetails(id(story));
    const json = signed(blocks.find((block) => block.includes('"duration"')));
    assert.equal(await update(story, 'extend', json), null);
    const extended = await story.until(({ inWords }) => inWords.includes('seen enough'));
    assert.equal(await signal(story, 'extend', json), null);
    await story.until(({ extraCohorts }) => extraCohorts === 2 * extended.extraCohorts);
  });

  it('are given evidence by an update, which is recorded before the dialog closes', async () => {
    const story = await stories.begin('evidence', (world) => {
      world.declare = (declaration) => ({
        ...declaration,
        rollout: { ...declaration.rollout, metrics: [{ ...REFUNDS, lag: 'PT0S' }] },
      });
    });
    story.say('advance');
    const { brief } = await story.until(({ exposure }) => exposure === 0.05);
    const { origin, lengthMs } = brief!.calendar;
    const { model } = story.input;
    const cohort = (await stories.records.transaction(model, (tx) => tx.get('schedule', id(story))))!.entries.at(
      -1,
    )!.cohort;
    await stories.records.transaction(model, (tx) => tx.advanceWatermark(origin + cohort * lengthMs));
    const batch = { batchId: 'by-hand', metric: 'refunds', cohortStart: isoInstant(origin + (cohort - 1) * lengthMs) };
    const json = JSON.stringify({ by: 'ana', ...batch, counts: ALIKE }, null, 2);
    assert.equal(await update(story, 'recordEvidence', json), null);
    const recorded = await stories.records.transaction(model, (tx) => tx.list('evidenceBatch'));
    assert.deepEqual(
      recorded.map(({ body }) => [body.batchId, body.cohort, body.by, body.channel]),
      [['by-hand', cohort, 'ana', 'ui']],
    );
    assert.match(
      (await update(story, 'recordEvidence', '{\n  "by": "ana"\n}')) ?? '',
      /^recordEvidence: batchId is missing/,
    );
  });

  for (const [name, kind, outcome] of [
    ['reject', 'Update', 'withdrawn'],
    ['reject', 'Signal', 'withdrawn'],
    ['rollback', 'Update', 'rolled_back'],
    ['rollback', 'Signal', 'rolled_back'],
  ] as const)
    it(`end by ${name}, sent as ${kind.toLowerCase()}, with nobody exposed`, async () => {
      const story = await exposed(`${name}-${kind.toLowerCase()}`);
      assert.equal(await ui.submit(id(story), { kind, name, text: signed() }), null);
      assert.equal((await ended(story)).decision?.outcome, outcome);
      assert.equal(await story.exposed(), 0);
    });

  it('enter a case into the suite by an update, or leave it out by a signal, with the JSON that the current details show', async () => {
    for (const [name, kind, entered] of [
      ['acceptCase', 'Update', true],
      ['declineCase', 'Signal', false],
    ] as const) {
      const newCases = { role: 'reviewer', within: 'P3D' };
      const story = await beginIncident(stories.run, stories.records, `case-${kind.toLowerCase()}`, { newCases });
      await story.propose();
      const { text, blocks } = await ui.currentDetails(story.incidentId);
      assert.match(text, /New case incident-2001-01-05-1: rows where "shop" = 'south'/);
      assert.match(text, /Who may ana, eve \(reviewer\)/);
      const json = blocks.find((block) => block.includes('YOUR-NAME'));
      assert.equal(await ui.submit(story.incidentId, { kind, name, text: signed(json) }), null);
      await story.handle.result();
      assert.equal((await story.suiteCase()) !== null, entered);
      const { by, channel } = (await story.proposedCase())!.word!;
      assert.deepEqual([by, channel], ['ana', 'ui']);
    }
  });

  it('take no harm from a form that was filled in wrongly, and go on', async () => {
    const story = await exposed('wrongly');
    const before = await story.status();
    const form = { kind: 'Signal', name: 'rollback' } as const;
    await ui.submit(id(story), { ...form, text: signed(), encoding: 'json/protobuf' });
    await ui.submit(id(story), { ...form, text: '' });
    await ui.submit(id(story), { ...form, text: '"roll back"' });
    assert.deepEqual(await story.status(), before);
    assert.equal(await update(story, 'rollback', signed()), null);
    assert.equal((await ended(story)).decision?.outcome, 'rolled_back');
  });

  it('are found by the saved views', async () => {
    const waiting = await asking('waiting');
    const late = await exposed('late');
    late.say('escalate');
    await late.until(({ escalated }) => escalated);
    const views = new Map(viewLinks(stories.run.uiUrl ?? '', 'default').map(({ name, url }) => [name, url]));
    const listed = (name: string) => ui.listed(views.get(name) ?? '');
    // The list is an index of its own, and a moment behind.
    const both = [id(late), id(waiting)].sort();
    const inList = (found: readonly string[]): boolean => isDeepStrictEqual([...found].sort(), both);
    await eventually(() => listed('Waiting for a person'), inList);
    assert.deepEqual(await listed('Past deadline'), [id(late)]);
    assert.ok((await listed('Rolling out')).includes(id(waiting)));
    assert.deepEqual(await listed('In incident'), []);
    for (const found of await listed('Rolled back')) assert.match(found, /^rollout\/(rollback|wrongly)/);
  });
});
