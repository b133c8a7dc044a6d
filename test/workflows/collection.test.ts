import assert from 'node:assert/strict';
import { createCollectionActivities } from '../../src/activities/collection.ts';
import { collectionId } from '../../src/contracts/names.ts';
import type { LandingTally } from '../../src/domain/collection/landing-tally.ts';
import { DAY_MS, HOUR_MS, isoDay } from '../../src/domain/time.ts';
import { MODEL, smallWorld, START } from '../activities/small-world.ts';
import type { SmallWorld } from '../activities/small-world.ts';
import { eventually, faultsOfAllRuns, keepHistory, startStageRun } from './stage-run.ts';
import type { StageRun } from './stage-run.ts';

const FIRST = START - 2 * DAY_MS;
const DAYS = 90;
const rows = Array.from({ length: DAYS }, (_, day) => `${isoDay(FIRST + day * DAY_MS)} 01:00:00,north,10,1,30`);
const ID = collectionId(MODEL);

interface Status {
  readonly sequence: number;
  readonly tally: LandingTally;
}

describe('the workflow of collection', function () {
  this.timeout(90_000);
  let world: SmallWorld;
  let run: StageRun;
  const status = (): Promise<Status> => run.client.workflow.getHandle(ID).query<Status>('status');
  const landed = (days: number): Promise<Status> => eventually(status, ({ tally }) => tally.days === days);

  before(async () => {
    world = await smallWorld({ rows });
    run = await startStageRun(createCollectionActivities(world.ports));
    await run.start('collection', ID, { model: MODEL });
  });
  after(async () => {
    await run.stop();
    await world.close();
  });

  it('lands the backfill, then each day when it is complete', async () => {
    await landed(2);
    world.gateways[0]!.close(START + 36 * HOUR_MS);
    const { tally } = await landed(3);
    assert.deepEqual([tally.lastDay, tally.accepted], ['2001-01-03', 3]);
    await keepHistory(run.client.workflow.getHandle(ID), 'collection--backfill-and-first-day');
  });

  it('says in words what has landed, with aligned numbers', async () => {
    const words = await run.client.workflow.getHandle(ID).query<string>('explain');
    assert.match(words, /\*\*Log complete through\*\* 2001-01-04T12:00:00Z/);
    assert.match(words, /days landed    3  through 2001-01-03\nrows accepted  3\n/);
  });

  it('continues as new before 400 events, and carries its count on', async () => {
    const handle = run.client.workflow.getHandle(ID);
    const { runId } = await handle.describe();
    world.gateways[0]!.close(START + 120 * DAY_MS);
    const { tally } = await landed(DAYS);
    assert.equal(tally.accepted, DAYS);
    assert.notEqual((await handle.describe()).runId, runId);
    const ended = await run.client.workflow.getHandle(ID, runId).describe();
    assert.equal(ended.status.name, 'CONTINUED_AS_NEW');
    assert.ok(ended.historyLength < 400, `${ended.historyLength} events`);
    await keepHistory(handle, 'collection--continued-with-its-count');
  });

  // A suite of its own comes after all the others.
  describe('altogether', () =>
    it('leaves histories in which the rules find no fault', async () =>
      assert.deepEqual(await faultsOfAllRuns(run), [])));
});
