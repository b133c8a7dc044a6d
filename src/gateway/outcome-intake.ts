/** Batches of outcomes: checked item by item, flushed to the log before they are acknowledged, then taken into the online features. */
import { outcomeSchema } from '../contracts/serving.ts';
import type {
  InputValue,
  Outcome,
  OutcomeBatchAnswer,
  OutcomeRateFeature,
  OutcomeRecord,
  PredictionRecord,
  RejectedItem,
} from '../contracts/serving.ts';
import { isoInstant } from '../domain/time.ts';
import type { EventClock } from './event-clock.ts';
import { createFreshFeatures, readLogEnd } from './fresh-features.ts';
import type { FreshFeatures } from './fresh-features.ts';
import { encodeFrames } from './log-frames.ts';
import type { LogSegments } from './log-segments.ts';
import { createRecentMap } from './recent-requests.ts';
import type { RecentAnswers, RecentMap } from './recent-requests.ts';
import { rejectItem, sortItems } from './request-items.ts';

export interface IntakeParts {
  readonly log: LogSegments;
  readonly clock: EventClock;
  readonly recent: RecentAnswers;
  readonly features: readonly OutcomeRateFeature[];
  readonly recentMin: number;
}

export interface IntakeCounts {
  outcomes: number;
  duplicates: number;
  rejected: number;
  late: number;
}

export interface OutcomeIntake {
  /** @throws REQUEST_INVALID for a body that is no batch; LOG_UNAVAILABLE, and then nothing of the batch was taken. */
  take(body: unknown): Promise<OutcomeBatchAnswer>;
  /** Outcome-rate features for a request at an event time, epoch milliseconds. */
  freshAt(at: number, inputs: Readonly<Record<string, InputValue>>): Record<string, number>;
  /** Latest event time of an outcome in the features; null without any. */
  freshThrough(): number | null;
  /** From now on the features see nothing that became known after `at`. */
  freeze(at: number): void;
  isFrozen(): boolean;
  /** Builds the features anew from the log, for these declarations, and lets them go on. */
  rebuild(features: readonly OutcomeRateFeature[]): Promise<void>;
  /** Reads the end of the log once, when the gateway starts. */
  recover(visit: (prediction: PredictionRecord) => void): Promise<void>;
  readonly counts: IntakeCounts;
}

export function createOutcomeIntake(parts: IntakeParts): OutcomeIntake {
  return new Intake(parts);
}

const keyOf = (outcome: { readonly requestId: string; readonly revision: number }): string =>
  `${outcome.revision} ${outcome.requestId}`;

class Intake implements OutcomeIntake {
  readonly counts: IntakeCounts = { outcomes: 0, duplicates: 0, rejected: 0, late: 0 };
  readonly #parts: IntakeParts;
  /** By revision and request id: resolves when the outcome is in the log. */
  readonly #known: RecentMap<Promise<void>>;
  readonly #taking = new Set<Promise<unknown>>();
  #features: FreshFeatures;
  #frozenAt: number | null = null;
  #rebuilding: Promise<void> | null = null;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
    this.#known = createRecentMap(parts.recentMin);
    this.#features = createFreshFeatures(parts.features);
  }

  freshAt(at: number, inputs: Readonly<Record<string, InputValue>>): Record<string, number> {
    return this.#features.rates.valuesAt(this.#frozenAt === null ? at : Math.min(at, this.#frozenAt), inputs);
  }

  freshThrough(): number | null {
    return this.#features.rates.through();
  }

  freeze(at: number): void {
    this.#frozenAt ??= at;
  }

  isFrozen(): boolean {
    return this.#frozenAt !== null;
  }

  async take(body: unknown): Promise<OutcomeBatchAnswer> {
    while (this.#rebuilding !== null) await this.#rebuilding;
    const taking = this.#take(body);
    this.#taking.add(taking);
    try {
      return await taking;
    } finally {
      this.#taking.delete(taking);
    }
  }

  async rebuild(features: readonly OutcomeRateFeature[]): Promise<void> {
    while (this.#rebuilding !== null) await this.#rebuilding;
    // Outcomes wait meanwhile: one that came between reading the log and using the result would count twice or not at all.
    this.#rebuilding = this.#rebuildFromLog(features);
    try {
      await this.#rebuilding;
    } finally {
      this.#rebuilding = null;
    }
  }

  async recover(visit: (prediction: PredictionRecord) => void): Promise<void> {
    const { log, recentMin } = this.#parts;
    const inTheLog = Promise.resolve();
    await readLogEnd(log, this.#features.rates.horizonMs, recentMin, (record) => {
      if (record.kind === 'prediction') return visit(record);
      this.#known.set(keyOf(record), inTheLog);
      this.#features.take(record);
    });
  }

  async #rebuildFromLog(declared: readonly OutcomeRateFeature[]): Promise<void> {
    const features = createFreshFeatures(declared);
    await Promise.allSettled(this.#taking);
    await readLogEnd(this.#parts.log, features.rates.horizonMs, 0, (record) => {
      if (record.kind === 'outcome') features.take(record);
    });
    this.#features = features;
    this.#frozenAt = null;
  }

  async #take(body: unknown): Promise<OutcomeBatchAnswer> {
    const { good, rejected } = sortItems(body, 'outcomes', outcomeSchema);
    const records: OutcomeRecord[] = [];
    const awaited = new Set<Promise<void>>();
    const batchKeys = new Set<string>();
    let duplicates = 0;
    for (const { index, item } of good) {
      const key = keyOf(item);
      const known = this.#known.get(key);
      const { record, refused } = this.#recordOf(index, item);
      if (known !== undefined || batchKeys.has(key)) {
        duplicates++;
        if (known !== undefined) awaited.add(known);
      } else if (record === null) {
        rejected.push(refused);
      } else {
        batchKeys.add(key);
        records.push(record);
      }
    }
    if (records.length > 0) awaited.add(this.#append(records));
    await Promise.all(awaited);
    this.#count(records, duplicates, rejected.length);
    return { accepted: records.length, duplicates, rejected: rejected.sort((a, b) => a.index - b.index) };
  }

  #recordOf(
    index: number,
    item: Outcome,
  ): { record: OutcomeRecord; refused: null } | { record: null; refused: RejectedItem } {
    const { requestId, revision, label, inputs } = item;
    const stamp = this.#parts.clock.stamp(item.knownAt);
    if (stamp.refused !== null) {
      return { record: null, refused: rejectItem(index, item, 'EVENT_TIME_OUT_OF_RANGE', `knownAt ${stamp.refused}`) };
    }
    const prediction = this.#parts.recent.get(requestId);
    if (prediction !== undefined && stamp.at < prediction.at) {
      const message = `knownAt is ${isoInstant(stamp.at)}, before its prediction was asked for at ${isoInstant(prediction.at)}`;
      return { record: null, refused: rejectItem(index, item, 'LABEL_BEFORE_PREDICTION', message) };
    }
    return { record: { kind: 'outcome', requestId, revision, label, knownAt: stamp.at, inputs }, refused: null };
  }

  /** Flushed always: nobody sends an outcome again that was acknowledged. */
  async #append(records: readonly OutcomeRecord[]): Promise<void> {
    const frames = encodeFrames(records.map((record) => JSON.stringify(record)));
    const latestOutcomeAt = records.reduce(
      (latest, { knownAt }) => Math.max(latest, knownAt),
      Number.NEGATIVE_INFINITY,
    );
    const logged = this.#parts.log.append(
      { frames, records: records.length, latestPredictionAt: null, latestOutcomeAt },
      true,
    );
    for (const record of records) this.#known.set(keyOf(record), logged);
    try {
      await logged;
    } catch (error) {
      for (const record of records) this.#known.delete(keyOf(record));
      throw error;
    }
    if (this.#frozenAt !== null) return;
    for (const record of records) this.#features.take(record);
  }

  #count(records: readonly OutcomeRecord[], duplicates: number, rejected: number): void {
    const watermark = this.#parts.clock.watermark();
    this.counts.outcomes += records.length;
    this.counts.duplicates += duplicates;
    this.counts.rejected += rejected;
    if (watermark !== null) this.counts.late += records.filter(({ knownAt }) => knownAt < watermark).length;
  }
}
