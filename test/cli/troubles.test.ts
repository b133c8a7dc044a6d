import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import type { ReadStream } from 'node:tty';
import { readModelFile } from '../../src/adapters/declaration-file/model.ts';
import { listenToKeys } from '../../src/cli/demo/keys.ts';
import { Troubles } from '../../src/cli/demo/troubles.ts';
import type { TroubleHands } from '../../src/cli/demo/troubles.ts';
import type { GatewayDrill } from '../../src/contracts/serving.ts';
import { epochMs } from '../../src/domain/time.ts';

const AT = epochMs('2001-03-05T14:00:00Z');
const SOUND: GatewayDrill = { frozenFeatures: false, candidateFails: false, candidateWrongWhere: null };

describe('what a watcher breaks', () => {
  let told: GatewayDrill[];
  let moved: string[];
  let hands: TroubleHands;
  beforeEach(async () => {
    told = [];
    moved = [];
    const { declaration } = await readModelFile('models/flight-delay.yaml');
    hands = {
      platform: {
        takeAway: (name) => moved.push(`${name} away`),
        bringBack: (name) => void moved.push(`${name} back`),
      },
      declaration,
      tellGateway: async (drill) => void told.push(drill),
      speed: 3600,
    };
  });

  it('stops and heals the label feed by the same key, and says when', async () => {
    const troubles = new Troubles(hands);
    await troubles.toggle('l', AT);
    assert.equal(troubles.faults.labelsStopped, true);
    assert.deepEqual(troubles.present, [{ kind: 'labels', since: '2001-03-05T14:00:00Z', healedAt: null }]);
    await troubles.toggle('l', AT + 3_600_000);
    assert.equal(troubles.faults.labelsStopped, false);
    const healed = { kind: 'labels', since: '2001-03-05T14:00:00Z', healedAt: '2001-03-05T15:00:00Z' };
    assert.deepEqual(troubles.present, [healed]);
    assert.deepEqual([told, moved], [[], []]);
  });

  it('breaks one thing at the gateway beside another, and heals each by itself', async () => {
    const troubles = new Troubles(hands);
    for (const key of ['e', 's', 'e', 'f', 's', 'f'] as const) await troubles.toggle(key, AT);
    const newark = { origin: ['EWR'] };
    assert.deepEqual(told, [
      { ...SOUND, candidateFails: true },
      { ...SOUND, candidateFails: true, candidateWrongWhere: newark },
      { ...SOUND, candidateWrongWhere: newark },
      { ...SOUND, frozenFeatures: true, candidateWrongWhere: newark },
      { ...SOUND, frozenFeatures: true },
      SOUND,
    ]);
  });

  it('keeps the worker away while traffic goes on at its speed', async () => {
    const troubles = new Troubles(hands);
    await troubles.toggle('w', AT);
    assert.deepEqual([moved, troubles.faults.runsOnMs], [['worker away'], 250]);
    await troubles.toggle('w', AT);
    assert.deepEqual([moved, troubles.faults.runsOnMs], [['worker away', 'worker back'], null]);
  });

  it('says nothing of a worker that could not be killed', async () => {
    const platform = { ...hands.platform, takeAway: () => assert.fail('it is just being restarted') };
    const troubles = new Troubles({ ...hands, platform });
    await troubles.toggle('w', AT);
    assert.deepEqual([troubles.present, troubles.faults.runsOnMs], [[], null]);
  });

  it('has no key for a slice that the policy does not name', async () => {
    const { rollout } = hands.declaration;
    const troubles = new Troubles({ ...hands, declaration: { rollout: { ...rollout, slices: [] } } });
    await troubles.toggle('s', AT);
    assert.deepEqual([troubles.slice, troubles.present, told], [null, [], []]);
  });

  it('tells the gateway again at a boundary only what was ever broken', async () => {
    const troubles = new Troubles(hands);
    const again: GatewayDrill[] = [];
    const tell = async (drill: GatewayDrill): Promise<void> => void again.push(drill);
    await troubles.tellAgain(tell);
    troubles.freeze(true);
    await troubles.toggle('e', AT);
    await troubles.tellAgain(tell);
    assert.deepEqual(again, [{ ...SOUND, frozenFeatures: true, candidateFails: true }]);
  });
});

describe('keys of a terminal', () => {
  const terminal = (isTTY: boolean) => {
    const raw: boolean[] = [];
    const stream = Object.assign(new PassThrough(), { isTTY, setRawMode: (mode: boolean) => void raw.push(mode) });
    return { stream: stream as unknown as ReadStream & PassThrough, raw };
  };

  it('are heard one by one, Ctrl-C apart, until the terminal is given back', async () => {
    const { stream, raw } = terminal(true);
    const heard: string[] = [];
    const giveBack = listenToKeys(
      stream,
      (key) => heard.push(key),
      () => heard.push('interrupt'),
    );
    stream.write('lx\u0003e');
    await new Promise(setImmediate);
    assert.deepEqual([heard, raw], [['l', 'x', 'interrupt', 'e'], [true]]);
    giveBack?.();
    stream.write('w');
    await new Promise(setImmediate);
    assert.deepEqual([heard.length, raw], [4, [true, false]]);
  });

  it('are not listened to where nobody sits', () => {
    const { stream, raw } = terminal(false);
    assert.equal(listenToKeys(stream, assert.fail, assert.fail), null);
    assert.deepEqual(raw, []);
  });
});
