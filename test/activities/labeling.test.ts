import assert from 'node:assert/strict';
import { createInMemoryLabelDesk } from '../../src/adapters/label-desk/in-memory.ts';
import type { InMemoryLabelDesk } from '../../src/adapters/label-desk/in-memory.ts';
import { createCollectionActivities } from '../../src/activities/collection.ts';
import { createLabelingActivities } from '../../src/activities/labeling.ts';
import type { LabelTaskRecord } from '../../src/contracts/label-records.ts';
import type { ModelDeclaration } from '../../src/contracts/model.ts';
import { collectionId } from '../../src/contracts/names.ts';
import { PEOPLE_REVISION } from '../../src/contracts/serving.ts';
import type { LogRecord } from '../../src/contracts/serving.ts';
import { HOUR_MS, isoInstant } from '../../src/domain/time.ts';
import { labelingModel } from './labeling-model.ts';
import { CONSTANT, MODEL, smallWorld, START, traffic } from './small-world.ts';
import type { SmallWorld } from './small-world.ts';

const FIRST = 'campaign/shop/2001-01-03-2';
const at = (hours: number): string => isoInstant(START + hours * HOUR_MS);
const SPAN = { campaignId: FIRST, from: at(0), through: at(6) };

/** Requests of some hours; a share of them has an outcome an hour later. */
const served = (
  fromHour: number,
  toHour: number,
  units: number,
  positive: number | null,
  shop = 'north',
): LogRecord[] =>
  traffic({
    from: START + fromHour * HOUR_MS,
    to: START + toHour * HOUR_MS,
    units,
    bundle: CONSTANT,
    prediction: 0.2,
    positive,
    shop,
  });

describe('labelling by people', function () {
  this.timeout(30_000);
  let world: SmallWorld;
  let desk: InMemoryLabelDesk;
  const labeling = () => createLabelingActivities({ ...world.ports, labelDesk: desk });
  const draw = (span = SPAN) => world.run(() => labeling().drawCampaign({ model: MODEL, ...span }));
  const collect = (sequence: number) =>
    world.run(() => createCollectionActivities(world.ports).collectNext({ model: MODEL, sequence }));
  const nothing = (sequence: number) =>
    world.finds(collectionId(MODEL), () =>
      createCollectionActivities(world.ports).collectNext({ model: MODEL, sequence }),
    );
  const tasks = (id = FIRST): Promise<LabelTaskRecord[]> =>
    world.records.transaction(MODEL, async (tx) =>
      (await tx.list('labelTask', { prefix: `${id}/` })).map(({ body }) => body),
    );
  const declare = (change: (declaration: ModelDeclaration) => ModelDeclaration) =>
    world.records.transaction(MODEL, async (tx) => {
      const known = (await tx.get('model', 'declaration'))!;
      await tx.put('model', 'declaration', { ...known, declaration: change(known.declaration) });
    });
  const say = (task: string, by: string, label: number) =>
    world.run(() =>
      labeling().recordLabels({
        model: MODEL,
        campaignId: FIRST,
        labels: [{ kind: 'answer', task, label, by, reason: '', channel: 'ui', commandId: `${task}-${by}` }],
      }),
    );
  beforeEach(() => void (desk = createInMemoryLabelDesk()));
  afterEach(() => world.close());

  describe('where outcomes are missing', () => {
    beforeEach(async () => {
      world = await smallWorld({ store: 'in-memory', declare: labelingModel() });
      await world.arrive(START + 7 * HOUR_MS, [
        ...served(0, 6, 60, null, 'south'),
        ...served(0, 4, 20, 0.5),
        // Nobody is asked about what comes later.
        ...served(6, 7, 20, null, 'east'),
      ]);
    });

    it('has a campaign due at the end of its span, the same however late it is looked for', async () => {
      const { campaign, days } = await collect(0);
      assert.deepEqual([campaign, days], [SPAN, []]);
      await world.arrive(START + 11 * HOUR_MS, []);
      assert.deepEqual((await collect(1)).campaign, SPAN);
    });

    it('draws once: a repeated drawing gives the same tasks, whatever has arrived since', async () => {
      await draw();
      const drawn = await tasks();
      await world.arrive(START + 8 * HOUR_MS, served(0, 5, 40, 1, 'west'));
      await draw();
      assert.deepEqual(await tasks(), drawn);
      assert.equal(drawn.length, 10);
    });

    it('asks about requests without an outcome as of the end of the span, and takes gold from those with one', async () => {
      await draw();
      const drawn = await tasks();
      const gold = drawn.filter((task) => task.gold !== null);
      assert.deepEqual(gold.map((task) => `${task.gold} ${String(task.inputs['shop'])}`).sort(), [
        '0 north',
        '0 north',
        '1 north',
        '1 north',
      ]);
      const asked = drawn.filter((task) => task.gold === null);
      assert.deepEqual([...new Set(asked.map(({ inputs }) => inputs['shop']))], ['south']);
      const { open } = await world.records.transaction(MODEL, async (tx) => (await tx.get('labelCampaign', FIRST))!);
      assert.equal(open, 60);
    });

    it('tells people nothing but the inputs', async () => {
      assert.deepEqual(Object.keys(await draw()), ['tasks', 'inWords']);
      const brief = await world.run(() => labeling().openCampaign({ model: MODEL, campaignId: FIRST }));
      assert.deepEqual(Object.keys(brief.tasks[0] ?? {}), ['task', 'inputs']);
      assert.deepEqual(new Set(brief.tasks.flatMap(({ inputs }) => Object.keys(inputs))), new Set(['shop']));
      assert.doesNotMatch(JSON.stringify(brief), /gold|prediction|arm|bundle|2001-01-03T0[1-5]/);
    });

    it('has the next campaign wait until this one is closed, and settles meanwhile', async () => {
      await draw();
      await world.arrive(START + 18 * HOUR_MS - 1, served(7, 17, 60, null));
      assert.equal(await nothing(1), 'nothing');
      await world.run(() => labeling().settleCampaign({ model: MODEL, campaignId: FIRST, reason: 'closed' }));
      assert.deepEqual((await collect(1)).campaign, {
        campaignId: 'campaign/shop/2001-01-03-3',
        from: at(6),
        through: at(12),
      });
    });

    it('has the next campaign wait no longer than its own labels can count, and asks about no more than one span', async () => {
      await draw();
      await world.arrive(START + 18 * HOUR_MS, served(7, 18, 60, null));
      assert.deepEqual((await collect(1)).campaign, {
        campaignId: 'campaign/shop/2001-01-03-4',
        from: at(12),
        through: at(18),
        overtakes: FIRST,
      });
    });

    it('gives no number twice, also where campaigns are due more rarely from some hour on', async () => {
      await draw();
      await world.run(() => labeling().settleCampaign({ model: MODEL, campaignId: FIRST, reason: 'closed' }));
      await declare(labelingModel({ every: 'PT12H' }));
      await world.arrive(START + 13 * HOUR_MS, []);
      assert.deepEqual((await collect(1)).campaign, {
        campaignId: 'campaign/shop/2001-01-03-3',
        from: at(6),
        through: at(12),
      });
    });

    it('draws nothing where labelling is not declared any more', async () => {
      await declare(({ labeling: _labeling, ...rest }) => rest);
      assert.deepEqual(await draw(), { tasks: 0, inWords: 'nobody is asked: labeling is not declared any more' });
      assert.deepEqual(await tasks(), []);
    });

    it('records what a person says once: what was said first stands', async () => {
      await draw();
      await say('t01', 'ana', 1);
      const { tasks: standing } = await say('t01', 'ana', 0);
      assert.deepEqual(standing[0], { task: 't01', stands: 'open', have: 1, asked: 2 });
      const answers = await world.records.transaction(MODEL, (tx) => tx.list('labelAnswer'));
      assert.deepEqual(
        answers.map(({ key, body }) => [key, body.label, body.commandId]),
        [[`${FIRST}/t01/answer/ana`, 1, 't01-ana']],
      );
    });

    it('sets aside whoever fails the gold tasks, and says so', async () => {
      await draw();
      const gold = (await tasks()).filter((task) => task.gold !== null);
      for (const task of gold.slice(0, 2)) await say(task.task, 'ben', task.gold === 1 ? 0 : 1);
      const { setAside } = await say(gold[2]!.task, 'ben', 1 - (gold[2]!.gold ?? 0));
      assert.match(
        setAside[0]?.reason ?? '',
        /^0 of 3 tasks of known outcome were answered rightly, and 70 % must be$/,
      );
    });

    it('sends what stands as outcomes, gold aside, once', async () => {
      await draw();
      const drawn = await tasks();
      const open = drawn.find((task) => task.gold === null)!;
      const gold = drawn.find((task) => task.gold !== null)!;
      for (const task of [open, gold]) for (const by of ['ana', 'ben']) await say(task.task, by, 1);
      const close = { model: MODEL, campaignId: FIRST, reason: 'the deadline has passed' };
      const summary = await world.run(() => labeling().settleCampaign(close));
      assert.deepEqual([summary.settled.agreement, summary.unsettled.length], [2, 8]);
      const first = await world.run(() => labeling().deliverLabels(close));
      assert.deepEqual(first, { accepted: 1, duplicates: 0, refused: [] });
      assert.deepEqual(desk.taken.get(MODEL), [{ requestId: open.requestId, label: 1, inputs: open.inputs }]);
      assert.deepEqual(await world.run(() => labeling().deliverLabels(close)), first);
      assert.deepEqual(await world.run(() => labeling().settleCampaign({ ...close, reason: 'again' })), summary);
    });

    it('sends them again when the process died before it was written down, and they count once', async () => {
      await draw();
      const open = (await tasks()).find((task) => task.gold === null)!;
      for (const by of ['ana', 'ben']) await say(open.task, by, 1);
      const close = { model: MODEL, campaignId: FIRST, reason: 'closed' };
      await world.run(() => labeling().settleCampaign(close));
      await desk.deliver(MODEL, [{ requestId: open.requestId, label: 1, inputs: open.inputs }]);
      assert.deepEqual(await world.run(() => labeling().deliverLabels(close)), {
        accepted: 0,
        duplicates: 1,
        refused: [],
      });
      assert.equal(desk.taken.get(MODEL)?.length, 1);
    });

    it('does not ask twice about what people have labelled, and takes it for no measure of others', async () => {
      await draw();
      const labelled = (await tasks()).filter((task) => task.gold === null);
      const outcomes = labelled.map(({ requestId, inputs }): LogRecord => {
        return {
          kind: 'outcome',
          requestId,
          revision: PEOPLE_REVISION,
          label: 1,
          knownAt: START + 8 * HOUR_MS,
          inputs,
        };
      });
      await world.arrive(START + 13 * HOUR_MS, outcomes);
      const again = { campaignId: 'campaign/shop/2001-01-03-3', from: at(0), through: at(12) };
      await draw(again);
      const asked = new Set((await tasks(again.campaignId)).map(({ requestId }) => requestId));
      for (const { requestId } of labelled) assert.ok(!asked.has(requestId), requestId);
    });
  });

  it('asks nobody where every outcome has come by itself, and says so on record', async () => {
    world = await smallWorld({ store: 'in-memory', declare: labelingModel() });
    await world.arrive(START + 7 * HOUR_MS, served(0, 5, 20, 0.5));
    assert.equal((await draw()).tasks, 0);
    const record = await world.records.transaction(MODEL, (tx) => tx.get('labelCampaign', FIRST));
    assert.deepEqual([record?.state, record?.tasks], ['none', 0]);
    assert.match(record?.inWords ?? '', /^nothing to label from .*: every outcome has come by itself$/);
    assert.equal(await nothing(1), 'nothing');
  });

  it('is never due where a model declares nothing of it', async () => {
    world = await smallWorld({ store: 'in-memory' });
    await world.arrive(START + 30 * HOUR_MS, served(0, 5, 20, null));
    assert.equal(await nothing(0), 'nothing');
  });
});
