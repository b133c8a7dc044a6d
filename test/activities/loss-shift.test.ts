import assert from 'node:assert/strict';
import type { Objective } from '../../src/contracts/model.ts';
import type { IncidentRecord } from '../../src/contracts/records.ts';
import type { LogRecord } from '../../src/contracts/serving.ts';
import { DAY_MS, isoInstant } from '../../src/domain/time.ts';
import { day, matured, monitoringDesk } from './monitoring-desk.ts';
import type { MonitoringDesk } from './monitoring-desk.ts';
import { CONSTANT, FRESH, haveBeenStable, MODEL, smallWorld, START, STATIC } from './small-world.ts';
import type { SmallWorld } from './small-world.ts';

const OBJECTIVE: Objective = {
  kind: 'lossShift',
  id: 'as-certified',
  tolerancePerThousand: 10,
  falseAlarmDays: 30,
  days: 2,
  response: 'page',
};
const ROLLOUT = `rollout/${MODEL}/ffffffff-1`;
/** Days of the rollout; the candidate serves everyone from the one after. */
const EVIDENCE_DAYS = 3;

describe('monitoring of the loss against what was certified', function () {
  this.timeout(30_000);
  let world: SmallWorld;
  let desk: MonitoringDesk;
  beforeEach(async () => {
    world = await smallWorld({ objectives: [OBJECTIVE] });
    await haveBeenStable(world.records, [CONSTANT]);
    desk = monitoringDesk(world);
  });
  afterEach(() => world.close());

  /** A day on which the candidate was scored beside the constant. */
  const shadowed = (index: number): LogRecord[] =>
    day(index, { bundle: CONSTANT }).map((record) =>
      record.kind === 'prediction' ? { ...record, candidateBundle: FRESH, candidate: 0.2 } : record,
    );
  const promote = (bundle: string, days: number): Promise<void> =>
    world.records.transaction(MODEL, async (tx) => {
      const entry = { stable: CONSTANT, candidate: bundle, exposure: 0, salt: ROLLOUT, mirror: true };
      const first = { ...entry, effectiveFrom: isoInstant(START), cohort: 1, step: 1, mode: 'shadow', generation: 2 };
      await tx.put('schedule', ROLLOUT, { entries: [first] });
      const since = isoInstant(START + days * DAY_MS);
      const stables = await tx.list('stable');
      await tx.put('stable', String(stables.length).padStart(6, '0'), {
        bundle,
        idea: 'fresh',
        since,
        rolloutId: ROLLOUT,
      });
    });
  /** The rollout, the promotion, and so many days of the promoted bundle with this share of positives. */
  const serve = async (positives: readonly number[]): Promise<void> => {
    const evidence = Array.from({ length: EVIDENCE_DAYS }, (_, index) => shadowed(index)).flat();
    const served = positives.flatMap((positive, index) => day(EVIDENCE_DAYS + index, { positive }));
    await promote(FRESH, EVIDENCE_DAYS);
    await world.arrive(matured(EVIDENCE_DAYS + positives.length - 1), [...evidence, ...served]);
    for (let index = 0; index < EVIDENCE_DAYS; index += 1) await desk.performance();
  };

  const firstIncident = async (): Promise<IncidentRecord> => {
    for (;;) {
      const work = await desk.next();
      if (work.kind === 'incident') return work.incident;
    }
  };

  it('says nothing while the loss stays what it was', async () => {
    await serve(Array.from({ length: 8 }, () => 0.2));
    for (let index = 0; index < 8; index += 1) await desk.performance();
    assert.equal(await desk.nothing(), 'nothing');
    const reference = await world.records.transaction(MODEL, (tx) => tx.get('memory', 'monitoring/reference'));
    const { units, loss, upper } = reference!.value as { units: number; loss: number; upper: number };
    // The last half day had not matured when the rollout ended.
    assert.equal(units, 250);
    assert.ok(Math.abs(loss - 0.16) < 1e-9 && upper > 0.16 && upper < 0.25, `${loss} ${upper}`);
  });

  it('opens an incident that a person looks at, and rolls nothing back', async () => {
    await serve([0.2, ...Array.from({ length: 10 }, () => 0.9)]);
    const opened = await firstIncident();
    assert.equal(opened.objective, 'as-certified');
    assert.match(
      opened.symptom,
      /^the loss is 580\.0 per 1,000 from 2001-01-07 to 2001-01-\d\d; 2\d\d\.\d at most was certified when fresh became stable and 10 more is tolerated \(evidence ×\d+, alarm at ×30\)$/,
    );
    const response = await desk.respond(opened.id);
    assert.deepEqual([response.needsHuman, response.orderedRollback, response.orderedRetrain], [true, null, null]);
    assert.deepEqual(world.fallbacks, []);
  });

  it('closes the incident when the loss is within what is tolerated again', async () => {
    await serve(Array.from({ length: 10 }, () => 0.9));
    const { id } = await firstIncident();
    await desk.respond(id);
    const next = EVIDENCE_DAYS + 10;
    const within = [0, 1].flatMap((index) => day(next + index, { positive: 0.2 }));
    await world.arrive(matured(next + 1), within);
    let recovery = await desk.recovery(id, 0);
    for (let at = 1; !recovery.recovered; at += 1) recovery = await desk.recovery(id, at);
    assert.equal(recovery.inWords, 'the loss was within what is tolerated on 2 of 2 days in a row');
    assert.match((await desk.close(id)).inWords, /^the loss was within what is tolerated/);
  });

  it('closes the incident when another bundle has become stable since', async () => {
    await serve(Array.from({ length: 10 }, () => 0.9));
    const { id } = await firstIncident();
    await desk.respond(id);
    const next = EVIDENCE_DAYS + 10;
    await promote(STATIC, next);
    await world.arrive(matured(next), day(next, { bundle: STATIC }));
    let recovery = await desk.recovery(id, 0);
    for (let at = 1; !recovery.recovered; at += 1) recovery = await desk.recovery(id, at);
    assert.match(recovery.inWords, /^fresh \(55555555\) has become stable since$/);
  });

  it('says nothing of what came without a rollout, and nothing without evidence of it', async () => {
    await world.records.transaction(MODEL, (tx) =>
      tx.put('stable', '000001', { bundle: STATIC, idea: 'static', since: isoInstant(START), rolloutId: null }),
    );
    await world.arrive(
      matured(5),
      [0, 1, 2, 3, 4, 5].flatMap((index) => day(index, { bundle: STATIC, positive: 0.9 })),
    );
    for (let index = 0; index < 6; index += 1) await desk.performance();
    assert.equal(await desk.nothing(), 'nothing');
    await promote(STATIC, 0);
    assert.equal(await desk.nothing(), 'nothing');
  });
});
