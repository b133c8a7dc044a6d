import assert from 'node:assert/strict';
import type { WorkflowHandle } from '@temporalio/client';
import { readRecordedRollout } from '../../src/adapters/record-store/recorded-rollout.ts';
import { createMetricSource } from '../../src/adapters/metric-source/index.ts';
import { rolloutHead } from '../../src/client/rollout.ts';
import type { DecisionRecord } from '../../src/contracts/records.ts';
import type { RolloutStatus } from '../../src/contracts/workflows.ts';
import { verifyChain } from '../../src/domain/rollout/verify-chain.ts';
import { CALENDAR, judgedWorld } from '../activities/judged-world.ts';
import type { JudgedWorld } from '../activities/judged-world.ts';
import { metric, startPrometheus } from '../adapters/metric-source/prometheus-server.ts';
import type { PrometheusServer } from '../adapters/metric-source/prometheus-server.ts';
import { cohortStart, isoInstant } from '../../src/domain/time.ts';
import { eventually, faultsOfAllRuns, startStageRun } from './stage-run.ts';
import type { StageRun } from './stage-run.ts';

/** From this cohort on Prometheus does not answer, for so many. */
const OUTAGE = { from: 12, cohorts: 20 };

describe('a rollout whose metric source goes away', function () {
  this.timeout(60_000);
  let prometheus: PrometheusServer;
  let world: JudgedWorld;
  let run: StageRun;
  let handle: WorkflowHandle;
  before(async () => {
    prometheus = await startPrometheus();
    prometheus.point = (series, arm) => (series === 'all' ? '1000' : arm === 'stable' ? '50' : '20');
    const timeouts = metric({ observable: ['canary'], role: 'required', harmRatio: 1.2, safeRatio: 1.5 });
    world = await judgedWorld('outage', {
      rollout: { metrics: [timeouts] },
      metricSource: await createMetricSource({ kind: 'prometheus', url: prometheus.url, deadlineMs: 1_000 }),
    });
    run = await startStageRun(world.activities);
    handle = await run.start('rollout', world.input.rolloutId, world.input);
  });
  after(async () => {
    await run.stop();
    await prometheus.close();
  });

  const status = (): Promise<RolloutStatus> => handle.query<RolloutStatus>('status');
  /** Serves a cohort once nothing is left to be done about the one before. */
  const serve = async (): Promise<number> => {
    const busy = (): Promise<string[]> =>
      world.records.transaction(world.model, async (tx) => tx.unsettled((await tx.watermark()) ?? 0));
    await eventually(busy, (names) => !names.includes(world.input.rolloutId));
    return world.serve();
  };
  const looked = (cohort: number): Promise<RolloutStatus> =>
    eventually(status, ({ judgedCohort, decision }) => judgedCohort >= cohort || decision !== null);
  const decisions = async (): Promise<DecisionRecord[]> =>
    world.records.transaction(world.model, async (tx) =>
      (await tx.chain('decision', world.input.rolloutId)).map(({ body }) => body),
    );

  it('holds for as long as it lasts, says since when, at six events a look, and goes on afterwards', async () => {
    while ((await serve()) < OUTAGE.from - 1);
    const before = await looked(OUTAGE.from - 1);
    assert.equal(before.run, 'canary', before.inWords);
    const eventsBefore = (await handle.describe()).historyLength;

    prometheus.fault = (response) => {
      response.destroy();
      return true;
    };
    const since = isoInstant(cohortStart(CALENDAR, OUTAGE.from));
    for (let cohort = OUTAGE.from; cohort < OUTAGE.from + OUTAGE.cohorts; cohort += 1)
      assert.equal(await serve(), cohort);
    const during = await looked(OUTAGE.from + OUTAGE.cohorts - 1);
    const events = (await handle.describe()).historyLength - eventsBefore;
    assert.deepEqual([during.last?.verdict, during.last?.reasons], ['hold', ['data-pending', 'timeouts']]);
    assert.equal(during.exposure, before.exposure);
    assert.match(during.last?.unmet[0] ?? '', new RegExp(`^timeouts: since ${since}: .*does not answer`));
    assert.ok(events <= 6 * OUTAGE.cohorts, `${events} events for ${OUTAGE.cohorts} looks`);

    prometheus.fault = null;
    while ((await status()).decision === null) await serve();
    const { decision } = await status();
    assert.equal(decision?.outcome, 'promoted', decision?.reason);
    const end = OUTAGE.from + OUTAGE.cohorts;
    const verdictOf = new Map((await decisions()).map((made) => [`${made.run}/${made.cohort}`, made.verdict]));
    for (let cohort = OUTAGE.from; cohort < end; cohort += 1) assert.equal(verdictOf.get(`canary/${cohort}`), 'hold');
    // What was missed is read at once, in order.
    assert.equal(verdictOf.get(`canary/${end}`), 'advance');

    const { rolloutId } = world.input;
    const read = await world.records.transaction(world.model, (tx) => readRecordedRollout(tx, rolloutId));
    const head = await rolloutHead(run.client, rolloutId);
    const verification = verifyChain({ ...read, head });
    assert.ok(verification.verified, JSON.stringify(verification));
    assert.deepEqual([verification.attested, verification.head], [verification.decisions, head]);
  });

  // A suite of its own comes after all the others.
  describe('altogether', () =>
    it('leaves histories in which the rules find no fault', async () =>
      assert.deepEqual(await faultsOfAllRuns(run), [])));
});
