import assert from 'node:assert/strict';
import { createInMemoryRecordStore } from '../../src/adapters/record-store/in-memory.ts';
import { drillPhase } from '../../src/cli/demo/drill.ts';
import { Show } from '../../src/cli/demo/show.ts';
import type { StableRecord } from '../../src/contracts/records.ts';
import { epochMs } from '../../src/domain/time.ts';
import { shopModel } from '../adapters/data-source/places.ts';

const stable = (idea: string, since: string): StableRecord => ({
  bundle: 'b'.repeat(64),
  idea,
  since,
  rolloutId: null,
});
const SINCE = '2001-03-05T18:00:00Z';

describe('the drill of frozen features', () => {
  for (const [title, stables, at, phase] of [
    ['waits while the idea that lives on them is not stable', [stable('static', SINCE)], '2001-03-20', 'waiting'],
    [
      'waits for a day after it has become stable',
      [stable('fresh-features', SINCE)],
      '2001-03-06T17:59:59Z',
      'waiting',
    ],
    ['begins a day after', [stable('fresh-features', SINCE)], '2001-03-06T18:00:00Z', 'frozen'],
    ['lasts two days', [stable('fresh-features', SINCE)], '2001-03-08T17:59:59Z', 'frozen'],
    ['heals after them', [stable('fresh-features', SINCE)], '2001-03-08T18:00:00Z', 'healed'],
  ] as const)
    it(title, () => assert.equal(drillPhase(stables, epochMs(at)), phase));

  it('freezes again at every boundary, since a gateway forgets it with a restart, and heals once', async () => {
    const declaration = shopModel('shop.csv');
    const records = createInMemoryRecordStore();
    await records.transaction(declaration.model, (tx) => tx.put('stable', '000000', stable('fresh-features', SINCE)));
    const screen = { show: () => undefined, say: () => undefined, close: () => undefined };
    const show = new Show({ records, declaration, screen, uiUrl: null, untilDay: null, score: null, troubles: null });
    const said: boolean[] = [];
    for (const at of ['2001-03-06T15', '2001-03-06T18', '2001-03-06T21', '2001-03-08T18', '2001-03-08T21'])
      await show.boundary(epochMs(`${at}:00:00Z`), 'frozen-features', (frozen) => void said.push(frozen));
    assert.deepEqual(said, [true, true, false]);
  });

  it('touches nothing where no drill was asked for', async () => {
    const declaration = shopModel('shop.csv');
    const records = createInMemoryRecordStore();
    const screen = { show: () => undefined, say: () => undefined, close: () => undefined };
    const show = new Show({ records, declaration, screen, uiUrl: null, untilDay: null, score: null, troubles: null });
    await show.boundary(epochMs(SINCE), null, () => assert.fail('nobody asked'));
  });
});
