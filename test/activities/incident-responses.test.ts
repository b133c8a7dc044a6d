import assert from 'node:assert/strict';
import type { Objective } from '../../src/contracts/model.ts';
import type { CandidateRecord, IncidentRecord } from '../../src/contracts/records.ts';
import { day, matured, monitoringDesk } from './monitoring-desk.ts';
import type { MonitoringDesk } from './monitoring-desk.ts';
import { CONSTANT, FRESH, haveBeenStable, MODEL, smallWorld } from './small-world.ts';
import type { SmallWorld } from './small-world.ts';

const CANDIDATE: CandidateRecord = {
  bundle: FRESH,
  idea: 'fresh',
  attempt: 1,
  claim: 'improve',
  priority: 'idea',
  outcome: 'in_progress',
  rolloutId: `rollout/${MODEL}/ffffffff-1`,
  step: 'canary',
  reason: null,
  exposureHistory: [],
  readyAt: '2001-01-03T00:00:00Z',
  decidedAt: null,
};

describe('an incident whose response changes no traffic itself', function () {
  this.timeout(30_000);
  let world: SmallWorld;
  let desk: MonitoringDesk;
  const open = async (objective: Objective): Promise<void> => {
    world = await smallWorld({ objectives: [objective] });
    await haveBeenStable(world.records, [CONSTANT, FRESH]);
    desk = monitoringDesk(world);
  };
  const breakWith = async (response: 'rollback' | 'page'): Promise<IncidentRecord> => {
    await open({ kind: 'lossAgainstFallback', id: 'better', maxDifferencePerThousand: 5, days: 1, response });
    await world.arrive(matured(0), day(0, { prediction: 0.4 }));
    await desk.performance();
    return desk.incident();
  };
  afterEach(() => world.close());

  it('orders the rollout in flight back', async () => {
    const { id } = await breakWith('rollback');
    await world.records.transaction(MODEL, (tx) => tx.put('candidate', FRESH, CANDIDATE));
    const response = await desk.respond(id);
    assert.deepEqual(response.orderedRollback, { rolloutId: CANDIDATE.rolloutId });
    assert.equal(response.needsHuman, false);
  });

  it('asks a person when there is no rollout to order back', async () => {
    const { id } = await breakWith('rollback');
    const response = await desk.respond(id);
    assert.deepEqual([response.orderedRollback, response.needsHuman], [null, true]);
  });

  it('asks a person where the objective says so, and still recovers by itself', async () => {
    const { id } = await breakWith('page');
    assert.equal((await desk.respond(id)).needsHuman, true);
    assert.deepEqual(world.fallbacks, []);
    await world.arrive(matured(2), [...day(1, { prediction: 0.4 }), ...day(2)]);
    assert.equal((await desk.recovery(id)).recovered, true);
  });

  it('orders one retrain for a lost calibration, and recovers on days after the order alone', async () => {
    await open({ kind: 'calibration', id: 'calibrated', maxRatioError: 0.5, days: 3, response: 'retrain' });
    const high = { prediction: 0.35, positive: 0.2 };
    await world.arrive(
      matured(2),
      [0, 1, 2].flatMap((index) => day(index, high)),
    );
    for (let index = 0; index < 3; index += 1) await desk.performance();
    const { id, symptom } = await desk.incident();
    assert.match(symptom, /miss the outcomes' level by 75 % from 2001-01-03 to 2001-01-05; 50 % is tolerated/);
    const response = await desk.respond(id);
    assert.deepEqual(response.orderedRetrain, { handoffId: `${id}/retrain` });
    assert.deepEqual(await desk.respond(id), response);
    assert.equal(world.fallbacks.length, 0);
    const to = `experimentation/${MODEL}`;
    const owed = await world.records.transaction(MODEL, (tx) => tx.handoffs(to));
    assert.deepEqual(owed, [{ id: `${id}/retrain`, to, kind: 'retrainOrdered', body: { incidentId: id } }]);
    await world.arrive(
      matured(5),
      [3, 4, 5].flatMap((index) => day(index)),
    );
    assert.equal(await desk.noRecovery(id), 'nothing');
    await world.arrive(matured(6), day(6));
    assert.equal((await desk.recovery(id)).recovered, true);
  });
});
