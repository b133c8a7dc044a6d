import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { beginDraw } from '../../../src/domain/collection/label-sample.ts';
import type { DrawPlan, DrawnTask, LabelRequest } from '../../../src/domain/collection/label-sample.ts';

const PLAN: DrawPlan = {
  model: 'shop',
  campaignId: 'campaign/shop/2001-01-10-1',
  size: 10,
  gold: 4,
  from: 100,
  through: 200,
};

const request = (name: string, changes: Partial<LabelRequest> = {}): LabelRequest => ({
  requestId: name,
  at: 150,
  inputs: { shop: name },
  label: null,
  outcomeKnown: false,
  byPeople: false,
  ...changes,
});
const open = (count: number): LabelRequest[] => Array.from({ length: count }, (_, index) => request(`open-${index}`));
const known = (count: number, label: number, changes: Partial<LabelRequest> = {}): LabelRequest[] =>
  Array.from({ length: count }, (_, index) =>
    request(`known-${label}-${index}`, { label, outcomeKnown: true, ...changes }),
  );

function draw(requests: readonly LabelRequest[], changes: Partial<DrawPlan> = {}): readonly DrawnTask[] {
  const began = beginDraw({ ...PLAN, ...changes });
  for (const one of requests) began.offer(one);
  return began.drawn().tasks;
}

const goldOf = (tasks: readonly DrawnTask[]): DrawnTask[] => tasks.filter(({ gold }) => gold !== null);

describe('drawing the tasks of a campaign', () => {
  it('asks about requests without an outcome, with gold tasks among them', () => {
    const tasks = draw([...open(50), ...known(20, 0), ...known(20, 1)]);
    assert.equal(tasks.length, 10);
    assert.equal(goldOf(tasks).length, 4);
    for (const { requestId, gold } of tasks) assert.equal(gold !== null, requestId.startsWith('known'));
  });

  it('asks nothing where every outcome has come by itself', () =>
    assert.deepEqual(draw([...known(20, 0), ...known(20, 1)]), []));

  it('asks about requests of its own span only, and takes gold also from before', () => {
    const tasks = draw([
      request('early', { at: 99 }),
      request('first', { at: 100 }),
      request('last', { at: 199 }),
      request('late', { at: 200 }),
      ...known(2, 1, { at: 50 }),
    ]);
    assert.deepEqual(tasks.map(({ requestId }) => requestId).sort(), ['first', 'known-1-0', 'known-1-1', 'last']);
  });

  it('takes gold from before its span only where its span has too few', () => {
    const early = known(9, 1, { at: 50 }).map((one) => ({ ...one, requestId: `early-${one.requestId}` }));
    const goldIn = (inSpan: number): number =>
      goldOf(draw([...early, ...open(9), ...known(inSpan, 1)])).filter(({ at }) => at >= PLAN.from).length;
    assert.deepEqual([9, 4, 3, 0].map(goldIn), [4, 4, 3, 0]);
  });

  it('measures nobody by a label that people gave, and asks about it no more', () =>
    assert.deepEqual(goldOf(draw([...open(3), ...known(9, 1, { byPeople: true })])), []));

  it('does not ask about an outcome that is known to be invalid', () =>
    assert.deepEqual(
      draw([request('invalid', { outcomeKnown: true }), request('open')]).map(({ requestId }) => requestId),
      ['open'],
    ));

  for (const [title, yes, no, expected] of [
    ['half of each answer', 20, 20, [2, 2]],
    ['what there is where one answer is rare', 1, 20, [1, 3]],
    ['what there is where only one answer is known', 0, 20, [0, 4]],
    ['what there is where few are known', 1, 1, [1, 1]],
  ] as const)
    it(`takes as gold ${title}`, () => {
      const gold = goldOf(draw([...open(50), ...known(yes, 1), ...known(no, 0)]));
      assert.deepEqual(
        [1, 0].map((label) => gold.filter((task) => task.gold === label).length),
        expected,
      );
    });

  it('names tasks by their place, and leaves out what one message cannot carry', () => {
    const wide = open(10).map((one) => ({ ...one, inputs: { text: 'x'.repeat(8_000) } }));
    assert.deepEqual(
      draw(wide).map(({ task }) => task),
      ['t01', 't02', 't03'],
    );
    assert.deepEqual(
      draw(open(3)).map(({ task }) => task),
      ['t1', 't2', 't3'],
    );
  });

  const requests = fc
    .uniqueArray(fc.record({ name: fc.string({ minLength: 1, maxLength: 6 }), kind: fc.integer({ min: 0, max: 2 }) }), {
      selector: ({ name }) => name,
      maxLength: 60,
    })
    .map((all) =>
      all.map(({ name, kind }) =>
        kind === 2 ? request(name) : request(name, { label: kind, outcomeKnown: true, at: 120 }),
      ),
    );

  it('gives the same tasks in whatever order requests are offered', () =>
    fc.assert(
      fc.property(requests, fc.infiniteStream(fc.nat()), (all, keys) => {
        const shuffled = all.map((one) => ({ one, key: keys.next().value })).sort((a, b) => a.key - b.key);
        assert.deepEqual(draw(shuffled.map(({ one }) => one)), draw(all));
      }),
    ));

  it('is never larger than asked for, asks about a request once, and keeps the share of gold', () =>
    fc.assert(
      fc.property(requests, (all) => {
        const tasks = draw(all);
        assert.ok(tasks.length <= PLAN.size);
        assert.ok(goldOf(tasks).length <= PLAN.gold);
        assert.equal(new Set(tasks.map(({ requestId }) => requestId)).size, tasks.length);
      }),
    ));

  it('chooses by the request alone: what a model said of it changes nothing', () => {
    const scored = (score: number) => open(50).map((one) => ({ ...one, prediction: score, arm: 'candidate' }));
    assert.deepEqual(draw(scored(0.5)), draw(scored(0.99)));
  });

  it('chooses uniformly over requests and places gold anywhere', () => {
    const campaigns = 400;
    const chosen = new Map<string, number>();
    let places = 0;
    for (let index = 0; index < campaigns; index += 1) {
      const tasks = draw([...open(20), ...known(5, 1)], { campaignId: `campaign/shop/${index}`, size: 5, gold: 1 });
      for (const { requestId } of tasks) chosen.set(requestId, (chosen.get(requestId) ?? 0) + 1);
      places += tasks.findIndex(({ gold }) => gold !== null);
    }
    // Four of twenty are chosen each time: 80 of 400, standard deviation 8.
    for (const one of open(20)) assert.ok(Math.abs((chosen.get(one.requestId) ?? 0) - 80) < 40, one.requestId);
    // The mean place of five is the third; its standard deviation over 400 campaigns is 0.07.
    assert.ok(Math.abs(places / campaigns - 2) < 0.35, String(places / campaigns));
  });
});
