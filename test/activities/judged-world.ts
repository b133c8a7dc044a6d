/**
 * A world in which a candidate is really judged: records, archive and gateways in this process, traffic that obeys the ordered split, and
 * every activity of the product over them. Losses are chosen by the test, cohort by cohort.
 */
import { createInMemoryStore } from '../../src/adapters/object-store/in-memory.ts';
import type { MetricSource } from '../../src/adapters/metric-source/port.ts';
import { createInMemoryNotifier } from '../../src/adapters/notifier/in-memory.ts';
import { createEvidenceIntake } from '../../src/adapters/record-store/evidence-intake.ts';
import { createInMemoryRecordStore } from '../../src/adapters/record-store/in-memory.ts';
import type { RecordStore } from '../../src/adapters/record-store/port.ts';
import { createInMemoryRequestLog } from '../../src/adapters/request-log/in-memory.ts';
import { createInMemoryMetricSource } from '../../src/adapters/metric-source/in-memory.ts';
import { createInMemoryServingCheck } from '../../src/adapters/serving-check/in-memory.ts';
import type { ServingCheck } from '../../src/adapters/serving-check/port.ts';
import { createInMemoryRouter } from '../../src/adapters/traffic-router/in-memory.ts';
import type { TrafficRouter } from '../../src/adapters/traffic-router/port.ts';
import { createActivities } from '../../src/activities/index.ts';
import type { ActivityPorts } from '../../src/activities/ports.ts';
import { rolloutId } from '../../src/contracts/names.ts';
import type { ModelDeclaration } from '../../src/contracts/model.ts';
import type { LogRecord, PredictionRecord } from '../../src/contracts/serving.ts';
import type { AllActivities, RolloutInput } from '../../src/contracts/workflows.ts';
import { assignArm } from '../../src/domain/assignment.ts';
import { canonicalJson } from '../../src/domain/canonical-json.ts';
import { sha256Hex } from '../../src/domain/sha256.ts';
import { cohortStart, epochMs, HOUR_MS, MINUTE_MS } from '../../src/domain/time.ts';
import type { CohortCalendar } from '../../src/domain/time.ts';
import { entryAt } from '../../src/domain/traffic-schedule.ts';
import { shopModel } from '../adapters/data-source/places.ts';

const START = epochMs('2001-01-03');
export const CALENDAR: CohortCalendar = { origin: START, lengthMs: HOUR_MS };
const UNITS_PER_COHORT = 40;

/** What the world does in one cohort. */
export interface Weather {
  /** What either arm answers; the truth is 0, so a loss is the square of it. */
  readonly stable: number;
  readonly candidate: number;
  /** How many cohorts late outcomes come; null: never. */
  readonly labelsLate: number | null;
  /** Whether the candidate fails to answer at all. */
  readonly crashes: boolean;
  /** In place of the losses above: what becomes of one unit; null where its request is lost. */
  readonly unit?: (index: number, arm: 'stable' | 'candidate') => UnitWeather | null;
}

export interface UnitWeather {
  readonly stable: number;
  readonly candidate: number;
  readonly label: number;
  /** What either score took, milliseconds; without: not measured. */
  readonly stableMs?: number;
  readonly candidateMs?: number;
  /** Who gives no answer; without: nobody fails. */
  readonly fails?: 'stable' | 'candidate';
}
const FAIR: Weather = { stable: 0.6, candidate: 0.2, labelsLate: 0, crashes: false };

export interface JudgedWorld {
  readonly model: string;
  readonly input: RolloutInput;
  readonly records: RecordStore;
  readonly router: TrafficRouter;
  readonly ports: ActivityPorts;
  /** Every activity of the product; the suite has no rows here, and passes. */
  readonly activities: AllActivities;
  /** Serves the next cohort by the split in effect, and moves the watermark to its end. @returns its number */
  serve(weather?: Partial<Weather>): Promise<number>;
}

export interface JudgedOptions {
  readonly rollout: Partial<ModelDeclaration['rollout']>;
  readonly claim?: RolloutInput['claim'];
  readonly metricSource?: MetricSource;
  readonly servingCheck?: ServingCheck;
  /** Default: 40. */
  readonly unitsPerCohort?: number;
  /** Name of the idea behind the candidate. */
  readonly idea?: string;
  /** Default: in memory. */
  readonly records?: RecordStore;
  /** Where the bundles have to be real ones. */
  readonly bundles?: { readonly stable: string; readonly candidate: string };
}

const notThere = (): never => {
  throw new Error('nothing in this world asks for it');
};

/** A model whose labels come within an hour, served by its stable, and a candidate whose rollout may begin. */
export async function judgedWorld(model: string, options: JudgedOptions): Promise<JudgedWorld> {
  const records = options.records ?? createInMemoryRecordStore();
  const requestLog = createInMemoryRequestLog();
  let served = 0;
  const clock = (): number => cohortStart(CALENDAR, served + 1);
  const generations = new Map<string, number>();
  const inMemory = createInMemoryRouter(1, { clock, loads: () => true });
  const router: TrafficRouter = {
    ...inMemory,
    apply: async (name, put) => {
      await inMemory.apply(name, put);
      generations.set(canonicalJson(put.entry), put.generation);
    },
  };
  const ports: ActivityPorts = {
    records,
    requestLog,
    trafficRouter: router,
    objectStore: createInMemoryStore(),
    metricSource: options.metricSource ?? createInMemoryMetricSource(),
    servingCheck: options.servingCheck ?? createInMemoryServingCheck(notThere),
    evidenceIntake: createEvidenceIntake(records),
    gatewayLog: { segments: async () => [], read: async () => [], ledger: async () => [] },
    labelDesk: { deliver: notThere },
    trainer: { train: notThere },
    dataSource: notThere,
    notifier: async () => createInMemoryNotifier(),
    uiUrl: null,
  };
  const { claim = 'improve', bundles = { stable: '5'.repeat(64), candidate: sha256Hex(model) } } = options;
  const input = await introduce(records, router, declarationOf(model, options), {
    claim,
    idea: options.idea ?? 'fresh',
    ...bundles,
  });
  const passes: AllActivities['evaluateOffline'] = async () => ({
    passed: true,
    decisionId: `${input.rolloutId}/offline`,
    evidenceDigest: null,
    reasons: [],
    inWords: 'passed no validation case',
  });
  return {
    model,
    input,
    records,
    router,
    ports,
    activities: { ...createActivities(ports), evaluateOffline: passes },
    async serve(weather = {}) {
      const cohort = served + 1;
      const [state] = await router.observe(model);
      const from = cohortStart(CALENDAR, cohort);
      const entry = entryAt(state?.entries ?? [], from);
      if (entry === null) throw new Error('no split is in effect');
      const generation = generations.get(canonicalJson(entry)) ?? 0;
      const content = trafficOf(
        model,
        cohort,
        { ...entry, generation },
        { ...FAIR, ...weather },
        options.unitsPerCohort,
      );
      await requestLog.compact({ model, gateway: 'gateway-1', segment: cohort, records: content });
      served = cohort;
      await records.transaction(model, (tx) => tx.advanceWatermark(cohortStart(CALENDAR, cohort + 1)));
      return cohort;
    },
  };
}

const UNIFORM: Partial<UnitWeather> = {};

type Split = NonNullable<ReturnType<typeof entryAt>> & { readonly generation: number };

function trafficOf(
  model: string,
  cohort: number,
  split: Split,
  weatherOfAll: Weather,
  units = UNITS_PER_COHORT,
): LogRecord[] {
  const from = cohortStart(CALENDAR, cohort);
  const apartMs = Math.min(MINUTE_MS, Math.floor(CALENDAR.lengthMs / units));
  return Array.from({ length: units }, (_, index) => {
    const at = from + index * apartMs;
    const requestId = `${cohort}-${index}`;
    const inputs = { shop: index % 4 === 0 ? 'north' : 'south', amount: index };
    const arm = assignArm(model, split.salt, requestId, split.exposure);
    const unit = weatherOfAll.unit === undefined ? UNIFORM : weatherOfAll.unit(index, arm);
    if (unit === null) return [];
    const weather = { ...weatherOfAll, ...unit };
    const answer = answerOf(arm, split, weather);
    const prediction: PredictionRecord = {
      kind: 'prediction',
      requestId,
      unit: requestId,
      at,
      generation: split.generation,
      exposure: split.exposure,
      stableBundle: split.stable,
      candidateBundle: split.candidate,
      inputs,
      fresh: {},
      freshThrough: null,
      ...answer,
    };
    if (weather.labelsLate === null) return [prediction];
    // What is known later than a look asks for is not there for it.
    const knownAt = at + 1 + weather.labelsLate * CALENDAR.lengthMs;
    return [prediction, { kind: 'outcome' as const, requestId, revision: 0, label: unit.label ?? 0, knownAt, inputs }];
  }).flat();
}

function answerOf(arm: 'stable' | 'candidate', split: Split, weather: Weather & Partial<UnitWeather>) {
  const isScored = split.candidate !== null && (split.mirror || arm === 'candidate');
  const fails = weather.crashes ? 'candidate' : weather.fails;
  const candidate = isScored && fails !== 'candidate' ? weather.candidate : null;
  const stable = fails === 'stable' ? null : weather.stable;
  const answered = arm === 'candidate' && candidate === null ? ('stable' as const) : arm;
  const served = answered === 'stable' && stable === null ? ('fallback' as const) : answered;
  return {
    arm,
    served,
    bundle: served === 'candidate' ? (split.candidate ?? '') : split.stable,
    prediction: served === 'candidate' ? (candidate ?? 0) : weather.stable,
    stable,
    candidate,
    stableError: stable === null ? 'the bundle threw' : null,
    candidateError: isScored && fails === 'candidate' ? 'the bundle threw' : null,
    stableMs: stable === null ? null : (weather.stableMs ?? null),
    candidateMs: candidate === null ? null : (weather.candidateMs ?? null),
  };
}

const gate = { minSpan: 'PT3H', minUnits: 20, deadline: 'P3D' } as const;

function declarationOf(model: string, { rollout }: JudgedOptions): ModelDeclaration {
  const declaration = shopModel('shop.csv', {
    source: { backfillUntil: '2001-01-03' },
    label: { attributionWindow: 'PT1H', ingestionLag: 'PT0S' },
  });
  return {
    ...declaration,
    model,
    cohort: 'PT1H',
    owner: 'cleo',
    people: { approver: ['ana', 'ben'] },
    rollout: {
      ...declaration.rollout,
      slices: [],
      metrics: [],
      steps: [
        { mode: 'offline' },
        { mode: 'shadow', ...gate },
        { mode: 'canary', exposure: 0.25, ...gate },
        { mode: 'canary', exposure: 0.5, ...gate },
        { mode: 'full', watch: 'PT0S', holdback: 0 },
      ],
      ...rollout,
    },
  };
}

async function introduce(
  records: RecordStore,
  router: TrafficRouter,
  declaration: ModelDeclaration,
  {
    claim,
    idea,
    stable,
    candidate: bundle,
  }: Pick<RolloutInput, 'claim' | 'idea'> & NonNullable<JudgedOptions['bundles']>,
): Promise<RolloutInput> {
  const { model } = declaration;
  const id = rolloutId(model, bundle, 1);
  await records.transaction(model, async (tx) => {
    await tx.put('model', 'declaration', { declaration, digest: '0'.repeat(64), path: 'shop.yaml', baseDir: '.' });
    await tx.put('stable', '000000', { bundle: stable, idea: 'first', since: '2001-01-01T00:00:00Z', rolloutId: null });
    await tx.put('candidate', bundle, {
      bundle,
      idea,
      attempt: 1,
      claim,
      priority: 'idea',
      outcome: 'in_progress',
      rolloutId: id,
      step: 'offline',
      reason: null,
      exposureHistory: [],
      readyAt: '2001-01-03T00:00:00Z',
      decidedAt: null,
    });
    await tx.join(id);
  });
  await router.register(model, { freshFeatures: [], fallback: stable });
  const entry = { effectiveFrom: null, stable, candidate: null, exposure: 0, salt: '', mirror: false };
  await router.apply(model, { generation: 1, decisionId: 'first', entry });
  return { model, rolloutId: id, bundle, idea, claim };
}
