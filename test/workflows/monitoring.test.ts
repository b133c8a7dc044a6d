import assert from 'node:assert/strict';
import { createMonitoringActivities } from '../../src/activities/monitoring.ts';
import { createPromotionActivities } from '../../src/activities/promotion.ts';
import { incidentId, monitoringId, promotionId } from '../../src/contracts/names.ts';
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
} from '../activities/small-world.ts';
import type { SmallWorld, Traffic } from '../activities/small-world.ts';
import { detailsOf, eventually, faultsOfAllRuns, keepHistory, startStageRun } from './stage-run.ts';
import type { StageRun } from './stage-run.ts';

const ID = monitoringId(MODEL);
const EDGE_URL = 'https://edge.example.org';
const INCIDENT = incidentId(MODEL, '2001-01-03', 1);

interface Status {
  readonly open: readonly string[];
  readonly recent: ReadonlyArray<{ readonly day: string }>;
}

describe('the workflows of monitoring', function () {
  this.timeout(60_000);
  let world: SmallWorld;
  let run: StageRun;
  const status = (): Promise<Status> => run.client.workflow.getHandle(ID).query<Status>('status');
  const words = (workflowId: string): Promise<string> =>
    run.client.workflow.getHandle(workflowId).query<string>('explain');
  const arriveCohort = (index: number, known: Partial<Traffic> = {}): Promise<void> => {
    const from = START + index * COHORT_MS;
    const served = { bundle: FRESH, prediction: 0.2, positive: 0.2, units: 12 };
    return world.arrive(from + COHORT_MS, traffic({ from, to: from + COHORT_MS, ...served, ...known }));
  };

  before(async () => {
    world = await smallWorld();
    await haveBeenStable(world.records, [CONSTANT, STATIC, FRESH]);
    await world.records.transaction(MODEL, (tx) => tx.join(promotionId(MODEL)));
    run = await startStageRun({
      ...createMonitoringActivities({ ...world.ports, edgeUrl: EDGE_URL }),
      ...createPromotionActivities(world.ports),
    });
    await run.start('promotion', promotionId(MODEL), { model: MODEL });
    await run.start('monitoring', ID, { model: MODEL });
  });
  after(async () => {
    await run.stop();
    await world.close();
  });

  it('open an incident for a broken objective, which responds at once', async () => {
    await arriveCohort(0, { featureAgeMs: 3 * HOUR_MS });
    await eventually(status, ({ open }) => open.includes(INCIDENT));
    await eventually(
      () => world.router.observe(MODEL),
      ([state]) => state?.fallback.bundle === STATIC,
    );
    assert.match(
      await eventually(
        () => words(INCIDENT),
        (text) => text.includes('waits for recovery'),
      ),
      /\*\*Response\*\* the earlier stable static .* answers everyone, which reads none of badShop3h/,
    );
  });

  it('show what is open, and that no person is needed', async () => {
    const { searchAttributes } = await run.client.workflow.getHandle(INCIDENT).describe();
    assert.deepEqual(searchAttributes['HoldfastPhase'], ['degraded']);
    assert.deepEqual(searchAttributes['HoldfastNeedsHuman'], [false]);
    assert.match(await words(ID), new RegExp(`\\*\\*Open incidents\\*\\* \\[${INCIDENT}\\]`));
  });

  it('link to the pages of evidence that the incident and the stage have now', async () => {
    for (const id of [ID, INCIDENT])
      assert.ok(
        (await detailsOf(run.client.workflow.getHandle(id))).includes(
          `[the page of evidence](${EDGE_URL}/reports/${id})`,
        ),
        id,
      );
  });

  it('close the incident after recovery, tell promotion of the new case, and go on', async () => {
    await arriveCohort(1, { served: 'fallback', bundle: STATIC });
    await eventually(
      () => words(INCIDENT),
      (text) => text.includes('fresh in 1 of 2'),
    );
    await arriveCohort(2, { served: 'fallback', bundle: STATIC });
    const reason = await run.client.workflow.getHandle(INCIDENT).result();
    assert.match(String(reason), /fresh again in 2 cohorts in a row/);
    await eventually(status, ({ open }) => open.length === 0);
    await eventually(
      () => world.records.transaction(MODEL, (tx) => tx.handoffs(promotionId(MODEL))),
      (owed) => owed.length === 0,
    );
    assert.equal((await world.router.observe(MODEL))[0]?.fallback.bundle, null);
    await keepHistory(run.client.workflow.getHandle(INCIDENT), 'incident--stale-features-fall-back-and-recover');
  });

  it('measure each day when its labels have matured', async () => {
    for (let index = 3; index < 8; index += 1) await arriveCohort(index);
    await world.arrive(START + DAY_MS + 12 * HOUR_MS, []);
    await eventually(status, ({ recent }) => recent.at(-1)?.day === '2001-01-03');
    assert.match(await words(ID), /2001-01-03 {2}/);
    await keepHistory(run.client.workflow.getHandle(ID), 'monitoring--incident-and-matured-day');
  });

  it('settle when nothing is left to do', async () => {
    await eventually(
      () => world.records.transaction(MODEL, async (tx) => tx.unsettled((await tx.watermark()) ?? 0)),
      (unsettled) => !unsettled.includes(ID) && !unsettled.includes(INCIDENT),
    );
  });

  // A suite of its own comes after all the others.
  describe('altogether', () =>
    it('leave histories in which the rules find no fault', async () =>
      assert.deepEqual(await faultsOfAllRuns(run), [])));
});
