/**
 * Rollouts of a model that our gateway does not serve, on a real Temporal server: real activities over the records given. The log is
 * empty, its watermark moved by the test; what is judged is what somebody pushes.
 */
import type { Client, WorkflowHandle } from '@temporalio/client';
import { createActivities } from '../src/activities/index.ts';
import type { ActivityPorts } from '../src/activities/ports.ts';
import { createInMemoryMetricSource } from '../src/adapters/metric-source/in-memory.ts';
import { createInMemoryStore } from '../src/adapters/object-store/in-memory.ts';
import type { ObjectStore } from '../src/adapters/object-store/port.ts';
import { createInMemoryNotifier } from '../src/adapters/notifier/in-memory.ts';
import { createEvidenceIntake } from '../src/adapters/record-store/evidence-intake.ts';
import type { RecordStore } from '../src/adapters/record-store/port.ts';
import { readRecordedRollout } from '../src/adapters/record-store/recorded-rollout.ts';
import { createInMemoryRequestLog } from '../src/adapters/request-log/in-memory.ts';
import { createInMemoryServingCheck } from '../src/adapters/serving-check/in-memory.ts';
import { createInMemoryRouter } from '../src/adapters/traffic-router/in-memory.ts';
import { pushEvidence } from '../src/client/evidence.ts';
import { rolloutId as idOf } from '../src/contracts/names.ts';
import type { EvidenceReceipt } from '../src/contracts/evidence.ts';
import type { ModelDeclaration } from '../src/contracts/model.ts';
import type { RolloutInput, RolloutStatus } from '../src/contracts/workflows.ts';
import { canonicalJson } from '../src/domain/canonical-json.ts';
import { verifyChain } from '../src/domain/rollout/verify-chain.ts';
import type { Verification } from '../src/domain/rollout/verify-chain.ts';
import { epochMs, HOUR_MS, isoInstant } from '../src/domain/time.ts';
import { ALIKE, pushedModel } from './pushed-model.ts';
import { eventually, startStageRun } from './workflows/stage-run.ts';

const START = epochMs('2001-01-03');
const COHORT_MS = 3 * HOUR_MS;

export interface PushedRollout {
  readonly input: RolloutInput;
  readonly rolloutId: string;
  readonly handle: WorkflowHandle;
  status(): Promise<RolloutStatus>;
  until(wanted: (state: RolloutStatus) => boolean): Promise<RolloutStatus>;
  /** The log is complete through the end of a cohort. */
  pass(cohort: number): Promise<void>;
  /** A batch of refunds of a cohort, as somebody would tell it. */
  batch(cohort: number, counts?: object, more?: object): object;
  /** Records one and tells nobody. */
  push(cohort: number, counts?: object): Promise<EvidenceReceipt>;
  /** Records one and tells the rollout, as the HTTP edge and the command line do. */
  pushAndTell(cohort: number, counts?: object, more?: object): Promise<EvidenceReceipt>;
  /** What is on record of it, judged again from there. */
  verified(): Promise<Verification>;
}

export interface PushedRollouts {
  readonly client: Client;
  /** Address of the Temporal server. */
  readonly address: string;
  begin(model: string, change?: (declaration: ModelDeclaration) => ModelDeclaration): Promise<PushedRollout>;
  stop(): Promise<void>;
}

export async function startPushedRollouts(records: RecordStore): Promise<PushedRollouts> {
  const objects = createInMemoryStore();
  // Splits take effect by what the log has come to; nothing is ahead of it.
  const router = createInMemoryRouter(1, { clock: () => null, loads: () => true });
  const run = await startStageRun(createActivities(portsOf(records, objects, router)));
  return {
    client: run.client,
    address: (run.client.connection as unknown as { options: { address: string } }).options.address,
    async begin(model, change = (declaration) => declaration) {
      const input = await introduce(records, objects, change(pushedModel(model)));
      const stable = await bundleOf(objects, model, 'stable');
      await router.register(model, { freshFeatures: [], fallback: stable });
      const entry = { effectiveFrom: null, stable, candidate: null, exposure: 0, salt: '', mirror: false };
      await router.apply(model, { generation: 1, decisionId: 'first', entry });
      const handle = await run.start('rollout', input.rolloutId, input);
      return rolloutOf(records, run.client, handle, input);
    },
    stop: () => run.stop(),
  };
}

function rolloutOf(records: RecordStore, client: Client, handle: WorkflowHandle, input: RolloutInput): PushedRollout {
  const { model, rolloutId } = input;
  const status = (): Promise<RolloutStatus> => handle.query<RolloutStatus>('status');
  const batch = (cohort: number, counts: object = ALIKE, more: object = {}): object => ({
    batchId: `refunds-${cohort}`,
    metric: 'refunds',
    cohortStart: isoInstant(START + (cohort - 1) * COHORT_MS),
    counts,
    ...more,
  });
  const intake = createEvidenceIntake(records);
  const take: typeof intake.take = (...told) => intake.take(...told);
  const sender = { by: 'metrics-job', channel: 'client' };
  return {
    input,
    rolloutId,
    handle,
    status,
    until: (wanted) => eventually(status, wanted),
    pass: (cohort) => records.transaction(model, (tx) => tx.advanceWatermark(START + cohort * COHORT_MS)),
    batch,
    push: (cohort, counts) => take(model, rolloutId, { batch: batch(cohort, counts), ...sender }),
    async pushAndTell(cohort, counts, more) {
      const { receipts } = await pushEvidence(
        client,
        rolloutId,
        { batches: [batch(cohort, counts, more)], ...sender },
        take,
      );
      return receipts[0] as EvidenceReceipt;
    },
    async verified() {
      const recorded = await records.transaction(model, (tx) => readRecordedRollout(tx, rolloutId));
      return verifyChain({ ...recorded, head: (await status()).head ?? null });
    },
  };
}

async function bundleOf(objects: ObjectStore, model: string, idea: string): Promise<string> {
  return objects.put(
    canonicalJson({
      model,
      idea,
      artifact: '1'.repeat(64),
      features: [],
      healthyRange: [0, 1],
      recipe: idea,
      datasetVersion: null,
      codeVersion: 'test',
    }),
  );
}

async function introduce(
  records: RecordStore,
  objects: ObjectStore,
  declaration: ModelDeclaration,
): Promise<RolloutInput> {
  const { model } = declaration;
  const bundle = await bundleOf(objects, model, 'candidate');
  const rolloutId = idOf(model, bundle, 1);
  await records.transaction(model, async (tx) => {
    await tx.put('model', 'declaration', { declaration, digest: '0'.repeat(64), path: 'shop.yaml', baseDir: '.' });
    await tx.put('candidate', bundle, {
      bundle,
      idea: 'fresh',
      attempt: 1,
      claim: 'not-worse',
      priority: 'idea',
      outcome: 'in_progress',
      rolloutId,
      step: 'offline',
      reason: null,
      exposureHistory: [],
      readyAt: '2001-01-03T00:00:00Z',
      decidedAt: null,
    });
    await tx.join(rolloutId);
    await tx.advanceWatermark(START);
  });
  return { model, rolloutId, bundle, idea: 'fresh', claim: 'not-worse' };
}

function portsOf(
  records: RecordStore,
  objectStore: ObjectStore,
  trafficRouter: ActivityPorts['trafficRouter'],
): ActivityPorts {
  const notThere = (): never => {
    throw new Error('no rollout asks for this');
  };
  return {
    records,
    trafficRouter,
    objectStore,
    requestLog: createInMemoryRequestLog(),
    metricSource: createInMemoryMetricSource(),
    servingCheck: createInMemoryServingCheck(notThere),
    evidenceIntake: createEvidenceIntake(records),
    gatewayLog: { segments: async () => [], read: async () => [], ledger: async () => [] },
    labelDesk: { deliver: notThere },
    trainer: { train: notThere },
    dataSource: notThere,
    notifier: async () => createInMemoryNotifier(),
    uiUrl: null,
  };
}
