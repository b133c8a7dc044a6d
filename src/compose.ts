/**
 * The only caller of adapter factories: one function for each process that needs some, each loading no vendor it does not use.
 */
import { join } from 'node:path';
import type { ActivityPorts } from './activities/ports.ts';
import type { ChartRenderer } from './adapters/chart-renderer/port.ts';
import type { DataSource } from './adapters/data-source/port.ts';
import type { ReadGatePolicyFile, ReadModelFile } from './adapters/declaration-file/port.ts';
import type { OpenUnitTable, ReadCohortFile } from './adapters/gate-input/port.ts';
import type { ObjectStore } from './adapters/object-store/port.ts';
import type { RequestLog } from './adapters/request-log/port.ts';
import type { EdgeRecords, RecordStore } from './adapters/record-store/port.ts';
import type { Notifier } from './adapters/notifier/port.ts';
import { environmentWith, objectStoreOf, secretOf } from './config.ts';
import type { Config } from './config.ts';
import { HoldfastError } from './contracts/errors.ts';
import type { ModelDeclaration } from './contracts/model.ts';
import type { Channel } from './contracts/notifications.ts';
import type { RunTrial } from './simulation/gate/trial.ts';
import type { ReplayProgress } from './simulation/progress.ts';
import type { TrafficOptions } from './simulation/model-traffic.ts';

/** What `holdfast validate` and the starting of a model need. */
export async function composeModelFile(): Promise<ReadModelFile> {
  const { readModelFile } = await import('./adapters/declaration-file/model.ts');
  return readModelFile;
}

/** What the gate commands judge by, when a file says so. */
export async function composeGatePolicyFile(): Promise<ReadGatePolicyFile> {
  const { readGatePolicyFile } = await import('./adapters/declaration-file/gate-policy.ts');
  return readGatePolicyFile;
}

/** Tables of units and files of cohort records, for the offline judge. */
export async function composeGateInput(): Promise<{ openUnitTable: OpenUnitTable; readCohortFile: ReadCohortFile }> {
  const { openUnitTable } = await import('./adapters/gate-input/index.ts');
  const { readCohortFile } = await import('./adapters/gate-input/cohort-file.ts');
  return { openUnitTable, readCohortFile };
}

/** Seeded simulation of a gate policy, in threads. */
export async function composeGateTrial(): Promise<RunTrial> {
  const { runTrial } = await import('./simulation/gate/trial.ts');
  return runTrial;
}

/**
 * The object store of a process.
 * @throws ZodError when the options are not those of a known kind.
 */
export async function composeObjectStore(options: unknown): Promise<ObjectStore> {
  const { createObjectStore, objectStoreSchema } = await import('./adapters/object-store/index.ts');
  return createObjectStore(objectStoreSchema.parse(options));
}

/** The records of an installation. Connects when first used. */
export async function composeRecords(postgresUrl: string, connectionsMax = 4): Promise<RecordStore> {
  const { recordStores } = await import('./adapters/record-store/index.ts');
  const { options, create } = recordStores.postgres;
  return create(options.parse({ url: postgresUrl, connectionsMax }));
}

/** What the edges write down before Temporal is called. */
export async function composeEdgeRecords(postgresUrl: string): Promise<EdgeRecords> {
  return edgeRecordsOf(await composeRecords(postgresUrl));
}

/** The same over records that are open already. */
export async function edgeRecordsOf(records: RecordStore): Promise<EdgeRecords> {
  const { createEdgeRecords } = await import('./adapters/record-store/edge-records.ts');
  return createEdgeRecords(records);
}

/** Draws the charts of pages of evidence. */
export async function composeChartRenderer(): Promise<ChartRenderer> {
  const { createVegaRenderer } = await import('./adapters/chart-renderer/vega.ts');
  return createVegaRenderer();
}

/** The source of a model's rows, prepared in the state folder. */
export async function composeDataSource(
  config: Pick<Config, 'stateDir'>,
  store: ObjectStore,
  declaration: ModelDeclaration,
  baseDir: string,
): Promise<DataSource> {
  const { openDataSource } = await import('./adapters/data-source/index.ts');
  return openDataSource(declaration, { baseDir, workDir: join(config.stateDir, 'prepared'), store });
}

/** The archive of the gateways' logs in a state folder, for reading beside the worker that fills it. */
export async function composeRequestLog(config: Pick<Config, 'stateDir'>): Promise<RequestLog> {
  const { openRequestLog, requestLogSchema } = await import('./adapters/request-log/index.ts');
  return openRequestLog(requestLogSchema.parse({ kind: 'duckdb', folder: join(config.stateDir, 'request-log') }));
}

/** Replays a declared model's own source as live traffic, as `simulation/model-traffic.ts` says. */
export async function composeTraffic(
  config: Config,
  baseDir: string,
  options: Omit<TrafficOptions, 'source' | 'stateDir'>,
): Promise<ReplayProgress> {
  const objectStore = await composeObjectStore(objectStoreOf(config));
  const source = await composeDataSource(config, objectStore, options.declaration, baseDir);
  const { replayModel } = await import('./simulation/model-traffic.ts');
  return replayModel({ ...options, source, stateDir: config.stateDir });
}

/**
 * What sends to a channel of a model; its secrets are read where they are needed.
 * @throws NOTIFIER_SECRET_MISSING naming the variable
 */
export async function composeNotifier(channel: Channel): Promise<Notifier> {
  const { createNotifier, notifierSchema } = await import('./adapters/notifier/index.ts');
  const { options, variable } = notifierOptions(channel);
  const parsed = notifierSchema.safeParse(options);
  if (parsed.success) return createNotifier(parsed.data);
  // What is there is a secret: only what was expected is said.
  const expected = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
  throw new HoldfastError('NOTIFIER_SECRET_MISSING', `${variable} of channel ${channel.id} is not right: ${expected}`);
}

function notifierOptions(channel: Channel): { readonly options: object; readonly variable: string } {
  const secret = (variable: string): string => {
    const value = secretOf(variable);
    if (value !== undefined) return value;
    throw new HoldfastError('NOTIFIER_SECRET_MISSING', `${variable} of channel ${channel.id} is not set`);
  };
  const { kind } = channel;
  switch (kind) {
    case 'slack':
      return { options: { kind, url: secret(channel.urlFrom) }, variable: channel.urlFrom };
    case 'email': {
      const { from, to, serverFrom } = channel;
      return { options: { kind, server: secret(serverFrom), from, to }, variable: serverFrom };
    }
    case 'webhook': {
      const { url, secretFrom } = channel;
      return { options: { kind, url, secret: secret(secretFrom) }, variable: secretFrom };
    }
    default:
      return channel satisfies never;
  }
}

/**
 * Everything a worker's activities touch.
 * @throws CONFIG_INVALID without the address of a database
 */
export async function composeWorker(config: Config): Promise<{ ports: ActivityPorts; close: () => Promise<void> }> {
  if (config.postgresUrl === undefined) {
    throw new HoldfastError(
      'CONFIG_INVALID',
      'HOLDFAST_POSTGRES_URL is not set, and a worker starts no database itself',
    );
  }
  const records = await composeRecords(config.postgresUrl, WORKER_CONNECTIONS_MAX);
  await records.migrate();
  const objectStore = await composeObjectStore(objectStoreOf(config));
  const { trainers } = await import('./adapters/trainer/index.ts');
  const { createTrafficRouter, trafficRouterSchema } = await import('./adapters/traffic-router/index.ts');
  const { createLabelDesk, labelDeskSchema } = await import('./adapters/label-desk/index.ts');
  const { createGatewayLog, gatewayLogSchema } = await import('./adapters/gateway-log/index.ts');
  const requestLog = await composeRequestLog(config);
  const trainer = trainers['worker-thread'];
  const gateways = { kind: 'http', urls: config.gatewayUrls };
  const { createEvidenceIntake } = await import('./adapters/record-store/evidence-intake.ts');
  const { createMetricSource, metricSourceSchema } = await import('./adapters/metric-source/index.ts');
  const { createServingCheck, servingCheckSchema } = await import('./adapters/serving-check/index.ts');
  const ports: ActivityPorts = {
    records,
    evidenceIntake: createEvidenceIntake(records),
    metricSource: await createMetricSource(metricSourceSchema.parse({ kind: 'prometheus', url: config.prometheusUrl })),
    servingCheck: await createServingCheck(servingCheckSchema.parse({ kind: 'gateway-process' }), {
      get: (digest) => objectStore.get(digest),
      environment: environmentWith({ HOLDFAST_OBJECT_STORE: objectStoreOf(config).folder }),
    }),
    objectStore,
    requestLog,
    trainer: await trainer.create(trainer.config.parse({})),
    trafficRouter: createTrafficRouter(trafficRouterSchema.parse(gateways)),
    gatewayLog: createGatewayLog(gatewayLogSchema.parse(gateways)),
    labelDesk: createLabelDesk(labelDeskSchema.parse(gateways)),
    dataSource: openSources(config, records, objectStore),
    notifier: composeNotifier,
    uiUrl: config.uiUrl ?? null,
    ...(config.httpUrl === undefined ? {} : { edgeUrl: config.httpUrl }),
  };
  const close = async (): Promise<void> => {
    await requestLog.close();
    await records.close();
  };
  return { ports, close };
}

/** Waiting activities hold no connection; what runs at the same time does. */
const WORKER_CONNECTIONS_MAX = 10;

/** One source a model, opened when first asked for. */
function openSources(config: Config, records: RecordStore, store: ObjectStore): ActivityPorts['dataSource'] {
  const sources = new Map<string, Promise<DataSource>>();
  const open = async (model: string): Promise<DataSource> => {
    const record = await records.transaction(model, (tx) => tx.get('model', 'declaration'));
    if (record === null) throw new Error(`model ${model} has not been registered yet`);
    return composeDataSource(config, store, record.declaration, record.baseDir);
  };
  return (model) => {
    const source = sources.get(model) ?? open(model);
    sources.set(model, source);
    source.catch(() => sources.delete(model));
    return source;
  };
}
