/**
 * A world small enough to know every number of: real PostgreSQL, a real archive and a real source of CSV rows; one gateway whose log,
 * ledger and split are written by the test.
 */
import type { Info } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { createInMemoryLabelDesk } from '../../src/adapters/label-desk/in-memory.ts';
import { createInMemoryNotifier } from '../../src/adapters/notifier/in-memory.ts';
import { createInMemoryRecordStore } from '../../src/adapters/record-store/in-memory.ts';
import { createEvidenceIntake } from '../../src/adapters/record-store/evidence-intake.ts';
import { createInMemoryMetricSource } from '../../src/adapters/metric-source/in-memory.ts';
import type { KnownCounts } from '../../src/adapters/metric-source/in-memory.ts';
import { createInMemoryServingCheck } from '../../src/adapters/serving-check/in-memory.ts';
import { trainers } from '../../src/adapters/trainer/index.ts';
import { recordStores } from '../../src/adapters/record-store/index.ts';
import type { RecordStore } from '../../src/adapters/record-store/port.ts';
import { openRequestLog } from '../../src/adapters/request-log/index.ts';
import type { RequestLog } from '../../src/adapters/request-log/port.ts';
import { openDataSource } from '../../src/adapters/data-source/index.ts';
import type { DataSource } from '../../src/adapters/data-source/port.ts';
import { createInMemoryRouter } from '../../src/adapters/traffic-router/in-memory.ts';
import type { TrafficRouter } from '../../src/adapters/traffic-router/port.ts';
import type { ActivityPorts } from '../../src/activities/ports.ts';
import type { GatewayLog } from '../../src/adapters/gateway-log/port.ts';
import { HoldfastError } from '../../src/contracts/errors.ts';
import type { ModelDeclaration, Objective } from '../../src/contracts/model.ts';
import type { BundleManifest, LedgerEntry, LogRecord, PutFallback, SegmentInfo } from '../../src/contracts/serving.ts';
import { epochMs, HOUR_MS, isoInstant } from '../../src/domain/time.ts';
import { join } from 'node:path';
import { makePlaces, SHOP_HEADER, shopModel } from '../adapters/data-source/places.ts';
import type { TestPlaces } from '../adapters/data-source/places.ts';
import { openLog, sdkLogger } from '../../src/worker/logging.ts';
import { borrowDatabase } from '../postgres-server.ts';

export const MODEL = 'shop';
export const START = epochMs('2001-01-03');
export const CONSTANT = 'c'.repeat(64);
export const STATIC = '5'.repeat(64);
export const FRESH = 'f'.repeat(64);
export const COHORT_MS = 3 * HOUR_MS;

const FEATURES: ModelDeclaration['features'] = [
  { kind: 'categorical', name: 'shop', input: 'shop' },
  {
    kind: 'outcomeRate',
    name: 'badShop3h',
    key: ['shop'],
    window: 'PT3H',
    lag: 'PT15M',
    age: 'PT0S',
    prior: { rate: 0.2, weight: 10 },
  },
];
const OBJECTIVES: Objective[] = [
  {
    kind: 'lossAgainstFallback',
    id: 'better-than-constant',
    maxDifferencePerThousand: 5,
    days: 2,
    response: 'fallback',
  },
  { kind: 'featureFreshness', id: 'fresh-enough', maxAge: 'PT2H', response: 'fallback' },
  { kind: 'calibration', id: 'calibrated', maxRatioError: 0.5, days: 3, response: 'retrain' },
];

/** What the test writes as a gateway would. */
export class TestGateway {
  readonly segments: Array<SegmentInfo & { readonly content: readonly LogRecord[] }> = [];
  readonly ledger: LedgerEntry[] = [];
  readonly name: string;
  reachable = true;

  constructor(name = 'gateway-1') {
    this.name = name;
  }

  close(through: number, content: readonly LogRecord[] = []): void {
    const segment = this.segments.length + 1;
    this.segments.push({
      gateway: this.name,
      segment,
      records: content.length,
      bytes: 0,
      through: isoInstant(through),
      content,
    });
  }
}

export interface SmallWorld {
  readonly records: RecordStore;
  readonly requestLog: RequestLog;
  readonly gateways: TestGateway[];
  readonly router: TrafficRouter;
  /** Orders of a fallback that the router took, in order. */
  readonly fallbacks: PutFallback[];
  readonly ports: ActivityPorts;
  /** Where the source keeps what it has prepared. */
  readonly workDir: string;
  /** Counts that a metric source would give, by metric and cohort. */
  readonly metrics: KnownCounts;
  /** Event clock of every gateway, epoch milliseconds; null before the first request. */
  clock: number | null;
  readonly declaration: ModelDeclaration;
  /** Compacts records and moves the watermark, as collection does. */
  arrive(through: number, content: readonly LogRecord[]): Promise<void>;
  /** Runs an activity as a worker does. */
  run<T>(activity: () => Promise<T>): Promise<T>;
  /** Runs an activity until its process has settled through the watermark, then cancels it. @throws what it finds instead */
  finds(participant: string, activity: () => Promise<unknown>): Promise<'nothing'>;
  close(): Promise<void>;
}

export interface WorldOptions {
  readonly store?: 'postgres' | 'in-memory';
  readonly rows?: readonly string[];
  readonly objectives?: readonly Objective[];
  readonly checks?: ModelDeclaration['checks'];
  /** Bundles that no gateway can load. */
  readonly unloadable?: readonly string[];
  readonly routedGateways?: number;
  /** What else is declared. */
  readonly declare?: (declaration: ModelDeclaration) => ModelDeclaration;
}

export function declarationOf(file: string, options: WorldOptions): ModelDeclaration {
  const model = shopModel(file, { source: { backfillUntil: '2001-01-03' }, label: { attributionWindow: 'PT12H' } });
  const declaration = {
    ...model,
    model: MODEL,
    features: [...FEATURES],
    objectives: [...(options.objectives ?? OBJECTIVES)],
    checks: options.checks ?? [],
  };
  return options.declare?.(declaration) ?? declaration;
}

export async function smallWorld(options: WorldOptions = {}): Promise<SmallWorld> {
  const places = makePlaces();
  const { records, giveBack } = await openStore(options.store ?? 'postgres');
  const requestLog = await openRequestLog({ kind: 'duckdb', folder: join(places.baseDir, 'log') });
  const declaration = declarationOf(places.write('shop.csv', [SHOP_HEADER, ...(options.rows ?? [])]), options);
  await register(records, declaration);
  const gateways = [new TestGateway()];
  const source = openOnce(declaration, places);
  const fallbacks: PutFallback[] = [];
  const router = await openRouter(options, () => world.clock);
  const trafficRouter: TrafficRouter = {
    ...router,
    fallback: async (model, put) => {
      await router.fallback(model, put);
      fallbacks.push(put);
    },
  };
  const metrics: KnownCounts = new Map();
  const ports: ActivityPorts = {
    records,
    requestLog,
    dataSource: source,
    notifier: async () => createInMemoryNotifier(),
    uiUrl: null,
    trafficRouter,
    gatewayLog: logOf(gateways),
    labelDesk: createInMemoryLabelDesk(),
    objectStore: places.store,
    evidenceIntake: createEvidenceIntake(records),
    metricSource: createInMemoryMetricSource(metrics),
    servingCheck: createInMemoryServingCheck((digest) => places.store.get(digest)),
    trainer: await trainers['worker-thread'].create({ progressEveryMs: 0, heapMbMax: 512 }),
  };
  let arrivals = 0;
  const world: SmallWorld = {
    clock: null,
    workDir: places.workDir,
    metrics,
    records,
    requestLog,
    gateways,
    router,
    fallbacks,
    ports,
    declaration,
    async arrive(through, content) {
      arrivals += 1;
      await requestLog.compact({ model: MODEL, gateway: 'gateway-1', segment: arrivals, records: content });
      await records.transaction(MODEL, (tx) => tx.advanceWatermark(through));
    },
    run: <T>(activity: () => Promise<T>) => activityEnvironment().run<[], T, () => Promise<T>>(activity),
    async finds(participant, activity) {
      const environment = activityEnvironment();
      const found = environment.run(activity).then(
        (work: unknown) => ({ work }),
        () => null,
      );
      const settled = settlement(records, participant).then(() => null);
      const first = await Promise.race([found, settled]);
      environment.cancel();
      await found;
      if (first !== null) throw new Error(`there was work: ${JSON.stringify(first.work)}`);
      return 'nothing';
    },
    async close() {
      await records.close();
      await giveBack();
      await requestLog.close();
      places.remove();
    },
  };
  return world;
}

/**
 * What stands around an activity in a worker. Failures that a test expects are not logged.
 * @param info For example what an earlier attempt left in its heartbeat.
 */
export function activityEnvironment(info: Partial<Info> = {}): MockActivityEnvironment {
  return new MockActivityEnvironment(info, { logger: sdkLogger(openLog('error', 'test')) });
}

async function settlement(records: RecordStore, participant: string): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    const unsettled = await records.transaction(MODEL, async (tx) => tx.unsettled((await tx.watermark()) ?? 0));
    if (!unsettled.includes(participant)) return;
    await records.waitForChange(MODEL, 100);
  }
  throw new Error(`${participant} did not settle`);
}

async function openStore(
  kind: 'postgres' | 'in-memory',
): Promise<{ readonly records: RecordStore; readonly giveBack: () => Promise<void> }> {
  const database = kind === 'postgres' ? await borrowDatabase() : null;
  const records =
    database === null
      ? createInMemoryRecordStore()
      : await recordStores.postgres.create({ url: database.url, connectionsMax: 5 });
  await records.migrate();
  return { records, giveBack: async () => database?.giveBack() };
}

function openOnce(declaration: ModelDeclaration, places: TestPlaces): () => Promise<DataSource> {
  let opened: Promise<DataSource> | null = null;
  return () => (opened ??= openDataSource(declaration, places));
}

async function openRouter(
  { unloadable = [], routedGateways = 1 }: WorldOptions,
  clock: () => number | null,
): Promise<TrafficRouter> {
  const loads = (bundle: string): boolean => !unloadable.includes(bundle);
  const router = createInMemoryRouter(routedGateways, { clock, loads });
  await router.register(MODEL, { freshFeatures: [], fallback: CONSTANT });
  return router;
}

function logOf(gateways: TestGateway[]): GatewayLog {
  const after = <T>(all: readonly T[], number: (one: T) => number, position: number | undefined): T[] =>
    all.filter((one) => number(one) > (position ?? 0));
  const readable = ({ name, reachable }: TestGateway): void => {
    if (!reachable) throw new HoldfastError('GATEWAY_UNREACHABLE', `${name} does not answer`);
  };
  return {
    segments: async (_model, position) =>
      gateways.map((gateway) => {
        readable(gateway);
        const { name, segments } = gateway;
        return { gateway: name, segments: after(segments, ({ segment }) => segment, position[name]) };
      }),
    read: async (_model, { gateway, segment }) =>
      gateways.find(({ name }) => name === gateway)?.segments.find((one) => one.segment === segment)?.content ?? [],
    ledger: async (_model, position) =>
      gateways.map(({ name, ledger }) => ({
        gateway: name,
        entries: after(ledger, ({ sequence }) => sequence, position[name]),
      })),
  };
}

async function register(records: RecordStore, declaration: ModelDeclaration): Promise<void> {
  await records.transaction(MODEL, async (tx) => {
    await tx.put('model', 'declaration', { declaration, digest: '0'.repeat(64), path: 'shop.yaml', baseDir: '.' });
    for (const stage of ['collection', 'monitoring']) await tx.join(`${stage}/${MODEL}`);
    await tx.insert('bundle', CONSTANT, manifest('constant', []));
    await tx.insert('bundle', STATIC, manifest('static', ['shop']));
    await tx.insert('bundle', FRESH, manifest('fresh', ['shop', 'badShop3h']));
  });
}

function manifest(recipe: string, features: readonly string[]): BundleManifest {
  return {
    model: MODEL,
    idea: recipe,
    artifact: '1'.repeat(64),
    features: FEATURES.filter(({ name }) => features.includes(name)).map((feature) => ({
      name: feature.name,
      feature,
    })),
    healthyRange: [0, 1],
    recipe,
    datasetVersion: null,
    codeVersion: 'test',
  };
}

/** Bundles that have been stable, oldest first, each a minute after the other before the traffic began. */
export async function haveBeenStable(records: RecordStore, bundles: readonly string[]): Promise<void> {
  await records.transaction(MODEL, async (tx) => {
    for (const [index, bundle] of bundles.entries()) {
      const idea = (await tx.get('bundle', bundle))?.recipe ?? '';
      const since = isoInstant(START - (bundles.length - index) * 60_000);
      await tx.put('stable', String(index).padStart(6, '0'), { bundle, idea, since, rolloutId: null });
    }
  });
}

export interface Traffic {
  readonly from: number;
  readonly to: number;
  readonly units: number;
  readonly bundle: string;
  readonly prediction: number;
  /** Share of units with label 1, evenly spread; null: no label comes. */
  readonly positive: number | null;
  /** How old the online features were. */
  readonly featureAgeMs?: number;
  readonly served?: 'stable' | 'fallback';
  /** Score of the stable bundle where it is not what answered; null: it was not scored. */
  readonly stable?: number | null;
  readonly shop?: string;
}

/** Predictions evenly over a span and their outcomes an hour later. */
export function traffic(span: Traffic): LogRecord[] {
  const { from, to, units, bundle, prediction, positive, shop = 'north' } = span;
  return Array.from({ length: units }, (_, index) => {
    const at = from + Math.floor(((to - from) * index) / units);
    const requestId = `${isoInstant(at)}-${shop}-${index}`;
    const inputs = { shop };
    const answer: LogRecord = {
      kind: 'prediction',
      requestId,
      unit: requestId,
      at,
      generation: 1,
      exposure: 0,
      arm: 'stable',
      served: span.served ?? 'stable',
      bundle,
      prediction,
      stable: span.stable === undefined ? prediction : span.stable,
      candidate: null,
      stableBundle: span.served === 'fallback' ? FRESH : bundle,
      candidateBundle: null,
      stableError: null,
      candidateError: null,
      inputs,
      fresh: {},
      freshThrough: at - (span.featureAgeMs ?? 60_000),
    };
    if (positive === null) return [answer];
    const label = Math.floor((index + 1) * positive) > Math.floor(index * positive) ? 1 : 0;
    return [answer, { kind: 'outcome' as const, requestId, revision: 0, label, knownAt: at + HOUR_MS, inputs }];
  }).flat();
}
