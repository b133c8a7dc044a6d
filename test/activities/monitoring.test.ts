import assert from 'node:assert/strict';
import { promotionId } from '../../src/contracts/names.ts';
import { DAY_MS, HOUR_MS } from '../../src/domain/time.ts';
import { cohort, day, matured, monitoringDesk } from './monitoring-desk.ts';
import type { MonitoringDesk } from './monitoring-desk.ts';
import { COHORT_MS, CONSTANT, FRESH, haveBeenStable, MODEL, smallWorld, START, STATIC } from './small-world.ts';
import type { SmallWorld, Traffic } from './small-world.ts';

describe('monitoring', function () {
  this.timeout(30_000);
  let world: SmallWorld;
  let desk: MonitoringDesk;
  const override = () => world.records.transaction(MODEL, (tx) => tx.get('memory', 'monitoring/fallback'));
  const arriveCohort = (index: number, known: Partial<Traffic> = {}): Promise<void> =>
    world.arrive(START + (index + 1) * COHORT_MS, cohort(index, known));

  beforeEach(async () => {
    world = await smallWorld();
    await haveBeenStable(world.records, [CONSTANT, STATIC, FRESH]);
    desk = monitoringDesk(world);
  });
  afterEach(() => world.close());

  describe('of matured days', () => {
    it('measures what was really served, and the constant on the same units', async () => {
      const content = [
        ...day(0),
        ...day(0, { shop: 'south', positive: null, units: 10, served: 'fallback', bundle: CONSTANT }),
      ];
      await world.arrive(matured(0), content);
      const measured = await desk.performance();
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
      assert.equal(await desk.nothing(), 'nothing');
      await world.arrive(matured(0), []);
      assert.equal((await desk.performance()).labelled, 100);
    });

    it('gives the same answer to a repeated question', async () => {
      await world.arrive(matured(1), [...day(0), ...day(1)]);
      assert.deepEqual(await desk.ask(0), await desk.ask(0));
      desk = monitoringDesk(world, 1);
      assert.equal((await desk.performance()).day, '2001-01-04');
    });

    it('records a day on which nothing was served, without making up numbers', async () => {
      await world.arrive(matured(0), []);
      const measured = await desk.performance();
      assert.deepEqual([measured.units, measured.loss, measured.auc, measured.freshnessMaxMs], [0, null, null, null]);
    });

    it('says nothing of objectives while only the constant serves', async () => {
      const worse = { bundle: CONSTANT, prediction: 0.9 };
      await world.arrive(
        matured(3),
        [0, 1, 2, 3].flatMap((index) => day(index, worse)),
      );
      for (let index = 0; index < 4; index += 1) await desk.performance();
      assert.equal(await desk.nothing(), 'nothing');
    });
  });

  describe('of the loss against the constant', () => {
    const worse = { prediction: 0.4 };

    it('opens one incident after two bad days, and no second one while it is open', async () => {
      await world.arrive(
        matured(2),
        [0, 1, 2].flatMap((index) => day(index, worse)),
      );
      await desk.performance();
      await desk.performance();
      const opened = await desk.incident();
      assert.equal(opened.id, `incident/${MODEL}/2001-01-05-1`);
      assert.equal(opened.openedAt, '2001-01-05T12:00:00Z');
      assert.match(opened.symptom, /from 2001-01-03 to 2001-01-04: 40\.0 per 1,000/);
      await desk.performance();
      // The third day shows predictions twice as high as the outcomes as well.
      assert.equal((await desk.incident()).objective, 'calibrated');
      assert.equal(await desk.nothing(), 'nothing');
    });

    it('names the slice that carries the loss, and keeps it as a validation case', async () => {
      const bad = [0, 1].flatMap((index) => [
        ...day(index, { prediction: 0.9, units: 40, shop: 'south' }),
        ...day(index, { prediction: 0.2, units: 200 }),
      ]);
      await world.arrive(matured(1), bad);
      await desk.performance();
      await desk.performance();
      const opened = await desk.incident();
      assert.match(opened.cause ?? '', /shop south carries 100 % of the excess with 17 % of the units?|flights?/);
      await desk.respond(opened.id);
      const good = [2, 3, 4].flatMap((index) => day(index, { served: 'fallback', bundle: CONSTANT, stable: 0.2 }));
      await world.arrive(matured(4), good);
      for (let at = 0; !(await desk.recovery(opened.id, at)).recovered; at += 1);
      const closed = await desk.close(opened.id);
      const suiteCase = await world.records.transaction(MODEL, (tx) => tx.get('suiteCase', closed.caseId ?? ''));
      assert.equal(suiteCase?.where, `"shop" = 'south'`);
      assert.deepEqual(suiteCase?.days, { from: '2001-01-03', to: '2001-01-04' });
    });

    it('falls back to the constant, and lifts it when the stable bundle would have met the objective on two days', async () => {
      await world.arrive(
        matured(1),
        [0, 1].flatMap((index) => day(index, worse)),
      );
      await desk.performance();
      await desk.performance();
      const opened = await desk.incident();
      assert.match((await desk.respond(opened.id)).inWords, /the declared constant/);
      assert.equal(world.fallbacks.at(-1)?.bundle, CONSTANT);
      const shadow = { served: 'fallback', bundle: CONSTANT } as const;
      // Opened at noon of the third day: the first whole day after it is the fourth.
      await world.arrive(matured(2), [...day(2, { ...shadow, stable: 0.1 }), ...day(3, { ...shadow, stable: 0.2 })]);
      assert.equal(await desk.noRecovery(opened.id), 'nothing');
      await world.arrive(matured(3), day(4, { ...shadow, stable: 0.2 }));
      assert.equal((await desk.recovery(opened.id, 0)).recovered, false);
      await world.arrive(matured(4), []);
      assert.equal((await desk.recovery(opened.id, 1)).recovered, true);
      await desk.close(opened.id);
      assert.equal(world.fallbacks.at(-1)?.bundle, null);
      assert.equal(await override(), null);
    });
  });

  it('tries the stable bundle again where nobody scored it beneath the fallback', async () => {
    await world.arrive(
      matured(1),
      [0, 1].flatMap((index) => day(index, { prediction: 0.4 })),
    );
    await desk.performance();
    await desk.performance();
    const { id } = await desk.incident();
    await desk.respond(id);
    const silent = { served: 'fallback', bundle: CONSTANT, stable: null } as const;
    await world.arrive(
      matured(4),
      [2, 3, 4].flatMap((index) => day(index, silent)),
    );
    const answer = await desk.recovery(id);
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
        assert.equal(await desk.nothing(), found);
      });
    }

    it('opens an incident with the first complete cohort above the limit, without waiting for labels', async () => {
      await arriveCohort(0, stale);
      const opened = await desk.incident();
      assert.equal(opened.openedAt, '2001-01-03T03:00:00Z');
      assert.deepEqual(opened.features, ['badShop3h']);
      assert.match(opened.cause ?? '', /badShop3h has learned of no outcome since 2001-01-0\dT/);
    });

    it('minds only bundles that read such features', async () => {
      await arriveCohort(0, { ...stale, bundle: STATIC });
      assert.equal(await desk.nothing(), 'nothing');
    });

    it('falls back to the newest earlier stable that does not read them, once', async () => {
      await arriveCohort(0, stale);
      const { id } = await desk.incident();
      const first = await desk.respond(id);
      assert.deepEqual(await desk.respond(id), first);
      const [put, ...repeated] = world.fallbacks;
      assert.deepEqual(put, { generation: 1, decisionId: `${id}/fallback`, bundle: STATIC });
      for (const again of repeated) assert.deepEqual(again, put);
      assert.deepEqual((await override())?.value, { bundle: STATIC, since: '2001-01-03T03:00:00Z', incidentId: id });
    });

    it('recovers by two fresh cohorts in a row, whichever bundle answers, and closes with a case for the suite', async () => {
      await arriveCohort(0, stale);
      const { id } = await desk.incident();
      await desk.respond(id);
      await arriveCohort(1, { ...stale, ...backup });
      assert.equal(await desk.noRecovery(id), 'nothing');
      await arriveCohort(2, backup);
      assert.deepEqual(await desk.recovery(id, 0), {
        recovered: false,
        inWords: 'features were fresh in 1 of 2 cohorts in a row',
      });
      await world.arrive(START + 4 * COHORT_MS, []);
      assert.equal(await desk.noRecovery(id, 1), 'nothing', 'a cohort without units says nothing');
      await arriveCohort(4, backup);
      const answer = await desk.recovery(id, 1);
      assert.equal(answer.recovered, true);
      assert.deepEqual(await desk.recovery(id, 1), answer);
      const closed = await desk.close(id);
      assert.deepEqual(await desk.close(id), closed);
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
      const first = await desk.incident();
      await desk.respond(first.id);
      await arriveCohort(1, backup);
      await arriveCohort(2, backup);
      await desk.recovery(first.id, 0);
      await desk.recovery(first.id, 1);
      await desk.close(first.id);
      await arriveCohort(3, stale);
      assert.equal((await desk.incident()).id, `incident/${MODEL}/2001-01-03-2`);
    });

    it('goes one above a generation that the gateways know and the records do not', async () => {
      await world.router.fallback(MODEL, { generation: 7, decisionId: 'by hand', bundle: FRESH });
      await arriveCohort(0, stale);
      const { id } = await desk.incident();
      await desk.respond(id);
      const [state] = await world.router.observe(MODEL);
      assert.deepEqual(state?.fallback, { generation: 8, bundle: STATIC });
      await desk.close(id);
      assert.deepEqual((await world.router.observe(MODEL))[0]?.fallback, { generation: 9, bundle: null });
    });

    it('falls back to the constant when no gateway can load the earlier stable', async () => {
      await world.close();
      world = await smallWorld({ unloadable: [STATIC] });
      await haveBeenStable(world.records, [CONSTANT, STATIC, FRESH]);
      desk = monitoringDesk(world);
      await arriveCohort(0, stale);
      const { id } = await desk.incident();
      assert.match((await desk.respond(id)).inWords, /the declared constant .* cannot be loaded/);
      assert.equal((await world.router.observe(MODEL))[0]?.fallback.bundle, CONSTANT);
    });

    it('keeps the fallback while another incident needs it', async () => {
      await world.arrive(matured(1), [...day(0, { prediction: 0.4 }), ...day(1, { prediction: 0.4, ...stale })]);
      const found = [await desk.next(), await desk.next(), await desk.next(), await desk.next()];
      const [late, loss] = found.flatMap((work) => (work.kind === 'incident' ? [work.incident] : []));
      await desk.respond(late!.id);
      assert.equal(world.fallbacks.at(-1)?.bundle, STATIC);
      await desk.respond(loss!.id);
      assert.equal(world.fallbacks.at(-1)?.bundle, CONSTANT);
      await desk.close(late!.id);
      assert.equal(world.fallbacks.at(-1)?.bundle, CONSTANT);
      await desk.close(loss!.id);
      assert.equal(world.fallbacks.at(-1)?.bundle, null);
      assert.deepEqual(
        world.fallbacks.map(({ generation }) => generation),
        [1, 2, 3, 4],
      );
    });
  });
});
