/**
 * The world of the checked model: event time by cohorts, units that ask and labels that come late or not at all, records that answer or
 * do not, candidates of known quality. Everything is drawn from one seed.
 */
import { createInMemoryMetricSource } from '../../src/adapters/metric-source/in-memory.ts';
import { createInMemoryNotifier } from '../../src/adapters/notifier/in-memory.ts';
import { createEvidenceIntake } from '../../src/adapters/record-store/evidence-intake.ts';
import { createInMemoryRecordStore } from '../../src/adapters/record-store/in-memory.ts';
import type { RecordStore } from '../../src/adapters/record-store/port.ts';
import type { CohortUnit, RequestLog } from '../../src/adapters/request-log/port.ts';
import type { ActivityPorts } from '../../src/activities/ports.ts';
import { HoldfastError } from '../../src/contracts/errors.ts';
import type { ModelDeclaration } from '../../src/contracts/model.ts';
import { sha256Hex } from '../../src/domain/sha256.ts';
import { epochMs, HOUR_MS, isoInstant } from '../../src/domain/time.ts';
import type { Random } from '../../src/simulation/gate/random.ts';
import { REFUNDS } from '../rollout-on-record.ts';
import { shopModel } from '../adapters/data-source/places.ts';
import { MODEL, ModelGateway, modelRouter } from './gateways.ts';
import type { Parts } from './parts.ts';

export const ORIGIN = epochMs('2001-01-03');
export const COHORT_MS = HOUR_MS;
const UNITS = 24;
/** The same units ask in every cohort's first minute: what happens to them shows whether assignment is sticky and nested. */
export const PROBES = Array.from({ length: 8 }, (_, index) => `probe-${index}`);
export const FALLBACK = 'f'.repeat(64);

export const QUALITIES = [
  'better',
  'better',
  'same',
  'turns-worse',
  'worse',
  'crashes',
  'worse-in-slice',
  'fails-the-suite',
] as const;
/** Cohort from which on a candidate that turns worse is worse. */
const TURN = 12;
export type Quality = (typeof QUALITIES)[number];

const SHOP = shopModel('shop.csv', { source: { backfillUntil: '2001-01-03' } });

/** What is broken now. */
export interface Faults {
  recordsDown: boolean;
  labelsDead: boolean;
  roads: number;
}

export class World {
  cohort = 1;
  readonly faults: Faults = { recordsDown: false, labelsDead: false, roads: 0 };
  readonly gateways = [new ModelGateway(), new ModelGateway()];
  readonly records: RecordStore;
  readonly ports: ActivityPorts;
  readonly qualities = new Map<string, Quality>();
  /** Whether the policy asks for counts that somebody pushes; and what of them is on record, by rollout and cohort. */
  readonly isPushed: boolean;
  readonly pushed = new Map<string, Set<number>>();
  readonly random: Random;
  readonly parts: Parts;
  readonly #cohorts: CohortUnit[][] = [];
  /** Cohorts whose labels never came in time, by cohort index: known at. */
  readonly #labelsKnownAt: number[] = [];

  constructor(random: Random, parts: Parts) {
    this.random = random;
    this.parts = parts;
    this.isPushed = random() < 0.3;
    this.records = createInMemoryRecordStore();
    this.ports = this.#ports();
  }

  /** Somebody pushes the counts of a cohort, perhaps once more, perhaps too early. Those of a candidate that has turned worse show it. */
  async push(rolloutId: string, bundle: string, cohort: number): Promise<void> {
    const quality = this.qualities.get(bundle);
    const isBad = quality === 'worse' || (quality === 'turns-worse' && cohort >= TURN);
    const batch = {
      batchId: `refunds-${cohort}`,
      metric: REFUNDS.name,
      cohortStart: isoInstant(ORIGIN + (cohort - 1) * COHORT_MS),
      counts: { candidateEvents: isBad ? 400 : 100, events: 2300, candidateExposures: 5000, exposures: 115_000 },
    };
    const told = { batch, by: 'job', channel: 'client' };
    const { result } = await this.ports.evidenceIntake.take(MODEL, rolloutId, told);
    if (result === 'recorded') this.pushed.set(rolloutId, (this.pushed.get(rolloutId) ?? new Set()).add(cohort));
  }

  /** The oldest cohort of a rollout that nobody has pushed counts of yet; null before its first split. */
  async unpushed(rolloutId: string): Promise<number | null> {
    const first = await this.records.transaction(MODEL, (tx) => tx.get('schedule', rolloutId));
    if (first?.entries[0] === undefined) return null;
    let cohort = first.entries[0].cohort;
    while (this.pushed.get(rolloutId)?.has(cohort) === true) cohort += 1;
    return cohort;
  }

  get now(): number {
    return ORIGIN + (this.cohort - 1) * COHORT_MS;
  }

  declaration(): ModelDeclaration {
    const model = SHOP;
    const gate = { minSpan: 'PT1H', minUnits: 10, deadline: 'PT20H' };
    return {
      ...model,
      model: MODEL,
      owner: 'cleo',
      cohort: 'PT1H',
      label: { ...model.label, attributionWindow: 'PT1H', ingestionLag: 'PT0S' },
      people: { approver: ['ana', 'ben', 'cleo'] },
      rollout: {
        ...model.rollout,
        marginPerThousand: 100,
        harmBudgetPerThousand: 150,
        harmMarginPerThousand: 100,
        slices: [{ id: 'north', where: { shop: ['north'] }, role: 'veto', harmMarginPerThousand: 100 }],
        metrics: this.isPushed ? [{ ...REFUNDS, lag: 'PT1H' }] : [],
        steps: [
          { mode: 'offline' },
          { mode: 'shadow', ...gate },
          { mode: 'canary', exposure: 0.1, ...gate },
          {
            mode: 'canary',
            exposure: 0.5,
            ...gate,
            approvals: { roles: ['approver'], quorum: 2, veto: [], authenticated: false },
          },
          { mode: 'full', watch: this.parts.watch, holdback: 0 },
        ],
      },
    };
  }

  async open(candidates: readonly Quality[]): Promise<void> {
    await this.records.transaction(MODEL, async (tx) => {
      const declaration = this.declaration();
      await tx.put('model', 'declaration', { declaration, digest: '0'.repeat(64), path: 'shop.yaml', baseDir: '.' });
      await tx.put('stable', '000000', {
        bundle: FALLBACK,
        idea: 'fallback',
        since: '2001-01-01T00:00:00Z',
        rolloutId: null,
      });
      await tx.advanceWatermark(this.now);
    });
    const entry = { effectiveFrom: null, stable: FALLBACK, candidate: null, exposure: 0, salt: '', mirror: false };
    await this.ports.trafficRouter.apply(MODEL, { generation: 1, decisionId: 'first', entry });
    for (const [index, quality] of candidates.entries()) await this.submit(index + 1, quality);
  }

  async submit(attempt: number, quality: Quality): Promise<void> {
    const bundle = sha256Hex(`candidate ${attempt}`);
    this.qualities.set(bundle, quality);
    const readyAt = new Date(this.now).toISOString().replace('.000Z', 'Z');
    await this.records.transaction(MODEL, (tx) =>
      tx.put('candidate', bundle, {
        bundle,
        idea: `idea-${attempt}`,
        attempt,
        claim: 'not-worse',
        priority: 'idea',
        outcome: 'queued',
        rolloutId: null,
        step: null,
        reason: null,
        exposureHistory: [],
        readyAt,
        decidedAt: null,
      }),
    );
  }

  /** Event time at which the labels of a cohort are in the log; infinite while they are not. */
  labelsKnownAt(cohort: number): number {
    return this.#labelsKnownAt[cohort] ?? Number.POSITIVE_INFINITY;
  }

  /** A cohort is served, and event time is at the next one's start. */
  async pass(): Promise<void> {
    this.#cohorts[this.cohort] = this.#serve();
    this.#labelsKnownAt[this.cohort] = this.faults.labelsDead ? Number.POSITIVE_INFINITY : this.now + COHORT_MS;
    if (!this.faults.labelsDead) this.#labelsCome();
    this.cohort += 1;
    await this.records.transaction(MODEL, (tx) => tx.advanceWatermark(this.now));
  }

  /** A feed that is healed brings what it has kept back. */
  #labelsCome(): void {
    for (const [cohort, knownAt] of this.#labelsKnownAt.entries())
      if (knownAt === Number.POSITIVE_INFINITY) this.#labelsKnownAt[cohort] = this.now + COHORT_MS;
  }

  #serve(): CohortUnit[] {
    const names = [...PROBES, ...Array.from({ length: UNITS }, (_, at) => `u-${this.cohort}-${at}`)];
    return names.flatMap((unit, index) => {
      const gateway = this.gateways[index % this.gateways.length];
      const entry = gateway?.entry(this.now) ?? null;
      if (gateway === undefined || entry === null) return [];
      const arm = this.parts.armOf(gateway, unit, this.now);
      const asked = this.parts.requestsOfAUnit;
      return Array.from({ length: asked }, (_, ask) => this.#unit(unit, ask, index, entry, arm));
    });
  }

  #unit(
    unit: string,
    ask: number,
    index: number,
    entry: NonNullable<ReturnType<ModelGateway['entry']>>,
    arm: 'stable' | 'candidate',
  ): CohortUnit {
    const shop = index % 3 === 0 ? 'north' : 'south';
    const generation = this.gateways[index % this.gateways.length]?.schedule.last?.generation ?? 0;
    const scored = entry.candidate === null ? null : this.#score(entry.candidate, shop);
    const fails = entry.candidate !== null && this.qualities.get(entry.candidate) === 'crashes';
    return {
      requestId: `${unit}/${this.cohort}/${ask}`,
      unit: this.parts.nameOf(unit, this.cohort, ask),
      at: this.now,
      generation,
      arm,
      served: fails && arm === 'candidate' ? 'fallback' : arm,
      bundle: arm === 'candidate' ? (entry.candidate ?? entry.stable) : entry.stable,
      prediction: 0.5,
      stable: this.#score(entry.stable, shop),
      candidate: fails ? null : scored,
      stableBundle: entry.stable,
      candidateBundle: entry.candidate,
      stableError: null,
      candidateError: fails ? 'threw' : null,
      stableMs: null,
      candidateMs: null,
      label: 1,
      outcomeKnown: true,
      byPeople: false,
      freshThrough: null,
      inputs: { shop },
    };
  }

  /** Against a label of 1: the higher the better. A bundle that was promoted serves as the stable of the next. */
  #score(bundle: string, shop: string): number {
    switch (this.qualities.get(bundle)) {
      case 'better':
        return 0.9;
      case 'turns-worse':
        return this.cohort < TURN ? 0.8 : 0.05;
      case 'worse':
        return 0.05;
      case 'worse-in-slice':
        return shop === 'north' ? 0.05 : 0.6;
      default:
        return 0.5;
    }
  }

  #requestLog(): RequestLog {
    return {
      compact: async () => undefined,
      readUnits: async ({ from, asOf }) => {
        const cohort = Math.round((from - ORIGIN) / COHORT_MS) + 1;
        const knownAt = this.#labelsKnownAt[cohort] ?? Number.POSITIVE_INFINITY;
        const units = this.#cohorts[cohort] ?? [];
        return knownAt <= asOf ? units : units.map((unit) => ({ ...unit, label: null, outcomeKnown: false }));
      },
      readPredictions: async () => [],
      readOutcomesBetween: async () => [],
      close: async () => undefined,
    };
  }

  #ports(): ActivityPorts {
    const notThere = (): never => {
      throw new Error('the model does not ask for this');
    };
    const records: RecordStore = {
      ...this.records,
      migrate: () => this.records.migrate(),
      models: () => this.records.models(),
      waitForChange: (model, timeoutMs) => this.records.waitForChange(model, timeoutMs),
      close: () => this.records.close(),
      transaction: async (model, work) => {
        if (this.faults.recordsDown) throw new HoldfastError('RECORD_STORE_UNAVAILABLE', 'no answer');
        return this.records.transaction(model, work);
      },
    };
    return {
      records,
      evidenceIntake: createEvidenceIntake(records),
      metricSource: createInMemoryMetricSource(),
      servingCheck: { check: notThere },
      requestLog: this.#requestLog(),
      trafficRouter: modelRouter(this.gateways, {
        loses: () => this.#loses(),
        clock: () => this.now,
        judge: this.parts.judgeTraffic,
        acknowledgesUnwritten: () => this.parts.acknowledgesUnwritten && this.random() < 0.3,
      }),
      objectStore: {
        put: notThere,
        get: notThere,
        has: notThere,
        delete: notThere,
      } as unknown as ActivityPorts['objectStore'],
      gatewayLog: { segments: async () => [], read: async () => [], ledger: async () => [] },
      labelDesk: { deliver: notThere },
      trainer: { train: notThere },
      dataSource: notThere,
      notifier: async () => createInMemoryNotifier(),
      uiUrl: null,
    };
  }

  #loses(): 'nothing' | 'call' | 'answer' {
    if (this.random() >= this.faults.roads) return 'nothing';
    return this.random() < 0.5 ? 'call' : 'answer';
  }
}
