import assert from 'node:assert/strict';
import { createMonitoringActivities } from '../../src/activities/monitoring.ts';
import { monitoringId, promotionId } from '../../src/contracts/names.ts';
import type { IncidentRecord, PerformanceRecord } from '../../src/contracts/records.ts';
import { DAY_MS, HOUR_MS } from '../../src/domain/time.ts';
import {
  COHORT_MS,
  CONSTANT,
  FRESH,
  haveBeenStable,
  MODEL,
  smallWorld,
  START,
  STATIC,
  traffic,
} from './small-world.ts';
import type { SmallWorld, Traffic } from './small-world.ts';

const ID = monitoringId(MODEL);
const WINDOW_MS = 12 * HOUR_MS;
/** When the day that begins `days` after the start has matured. */
const matured = (days: number): number => START + (days + 1) * DAY_MS + WINDOW_MS;

describe('monitoring', function () {
  this.timeout(30_000);
  let world: SmallWorld;
  let sequence: number;
  const monitoring = (): ReturnType<typeof createMonitoringActivities> => createMonitoringActivities(world.ports);
  const ask = (at: number) => world.run(() => monitoring().monitorNext({ model: MODEL, sequence: at }));
  const next = async (): ReturnType<typeof ask> => {
    const work = await ask(sequence);
    sequence += 1;
    return work;
  };
  const nothing = () => world.finds(ID, () => monitoring().monitorNext({ model: MODEL, sequence }));
  const performance = async (): Promise<PerformanceRecord> => {
    const work = await next();
    assert.ok(work.kind === 'performance');
    return work.performance;
  };
  const incident = async (): Promise<IncidentRecord> => {
    const work = await next();
    assert.ok(work.kind === 'incident');
    return work.incident;
  };
  const respond = (incidentId: string) => world.run(() => monitoring().respond({ model: MODEL, incidentId }));
  const recovery = (incidentId: string, at = 0) =>
    world.run(() => monitoring().recoveryNext({ model: MODEL, incidentId, sequence: at }));
  const noRecovery = (incidentId: string, at = 0) =>
    world.finds(incidentId, () => monitoring().recoveryNext({ model: MODEL, incidentId, sequence: at }));
  const close = (incidentId: string) => world.run(() => monitoring().closeIncident({ model: MODEL, incidentId }));
  const override = () => world.records.transaction(MODEL, (tx) => tx.get('memory', 'monitoring/fallback'));
  const day = (index: number, known: Partial<Traffic> = {}): ReturnType<typeof traffic> =>
    traffic({
      from: START + index * DAY_MS,
      to: START + (index + 1) * DAY_MS,
      units: 100,
      bundle: FRESH,
      prediction: 0.2,
      positive: 0.2,
      ...known,
    });
  const cohort = (index: number, known: Partial<Traffic> = {}): ReturnType<typeof traffic> =>
    day(0, { from: START + index * COHORT_MS, to: START + (index + 1) * COHORT_MS, units: 12, ...known });
  const arriveCohort = (index: number, known: Partial<Traffic> = {}): Promise<void> =>
    world.arrive(START + (index + 1) * COHORT_MS, cohort(index, known));

  beforeEach(async () => {
    sequence = 0;
    world = await smallWorld();
    await haveBeenStable(world.records, [CONSTANT, STATIC, FRESH]);
  });
  afterEach(() => world.close());

  describe('of matured days', () => {
    it('measures what was really served, and the constant on the same units', async () => {
      const content = [
        ...day(0),
        ...day(0, { shop: 'south', positive: null, units: 10, served: 'fallback', bundle: CONSTANT }),
      ];
      await world.arrive(matured(0), content);
      const measured = await performance();
      assert.deepEqual([measured.day, measured.units, measured.labelled], ['2001-01-03', 110, 100]);
      // 20 of 100 positive, all predicted 0.2, which is also the declared constant.
      assert.ok(Math.abs((measured.loss ?? 0) - 0.16) < 1e-12);
      assert.equal(measured.loss, measured.fallbackLoss);
      assert.equal(measured.auc, 0.5);
      assert.deepEqual(measured.bundles, [CONSTANT, FRESH].sort());
      assert.equal(measured.servedByFallback, 10);
      assert.equal(measured.freshnessMaxMs, 60_000);
    });

    it('waits for the attribution window of the whole day', async () => {
      await world.arrive(matured(0) - 1, day(0));
      assert.equal(await nothing(), 'nothing');
      await world.arrive(matured(0), []);
      assert.equal((await performance()).labelled, 100);
    });

    it('gives the same answer to a repeated question', async () => {
      await world.arrive(matured(1), [...day(0), ...day(1)]);
      assert.deepEqual(await ask(0), await ask(0));
      sequence = 1;
      assert.equal((await performance()).day, '2001-01-04');
    });

    it('records a day on which nothing was served, without making up numbers', async () => {
      await world.arrive(matured(0), []);
      const measured = await performance();
      assert.deepEqual([measured.units, measured.loss, measured.auc, measured.freshnessMaxMs], [0, null, null, null]);
    });

    it('says nothing of objectives while only the constant serves', async () => {
      const worse = { bundle: CONSTANT, prediction: 0.9 };
      await world.arrive(
        matured(3),
        [0, 1, 2, 3].flatMap((index) => day(index, worse)),
      );
      for (let index = 0; index < 4; index += 1) await performance();
      assert.equal(await nothing(), 'nothing');
    });
  });

  describe('of the loss against the constant', () => {
    const worse = { prediction: 0.4 };

    it('opens one incident after two bad days, and no second one while it is open', async () => {
      await world.arrive(
        matured(2),
        [0, 1, 2].flatMap((index) => day(index, worse)),
      );
      await performance();
      await performance();
      const opened = await incident();
      assert.equal(opened.id, `incident/${MODEL}/2001-01-05-1`);
      assert.equal(opened.openedAt, '2001-01-05T12:00:00Z');
      assert.match(opened.symptom, /from 2001-01-03 to 2001-01-04: 40\.0 per 1,000/);
      await performance();
      // The third day shows predictions twice as high as the outcomes as well.
      assert.equal((await incident()).objective, 'calibrated');
      assert.equal(await nothing(), 'nothing');
    });

    it('names the slice that carries the loss, and keeps it as a validation case', async () => {
      const bad = [0, 1].flatMap((index) => [
        ...day(index, { prediction: 0.9, units: 40, shop: 'south' }),
        ...day(index, { prediction: 0.2, units: 200 }),
      ]);
      await world.arrive(matured(1), bad);
      await performance();
      await performance();
      const opened = await incident();
      assert.match(opened.cause ?? '', /shop south carries 100 % of the excess with 17 % of the units?|flights?/);
      await respond(opened.id);
      const good = [2, 3, 4].flatMap((index) => day(index, { served: 'fallback', bundle: CONSTANT, stable: 0.2 }));
      await world.arrive(matured(4), good);
      for (let at = 0; !(await recovery(opened.id, at)).recovered; at += 1);
      const closed = await close(opened.id);
      const suiteCase = await world.records.transaction(MODEL, (tx) => tx.get('suiteCase', closed.caseId ?? ''));
      assert.equal(suiteCase?.where, `"shop" = 'south'`);
      assert.deepEqual(suiteCase?.days, { from: '2001-01-03', to: '2001-01-04' });
    });

    it('falls back to the constant, and lifts it when the stable bundle would have met the objective on two days', async () => {
      await world.arrive(
        matured(1),
        [0, 1].flatMap((index) => day(index, worse)),
      );
      await performance();
      await performance();
      const opened = await incident();
      assert.match((await respond(opened.id)).inWords, /the declared constant/);
      assert.equal(world.fallbacks.at(-1)?.bundle, CONSTANT);
      const shadow = { served: 'fallback', bundle: CONSTANT } as const;
      // Opened at noon of the third day: the first whole day after it is the fourth.
      await world.arrive(matured(2), [...day(2, { ...shadow, stable: 0.1 }), ...day(3, { ...shadow, stable: 0.2 })]);
      assert.equal(await noRecovery(opened.id), 'nothing');
      await world.arrive(matured(3), day(4, { ...shadow, stable: 0.2 }));
      assert.equal((await recovery(opened.id, 0)).recovered, false);
      await world.arrive(matured(4), []);
      assert.equal((await recovery(opened.id, 1)).recovered, true);
      await close(opened.id);
      assert.equal(world.fallbacks.at(-1)?.bundle, null);
      assert.equal(await override(), null);
    });
  });

  it('tries the stable bundle again where nobody scored it beneath the fallback', async () => {
    await world.arrive(
      matured(1),
      [0, 1].flatMap((index) => day(index, { prediction: 0.4 })),
    );
    await performance();
    await performance();
    const { id } = await incident();
    await respond(id);
    const silent = { served: 'fallback', bundle: CONSTANT, stable: null } as const;
    await world.arrive(
      matured(4),
      [2, 3, 4].flatMap((index) => day(index, silent)),
    );
    const answer = await recovery(id);
    assert.deepEqual(answer, {
      recovered: true,
      inWords: 'the stable bundle was not scored for 2 days, so it is tried again',
    });
  });

  describe('of feature freshness', () => {
    const stale = { featureAgeMs: 2 * HOUR_MS + 1 };
    const backup = { served: 'fallback', bundle: STATIC } as const;

    for (const [title, featureAgeMs, found] of [
      ['accepts features just below their age limit', 2 * HOUR_MS - 1, 'nothing'],
      ['accepts features exactly at their age limit', 2 * HOUR_MS, 'nothing'],
    ] as const) {
      it(title, async () => {
        await arriveCohort(0, { featureAgeMs });
        assert.equal(await nothing(), found);
      });
    }

    it('opens an incident with the first complete cohort above the limit, without waiting for labels', async () => {
      await arriveCohort(0, stale);
      const opened = await incident();
      assert.equal(opened.openedAt, '2001-01-03T03:00:00Z');
      assert.deepEqual(opened.features, ['badShop3h']);
      assert.match(opened.cause ?? '', /badShop3h has learned of no outcome since 2001-01-0\dT/);
    });

    it('minds only bundles that read such features', async () => {
      await arriveCohort(0, { ...stale, bundle: STATIC });
      assert.equal(await nothing(), 'nothing');
    });

    it('falls back to the newest earlier stable that does not read them, once', async () => {
      await arriveCohort(0, stale);
      const { id } = await incident();
      const first = await respond(id);
      assert.deepEqual(await respond(id), first);
      const [put, ...repeated] = world.fallbacks;
      assert.deepEqual(put, { generation: 1, decisionId: `${id}/fallback`, bundle: STATIC });
      for (const again of repeated) assert.deepEqual(again, put);
      assert.deepEqual((await override())?.value, { bundle: STATIC, since: '2001-01-03T03:00:00Z', incidentId: id });
    });

    it('recovers by two fresh cohorts in a row, whichever bundle answers, and closes with a case for the suite', async () => {
      await arriveCohort(0, stale);
      const { id } = await incident();
      await respond(id);
      await arriveCohort(1, { ...stale, ...backup });
      assert.equal(await noRecovery(id), 'nothing');
      await arriveCohort(2, backup);
      assert.deepEqual(await recovery(id, 0), {
        recovered: false,
        inWords: 'features were fresh in 1 of 2 cohorts in a row',
      });
      await world.arrive(START + 4 * COHORT_MS, []);
      assert.equal(await noRecovery(id, 1), 'nothing', 'a cohort without units says nothing');
      await arriveCohort(4, backup);
      const answer = await recovery(id, 1);
      assert.equal(answer.recovered, true);
      assert.deepEqual(await recovery(id, 1), answer);
      const closed = await close(id);
      assert.deepEqual(await close(id), closed);
      assert.deepEqual(world.fallbacks.map(({ generation, bundle }) => [generation, bundle]).slice(0, 2), [
        [1, STATIC],
        [2, null],
      ]);
      await world.records.transaction(MODEL, async (tx) => {
        const known = await tx.get('incident', id);
        assert.equal(known?.closedAt, '2001-01-03T15:00:00Z');
        assert.match(known?.closingReason ?? '', /fresh again in 2 cohorts in a row.*; the split serves again/);
        const suiteCase = await tx.get('suiteCase', closed.caseId ?? '');
        assert.deepEqual([suiteCase?.origin, suiteCase?.incidentId, suiteCase?.where], ['incident', id, 'true']);
        assert.equal(suiteCase?.maxRegressionPerThousand, world.declaration.rollout.marginPerThousand);
        assert.deepEqual(await tx.handoffs(promotionId(MODEL)), [
          { id: closed.handoffId, to: promotionId(MODEL), kind: 'suiteGrew', body: { caseId: closed.caseId } },
        ]);
        assert.ok(!(await tx.unsettled(START + DAY_MS)).includes(id), 'its process has left');
      });
    });

    it('opens a second incident of the day when the features go stale again', async () => {
      await arriveCohort(0, stale);
      const first = await incident();
      await respond(first.id);
      await arriveCohort(1, backup);
      await arriveCohort(2, backup);
      await recovery(first.id, 0);
      await recovery(first.id, 1);
      await close(first.id);
      await arriveCohort(3, stale);
      assert.equal((await incident()).id, `incident/${MODEL}/2001-01-03-2`);
    });

    it('goes one above a generation that the gateways know and the records do not', async () => {
      await world.router.fallback(MODEL, { generation: 7, decisionId: 'by hand', bundle: FRESH });
      await arriveCohort(0, stale);
      const { id } = await incident();
      await respond(id);
      const [state] = await world.router.observe(MODEL);
      assert.deepEqual(state?.fallback, { generation: 8, bundle: STATIC });
      await close(id);
      assert.deepEqual((await world.router.observe(MODEL))[0]?.fallback, { generation: 9, bundle: null });
    });

    it('falls back to the constant when no gateway can load the earlier stable', async () => {
      await world.close();
      world = await smallWorld({ unloadable: [STATIC] });
      await haveBeenStable(world.records, [CONSTANT, STATIC, FRESH]);
      await arriveCohort(0, stale);
      const { id } = await incident();
      assert.match((await respond(id)).inWords, /the declared constant .* cannot be loaded/);
      assert.equal((await world.router.observe(MODEL))[0]?.fallback.bundle, CONSTANT);
    });

    it('keeps the fallback while another incident needs it', async () => {
      await world.arrive(matured(1), [...day(0, { prediction: 0.4 }), ...day(1, { prediction: 0.4, ...stale })]);
      const found = [await next(), await next(), await next(), await next()];
      const [late, loss] = found.flatMap((work) => (work.kind === 'incident' ? [work.incident] : []));
      await respond(late!.id);
      assert.equal(world.fallbacks.at(-1)?.bundle, STATIC);
      await respond(loss!.id);
      assert.equal(world.fallbacks.at(-1)?.bundle, CONSTANT);
      await close(late!.id);
      assert.equal(world.fallbacks.at(-1)?.bundle, CONSTANT);
      await close(loss!.id);
      assert.equal(world.fallbacks.at(-1)?.bundle, null);
      assert.deepEqual(
        world.fallbacks.map(({ generation }) => generation),
        [1, 2, 3, 4],
      );
    });
  });

  describe('of calibration', () => {
    const high = { prediction: 0.35, positive: 0.2 };

    it('orders one retrain, and recovers on days after the order alone', async () => {
      const objectives = world.declaration.objectives.filter(({ kind }) => kind === 'calibration');
      await world.close();
      world = await smallWorld({ objectives });
      await haveBeenStable(world.records, [CONSTANT, FRESH]);
      await world.arrive(
        matured(2),
        [0, 1, 2].flatMap((index) => day(index, high)),
      );
      for (let index = 0; index < 3; index += 1) await performance();
      const opened = await incident();
      assert.match(opened.symptom, /miss the outcomes' level by 75 % from 2001-01-03 to 2001-01-05; 50 % is tolerated/);
      const response = await respond(opened.id);
      assert.deepEqual(response.orderedRetrain, { handoffId: `${opened.id}/retrain` });
      assert.deepEqual(await respond(opened.id), response);
      assert.equal(world.fallbacks.length, 0);
      const owed = await world.records.transaction(MODEL, (tx) => tx.handoffs(`experimentation/${MODEL}`));
      assert.deepEqual(owed, [
        {
          id: `${opened.id}/retrain`,
          to: `experimentation/${MODEL}`,
          kind: 'retrainOrdered',
          body: { incidentId: opened.id },
        },
      ]);
      await world.arrive(
        matured(5),
        [3, 4, 5].flatMap((index) => day(index)),
      );
      assert.equal(await noRecovery(opened.id), 'nothing');
      await world.arrive(matured(6), day(6));
      assert.equal((await recovery(opened.id)).recovered, true);
    });
  });
});
