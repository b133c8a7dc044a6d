import assert from 'node:assert/strict';
import { epochMs } from '../../src/domain/time.ts';
import { NO_FAULTS } from '../../src/simulation/faults.ts';
import { LabelFeed } from '../../src/simulation/label-feed.ts';
import { runningOn } from '../../src/simulation/running-on.ts';

const outcome = (requestId: string, knownAt: string): string => JSON.stringify({ requestId, label: 1, knownAt });
const at = (hour: number): number => epochMs(`2001-01-16T0${hour}:00:00Z`);
const batch = (hour: number) => ({ start: at(hour), outcomes: [outcome(`r${hour}`, `2001-01-16T0${hour}:00:00Z`)] });

describe('a label feed', () => {
  it('passes outcomes on as they are while it lives', () => {
    const feed = new LabelFeed(NO_FAULTS, null);
    assert.deepEqual(feed.arriving(batch(1)), batch(1).outcomes);
    assert.equal(feed.since, null);
  });

  it('withholds everything from the batch at which it dies, and says since when', () => {
    const faults = { labelsStopped: true, runsOnMs: null };
    const feed = new LabelFeed(faults, null);
    assert.deepEqual([feed.arriving(batch(1)), feed.arriving(batch(2))], [[], []]);
    assert.equal(feed.since, at(1));
  });

  it('delivers what it withheld when it lives again, known from then on, before what is new', () => {
    const faults = { labelsStopped: true, runsOnMs: null };
    const feed = new LabelFeed(faults, null);
    feed.arriving(batch(1));
    feed.arriving(batch(2));
    faults.labelsStopped = false;
    const healed = '2001-01-16T03:00:00Z';
    assert.deepEqual(feed.arriving(batch(3)), [outcome('r1', healed), outcome('r2', healed), outcome('r3', healed)]);
    assert.equal(feed.since, null);
    assert.deepEqual(feed.arriving(batch(4)), batch(4).outcomes);
  });

  it('remembers what an earlier run owed, and still since when while it stays dead', () => {
    const faults = { labelsStopped: true, runsOnMs: null };
    const feed = new LabelFeed(faults, at(1));
    feed.arriving(batch(3));
    assert.equal(feed.since, at(1));
  });
});

describe('traffic that waits for nobody', () => {
  const waited: string[] = [];
  const pace = {
    beforeBatch: async () => void waited.push('batch'),
    atBoundary: async () => void waited.push('boundary'),
  };
  beforeEach(() => waited.splice(0));

  it('asks its clock at every batch and boundary otherwise', async () => {
    const clock = runningOn(pace, NO_FAULTS, new AbortController().signal);
    await clock.beforeBatch(at(1));
    await clock.atBoundary(at(1));
    assert.deepEqual(waited, ['batch', 'boundary']);
  });

  it('goes on at a pace of its own, and keeps its clock again afterwards', async () => {
    const faults: { labelsStopped: boolean; runsOnMs: number | null } = { labelsStopped: false, runsOnMs: 1 };
    const clock = runningOn(pace, faults, new AbortController().signal);
    await clock.beforeBatch(at(1));
    await clock.atBoundary(at(1));
    assert.deepEqual(waited, []);
    faults.runsOnMs = null;
    await clock.atBoundary(at(2));
    assert.deepEqual(waited, ['boundary']);
  });
});
