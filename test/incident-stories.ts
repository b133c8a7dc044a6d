/**
 * Incidents on a real server, one for each model: real activities over the records given. Each is answered with a retrain order or a page;
 * the test says when its objective is met again.
 */
import type { Client, WorkflowHandle } from '@temporalio/client';
import { createMonitoringActivities } from '../src/activities/monitoring.ts';
import type { IncidentFacts, RecoveryProgress } from '../src/activities/monitoring/facts.ts';
import { createNotificationActivities } from '../src/activities/notifications.ts';
import { createInMemoryNotifier } from '../src/adapters/notifier/in-memory.ts';
import type { Message, Notifier } from '../src/adapters/notifier/port.ts';
import type { RecordStore } from '../src/adapters/record-store/port.ts';
import { createInMemoryRequestLog } from '../src/adapters/request-log/in-memory.ts';
import { createInMemoryRouter } from '../src/adapters/traffic-router/in-memory.ts';
import type { Channel } from '../src/contracts/notifications.ts';
import type { ModelDeclaration } from '../src/contracts/model.ts';
import { incidentId as idOf } from '../src/contracts/names.ts';
import type { IncidentRecord, RecordBodies } from '../src/contracts/records.ts';
import type { IncidentStatus, MonitoringActivities } from '../src/contracts/workflows.ts';
import { DAY_MS, epochMs, isoInstant } from '../src/domain/time.ts';
import { shopModel } from './adapters/data-source/places.ts';
import { eventually, startStageRun } from './workflows/stage-run.ts';
import type { StageRun } from './workflows/stage-run.ts';

const OPENED = epochMs('2001-01-05T12:00:00Z');
const RECOVERED = '2001-01-08T12:00:00Z';
/** What an incident of these stories is closed with. */
export const BECAUSE = 'better than the constant again on 2 days in a row';

export interface IncidentStory {
  readonly model: string;
  readonly incidentId: string;
  readonly handle: WorkflowHandle;
  status(): Promise<IncidentStatus>;
  until(wanted: (state: IncidentStatus) => boolean): Promise<IncidentStatus>;
  /** The objective is met again. */
  recover(): Promise<void>;
  /**
   * Recovers, and resolves when a word is waited for and the server knows it: a question may be answered from what has come and is not taken
   * up yet, and a word that comes with it would be heard before.
   */
  propose(): Promise<void>;
  /** The case that the incident has left in the suite; null where it has left none. */
  suiteCase(): Promise<RecordBodies['suiteCase'] | null>;
  proposedCase(): Promise<RecordBodies['proposedCase'] | null>;
}

export interface IncidentStories {
  readonly client: Client;
  readonly run: StageRun;
  readonly records: RecordStore;
  /** What people were told, in order. */
  readonly told: readonly Message[];
  begin(model: string, declared?: Declared): Promise<IncidentStory>;
  stop(): Promise<void>;
}

/** What a model of these stories declares otherwise than the others. */
export interface Declared {
  readonly newCases?: ModelDeclaration['newCases'];
  readonly notifications?: ModelDeclaration['notifications'];
  readonly response?: 'page' | 'retrain';
}

export interface StoriesOptions {
  readonly withUi?: boolean;
  /** How a channel is reached; without it, everything is kept in `told`. */
  readonly notifier?: (channel: Channel) => Promise<Notifier>;
  /** Runs before a word is written down. */
  readonly beforeSettling?: (incidentId: string) => Promise<void>;
}

export async function startIncidentStories(
  records: RecordStore,
  { withUi = false, notifier, beforeSettling = async () => undefined }: StoriesOptions = {},
): Promise<IncidentStories> {
  const kept = createInMemoryNotifier();
  const trafficRouter = createInMemoryRouter(1, { clock: () => null, loads: () => true });
  const ports = { records, trafficRouter, requestLog: createInMemoryRequestLog() };
  const monitoring = createMonitoringActivities(ports);
  const settleCase: MonitoringActivities['settleCase'] = async (input) => {
    await beforeSettling(input.incidentId);
    return monitoring.settleCase(input);
  };
  const run = await startStageRun(
    {
      ...monitoring,
      settleCase,
      ...createNotificationActivities({ records, uiUrl: null, notifier: notifier ?? (async () => kept) }),
    },
    { withUi },
  );
  return {
    client: run.client,
    run,
    records,
    told: kept.sent,
    begin: (model, declared) => beginIncident(run, records, model, declared),
    stop: () => run.stop(),
  };
}

/** An incident of a model, on workers that have the activities of monitoring over these records. */
export async function beginIncident(
  run: StageRun,
  records: RecordStore,
  model: string,
  declared: Declared = {},
): Promise<IncidentStory> {
  const incidentId = await openIncident(records, model, declared);
  const handle = await run.start('incident', incidentId, { model, incidentId });
  return storyOf(records, model, incidentId, handle);
}

/** The incident as monitoring opens it. */
export async function openIncident(records: RecordStore, model: string, declared: Declared): Promise<string> {
  const { newCases, notifications, response = 'retrain' } = declared;
  const incidentId = idOf(model, '2001-01-05', 1);
  const declaration: ModelDeclaration = {
    ...shopModel('shop.csv'),
    model,
    people: { approver: ['ana', 'ben'], reviewer: ['ana', 'eve'] },
    ...(newCases === undefined ? {} : { newCases }),
    ...(notifications === undefined ? {} : { notifications }),
  };
  const incident: IncidentRecord = {
    id: incidentId,
    objective: 'better',
    openedAt: isoInstant(OPENED),
    symptom: 'worse than the constant from 2001-01-03 to 2001-01-04: 40.0 per 1,000',
    cause: 'shop south carries 100 % of the excess with 17 % of the orders',
    features: [],
    response,
    responseDecisionId: null,
    closedAt: null,
    closingReason: null,
    caseId: null,
  };
  const facts: IncidentFacts = {
    objective: { kind: 'lossAgainstFallback', id: 'better', maxDifferencePerThousand: 5, days: 2, response },
    openedAt: OPENED,
    cohort: null,
    days: ['2001-01-03', '2001-01-04'],
    where: `"shop" = 'south'`,
  };
  await records.transaction(model, async (tx) => {
    await tx.put('model', 'declaration', { declaration, digest: '0'.repeat(64), path: 'shop.yaml', baseDir: '.' });
    await tx.put('incident', incidentId, incident);
    await tx.put('memory', `${incidentId}/facts`, { value: facts });
    await tx.join(incidentId);
    for (const day of facts.days) await tx.put('performance', day, measured(day));
    await tx.advanceWatermark(OPENED + DAY_MS);
  });
  return incidentId;
}

const measured = (day: string): RecordBodies['performance'] => ({
  day,
  units: 300,
  labelled: 240,
  loss: 0.2,
  fallbackLoss: 0.16,
  auc: null,
  meanPrediction: null,
  meanLabel: null,
  freshnessMaxMs: null,
  bundles: [],
  byBundle: [],
  servedByFallback: 0,
});

function storyOf(records: RecordStore, model: string, incidentId: string, handle: WorkflowHandle): IncidentStory {
  const status = (): Promise<IncidentStatus> => handle.query<IncidentStatus>('status');
  const recovery: RecoveryProgress = {
    cohort: 0,
    freshInARow: 0,
    day: null,
    history: [],
    recoveredAt: epochMs(RECOVERED),
    because: BECAUSE,
  };
  const recover = (): Promise<void> =>
    records.transaction(model, (tx) => tx.put('memory', `${incidentId}/recovery`, { value: recovery }));
  return {
    model,
    incidentId,
    handle,
    status,
    until: (wanted) => eventually(status, wanted),
    recover,
    async propose() {
      await recover();
      await eventually(
        () => handle.describe(),
        ({ memo }) => memo?.['next'] != null,
      );
    },
    suiteCase: () => records.transaction(model, (tx) => tx.get('suiteCase', 'incident-2001-01-05-1')),
    proposedCase: () => records.transaction(model, (tx) => tx.get('proposedCase', incidentId)),
  };
}
