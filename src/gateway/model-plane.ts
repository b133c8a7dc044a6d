/**
 * One model on one gateway: its schedule, ledger, log, online features and bundles, joined into the operations that the HTTP edge offers.
 *
 * Invariants: what was acknowledged is on the disk; what answers is always a healthy bundle or the declared fallback; everything but the
 * bundles is rebuilt from the ledger and the log at every start.
 */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ObjectStore } from '../adapters/object-store/port.ts';
import { HoldfastError } from '../contracts/errors.ts';
import { modelRegistrationSchema } from '../contracts/serving.ts';
import type {
  GatewayCounters,
  GatewayDrill,
  LedgerEntry,
  ModelRegistration,
  OutcomeBatchAnswer,
  PredictionAnswer,
  PredictionBatchAnswer,
  PutFallback,
  PutTraffic,
  SegmentInfo,
  TrafficState,
} from '../contracts/serving.ts';
import { isoInstant } from '../domain/time.ts';
import { createBundles } from './bundles.ts';
import type { Bundles, LoadedBundle } from './bundles.ts';
import { createEventClock } from './event-clock.ts';
import type { EventClock, EventClockOptions } from './event-clock.ts';
import { openLedger } from './ledger.ts';
import type { Ledger } from './ledger.ts';
import { openLogSegments } from './log-segments.ts';
import type { ClosedSegment, LogSegments } from './log-segments.ts';
import { createOutcomeIntake } from './outcome-intake.ts';
import type { OutcomeIntake } from './outcome-intake.ts';
import { createPredictionDesk } from './prediction-desk.ts';
import type { PredictionDesk } from './prediction-desk.ts';
import { createRecentAnswers } from './recent-requests.ts';
import type { RecentAnswers } from './recent-requests.ts';
import { openServingSchedule } from './schedule.ts';
import type { PutAnswer, ServingSchedule } from './schedule.ts';

export interface ModelPlaneOptions {
  readonly gateway: string;
  readonly model: string;
  /** Folder of the gateway's state; this model uses `models/<model>` and `models/<model>.json` in it. */
  readonly stateDir: string;
  readonly objectStore: Pick<ObjectStore, 'get'>;
  readonly clock: EventClockOptions;
  /** Requests and outcomes remembered for deduplication, at least. */
  readonly recentMin: number;
  /** Whether predictions are flushed to the disk before they are answered, or only written. Outcomes always are. */
  readonly syncPredictions: boolean;
  readonly segmentBytesMax: number;
  readonly segmentAgeMsMax: number;
}

const registrationPath = (stateDir: string, model: string): string => join(stateDir, 'models', `${model}.json`);

export class ModelPlane {
  readonly model: string;
  /** What opening the log had to cut off, in words; null where nothing. */
  readonly tornAtOpen: string | null;
  readonly #options: ModelPlaneOptions;
  readonly #clock: EventClock;
  readonly #bundles: Bundles;
  readonly #ledger: Ledger;
  readonly #schedule: ServingSchedule;
  readonly #log: LogSegments;
  readonly #recent: RecentAnswers;
  readonly #intake: OutcomeIntake;
  readonly #desk: PredictionDesk;
  #registration: ModelRegistration;
  #segmentOpenedAt: number;

  private constructor(options: ModelPlaneOptions, parts: PlaneParts) {
    this.model = options.model;
    this.#options = options;
    this.#clock = createEventClock(options.clock);
    this.#bundles = parts.bundles;
    this.#ledger = parts.ledger;
    this.#schedule = openServingSchedule(parts.ledger);
    this.#log = parts.log;
    this.tornAtOpen = parts.log.tornAtOpen;
    this.#registration = parts.registration;
    this.#segmentOpenedAt = options.clock.now();
    this.#recent = createRecentAnswers(options.recentMin);
    const shared = { log: parts.log, clock: this.#clock, recent: this.#recent };
    this.#intake = createOutcomeIntake({
      ...shared,
      features: parts.registration.freshFeatures,
      recentMin: options.recentMin,
    });
    this.#desk = createPredictionDesk({
      ...shared,
      model: options.model,
      schedule: this.#schedule,
      fallback: parts.fallback,
      intake: this.#intake,
      sync: options.syncPredictions,
    });
  }

  /**
   * Opens a registered model and rebuilds its state from disk.
   * @throws BUNDLE_NOT_LOADABLE for the declared fallback, LEDGER_BROKEN, LOG_UNAVAILABLE
   */
  static async open(options: ModelPlaneOptions): Promise<ModelPlane> {
    const text = await readFile(registrationPath(options.stateDir, options.model), 'utf8');
    const registration = modelRegistrationSchema.parse(JSON.parse(text));
    const folder = join(options.stateDir, 'models', options.model);
    const bundles = createBundles(options.objectStore, join(options.stateDir, 'bundles'));
    const fallback = await loadFallback(bundles, options.model, registration);
    const ledger = openLedger(join(folder, 'ledger.jsonl'));
    const log = await openLogSegments(join(folder, 'log'));
    const plane = new ModelPlane(options, { registration, bundles, fallback, ledger, log });
    await plane.#recover();
    return plane;
  }

  /** Writes a registration down, so that `open` finds it; the fallback must load. @throws BUNDLE_NOT_LOADABLE */
  static async create(options: ModelPlaneOptions, registration: ModelRegistration): Promise<ModelPlane> {
    const bundles = createBundles(options.objectStore, join(options.stateDir, 'bundles'));
    await loadFallback(bundles, options.model, registration);
    await writeRegistration(options, registration);
    return ModelPlane.open(options);
  }

  /** Takes a changed registration over: the fallback at once, the features after they were rebuilt from the log. */
  async register(registration: ModelRegistration): Promise<void> {
    if (JSON.stringify(registration) === JSON.stringify(this.#registration)) return;
    const fallback = await loadFallback(this.#bundles, this.model, registration);
    await this.#checkServing(registration);
    await this.#intake.rebuild(registration.freshFeatures);
    await writeRegistration(this.#options, registration);
    this.#registration = registration;
    this.#desk.useFallback(fallback);
    await this.loadMissingBundles();
  }

  /** Answers predictions; `sent` must be called once the answer has left or failed to. */
  predict(body: unknown): Promise<{ answer: PredictionAnswer | PredictionBatchAnswer; sent: () => void }> {
    return this.#desk.predict(body);
  }

  takeOutcomes(body: unknown): Promise<OutcomeBatchAnswer> {
    return this.#intake.take(body);
  }

  /** @throws BUNDLE_NOT_LOADABLE when an entry names a bundle that the schedule in effect does not and that cannot be served. */
  async putTraffic(change: PutTraffic): Promise<PutAnswer> {
    const { stable, candidate } = change.entry;
    await this.#provide([stable, ...(candidate === null ? [] : [candidate])]);
    return this.#schedule.putTraffic(change, this.#clock.position());
  }

  async putFallback(change: PutFallback): Promise<PutAnswer> {
    if (change.bundle !== null) await this.#provide([change.bundle]);
    return this.#schedule.putFallback(change, this.#clock.position());
  }

  traffic(): TrafficState {
    const { last, entries, lastFallback } = this.#schedule.accepted();
    const position = this.#clock.position();
    const present = this.#schedule.entryAt(position ?? Number.NEGATIVE_INFINITY)?.split ?? null;
    return {
      model: this.model,
      generation: last?.generation ?? 0,
      decisionId: last?.decisionId ?? null,
      entries: [...entries],
      fallback: { generation: lastFallback?.generation ?? 0, bundle: lastFallback?.bundle ?? null },
      watermark: instantOrNull(this.#clock.watermark()),
      eventClock: instantOrNull(position),
      servingNow: {
        stable: present?.stable ?? this.#registration.fallback,
        candidate: present?.candidate ?? null,
        exposure: present?.exposure ?? 0,
        candidateInFlight: this.#desk.candidateInFlight(),
      },
    };
  }

  /**
   * Takes the sender's promise that everything before `through` was sent: closes the segment and moves the watermark.
   * @returns the watermark, epoch milliseconds. @throws WATERMARK_NOT_TAKEN on the wall clock, LOG_UNAVAILABLE
   */
  async promise(through: number): Promise<number> {
    if (this.#clock.mode === 'wall') {
      throw new HoldfastError(
        'WATERMARK_NOT_TAKEN',
        `watermark ${isoInstant(through)} for ${this.model}: this gateway keeps its own time`,
      );
    }
    const known = this.#clock.watermark();
    if (known !== null && through <= known) return known;
    await this.#closeSegment(through);
    this.#clock.promise(through);
    return through;
  }

  /** Closes the open segment when it is large or, on the wall clock, old. Called every now and then. */
  async tend(): Promise<void> {
    const { bytes } = this.#log.openSize();
    const old =
      this.#clock.mode === 'wall' && this.#options.clock.now() - this.#segmentOpenedAt >= this.#options.segmentAgeMsMax;
    if (bytes < this.#options.segmentBytesMax && !old) return;
    await this.#closeSegment(this.#clock.watermark() ?? 0);
  }

  ledger(after: number): readonly LedgerEntry[] {
    return this.#ledger.after(after);
  }

  segments(after: number): SegmentInfo[] {
    const closed = this.#log.closed().filter(({ segment }) => segment > after);
    return closed.map((segment) => describeSegment(this.#options.gateway, segment));
  }

  readSegment(segment: number): Promise<readonly Buffer[]> {
    return this.#log.readRaw(segment);
  }

  /**
   * Breaks what the drill names, and heals the rest. Outcomes are logged all the while: frozen features go on from the log.
   * Idempotent, and forgotten with a restart.
   */
  async drill({ frozenFeatures, candidateFails, candidateWrongWhere }: GatewayDrill): Promise<void> {
    this.#desk.rehearse({ fails: candidateFails, wrongWhere: candidateWrongWhere });
    if (frozenFeatures) this.#intake.freeze(this.#clock.position() ?? 0);
    else if (this.#intake.isFrozen()) await this.#intake.rebuild(this.#registration.freshFeatures);
  }

  /** Tries again to load bundles that the schedule names and that were not to be had. @returns those still missing. */
  async loadMissingBundles(): Promise<readonly string[]> {
    for (const digest of this.#schedule.missingBundles()) {
      await this.#provide([digest]).catch(() => undefined);
    }
    return this.#schedule.missingBundles();
  }

  counters(): GatewayCounters {
    const { accepted, refused } = this.#schedule.counts;
    const intake = this.#intake.counts;
    const desk = this.#desk.counts;
    return {
      predictions: desk.predictions,
      shadowScores: desk.shadowScores,
      outcomes: intake.outcomes,
      duplicates: desk.duplicates + intake.duplicates,
      rejected: desk.rejected + intake.rejected,
      late: desk.late + intake.late,
      unlogged: desk.unlogged,
      ledgerAccepted: accepted,
      ledgerRefused: refused,
      errors: { ...desk.errors },
    };
  }

  async close(): Promise<void> {
    await this.#log.end();
    this.#ledger.close();
  }

  /** Names of an accepted schedule need no loading to stay: an order to expose less must not fail for a bundle that is away. */
  async #provide(digests: readonly string[]): Promise<void> {
    const present = new Set(this.#schedule.accepted().entries.flatMap(({ stable, candidate }) => [stable, candidate]));
    for (const digest of digests) {
      try {
        this.#schedule.provide(await this.#bundles.load(digest, this.model, this.#registration.freshFeatures));
      } catch (error) {
        if (!present.has(digest)) throw error;
      }
    }
  }

  /** What serves now or next must still find its features. @throws BUNDLE_NOT_LOADABLE */
  async #checkServing(registration: ModelRegistration): Promise<void> {
    const { entries, lastFallback } = this.#schedule.accepted();
    const present = this.#schedule.entryAt(this.#clock.position() ?? Number.NEGATIVE_INFINITY)?.split ?? null;
    const served = entries.slice(present === null ? 0 : entries.indexOf(present));
    const named = [...served.flatMap(({ stable, candidate }) => [stable, candidate]), lastFallback?.bundle ?? null];
    for (const digest of named) {
      if (digest !== null) await this.#bundles.load(digest, this.model, registration.freshFeatures);
    }
  }

  async #closeSegment(through: number): Promise<void> {
    const monotone = Math.max(through, this.#log.closed().at(-1)?.through ?? 0);
    await this.#log.close(monotone);
    this.#segmentOpenedAt = this.#options.clock.now();
  }

  async #recover(): Promise<void> {
    for (const { through, latestPredictionAt } of this.#log.closed()) {
      if (through > 0) this.#clock.promise(through);
      if (latestPredictionAt !== null) this.#clock.answered(latestPredictionAt);
    }
    await this.#intake.recover((prediction) => {
      this.#clock.answered(prediction.at);
      this.#recent.remember(prediction);
    });
    await this.loadMissingBundles();
  }
}

interface PlaneParts {
  readonly registration: ModelRegistration;
  readonly bundles: Bundles;
  readonly fallback: LoadedBundle;
  readonly ledger: Ledger;
  readonly log: LogSegments;
}

const instantOrNull = (at: number | null): string | null => (at === null ? null : isoInstant(at));

async function loadFallback(bundles: Bundles, model: string, registration: ModelRegistration): Promise<LoadedBundle> {
  const fallback = await bundles.load(registration.fallback, model, registration.freshFeatures);
  const [low, high] = fallback.manifest.healthyRange;
  if (fallback.restingPrediction >= low && fallback.restingPrediction <= high) return fallback;
  throw new HoldfastError(
    'BUNDLE_NOT_LOADABLE',
    `fallback ${fallback.digest} answers ${fallback.restingPrediction} to a request without inputs, outside its healthy range ${low} to ${high}`,
  );
}

async function writeRegistration(options: ModelPlaneOptions, registration: ModelRegistration): Promise<void> {
  const path = registrationPath(options.stateDir, options.model);
  await mkdir(join(options.stateDir, 'models'), { recursive: true });
  await writeFile(`${path}~`, JSON.stringify(registration, null, 2), { flush: true });
  await rename(`${path}~`, path);
}

function describeSegment(gateway: string, closed: ClosedSegment): SegmentInfo {
  const { segment, records, bytes, through } = closed;
  return { gateway, segment, records, bytes, through: isoInstant(through) };
}
