/** Batches of prediction requests: checked item by item, answered once, logged before they are answered. */
import { HoldfastError } from '../contracts/errors.ts';
import { predictionRequestSchema } from '../contracts/serving.ts';
import type {
  PredictionAnswer,
  PredictionBatchAnswer,
  PredictionRecord,
  PredictionRequest,
} from '../contracts/serving.ts';
import type { LoadedBundle } from './bundles.ts';
import type { EventClock } from './event-clock.ts';
import { encodeFrames } from './log-frames.ts';
import type { LogSegments } from './log-segments.ts';
import type { OutcomeIntake } from './outcome-intake.ts';
import { answerOf } from './recent-requests.ts';
import type { RecentAnswer, RecentAnswers } from './recent-requests.ts';
import { rejectItem, sortItems } from './request-items.ts';
import type { ServingSchedule } from './schedule.ts';
import { NO_TROUBLE, serve, serveFallback } from './serve.ts';
import type { CandidateTrouble, ServingParts } from './serve.ts';

/** One request of so many is timed: a prime, so that it keeps no step with the size of batches. */
const TIMED_EVERY = 7;

export interface DeskParts {
  readonly model: string;
  readonly schedule: ServingSchedule;
  readonly fallback: LoadedBundle;
  readonly log: LogSegments;
  readonly clock: EventClock;
  readonly recent: RecentAnswers;
  readonly intake: OutcomeIntake;
  readonly sync: boolean;
}

export interface DeskCounts {
  predictions: number;
  shadowScores: number;
  duplicates: number;
  rejected: number;
  late: number;
  unlogged: number;
  readonly errors: { stable: number; candidate: number; fallback: number };
}

export interface Prediction {
  readonly answer: PredictionAnswer | PredictionBatchAnswer;
  readonly sent: () => void;
}

export interface PredictionDesk {
  /** @throws REQUEST_INVALID when the whole body, or the one request that it is, cannot be answered. */
  predict(body: unknown): Promise<Prediction>;
  useFallback(fallback: LoadedBundle): void;
  /** Makes candidates go wrong on purpose, or lets them be. */
  rehearse(trouble: CandidateTrouble): void;
  /** Requests answered by the candidate whose answer has not left yet. */
  candidateInFlight(): number;
  readonly counts: DeskCounts;
}

export function createPredictionDesk(parts: DeskParts): PredictionDesk {
  return new Desk(parts);
}

class Desk implements PredictionDesk {
  readonly counts: DeskCounts = {
    predictions: 0,
    shadowScores: 0,
    duplicates: 0,
    rejected: 0,
    late: 0,
    unlogged: 0,
    errors: { stable: 0, candidate: 0, fallback: 0 },
  };
  readonly #parts: DeskParts;
  #serving: ServingParts;
  #candidateInFlight = 0;
  #asked = 0;

  constructor(parts: DeskParts) {
    this.#parts = parts;
    const { model, schedule, fallback, intake } = parts;
    this.#serving = {
      model,
      schedule,
      fallback,
      counts: this.counts,
      trouble: NO_TROUBLE,
      timesNext: () => this.#timesNext(),
      freshAt: (at, inputs) => intake.freshAt(at, inputs),
      freshThrough: () => intake.freshThrough(),
    };
  }

  useFallback(fallback: LoadedBundle): void {
    this.#serving = { ...this.#serving, fallback };
  }

  rehearse(trouble: CandidateTrouble): void {
    this.#serving = { ...this.#serving, trouble };
  }

  candidateInFlight(): number {
    return this.#candidateInFlight;
  }

  async predict(body: unknown): Promise<Prediction> {
    const { good, rejected, single } = sortItems(body, 'requests', predictionRequestSchema);
    const entries: RecentAnswer[] = [];
    const records: PredictionRecord[] = [];
    for (const { index, item } of good) {
      const known = this.#parts.recent.get(item.requestId);
      const stamp = this.#parts.clock.stamp(item.eventTime);
      if (known !== undefined) {
        this.counts.duplicates++;
        entries.push(known);
      } else if (stamp.refused !== null) {
        rejected.push(rejectItem(index, item, 'EVENT_TIME_OUT_OF_RANGE', `eventTime ${stamp.refused}`));
      } else {
        entries.push(this.#answer(item, stamp.at, records));
      }
    }
    this.counts.rejected += rejected.length;
    const first = rejected[0];
    if (single && first !== undefined) refuseSingle(first.code, first.message);
    const candidates = records.filter(({ served }) => served === 'candidate').length;
    this.#candidateInFlight += candidates;
    const answers = await this.#logged(entries, records);
    const only = answers[0];
    const answer =
      single && only !== undefined ? only : { answers, rejected: rejected.sort((a, b) => a.index - b.index) };
    return { answer, sent: () => void (this.#candidateInFlight -= candidates) };
  }

  #timesNext(): boolean {
    this.#asked = (this.#asked + 1) % TIMED_EVERY;
    return this.#asked === 1;
  }

  #answer(request: PredictionRequest, at: number, records: PredictionRecord[]): RecentAnswer {
    const record = serve(this.#serving, request, at);
    const watermark = this.#parts.clock.watermark();
    if (watermark !== null && at < watermark) this.counts.late++;
    this.#parts.clock.answered(at);
    records.push(record);
    const entry: RecentAnswer = { answer: answerOf(record), at, logged: Promise.resolve() };
    // Before anything waits: the same request sent again meanwhile must find this answer, not make another.
    this.#parts.recent.set(request.requestId, entry);
    return entry;
  }

  async #logged(entries: readonly RecentAnswer[], records: readonly PredictionRecord[]): Promise<PredictionAnswer[]> {
    const appended = records.length === 0 ? Promise.resolve() : this.#append(records);
    const fresh = new Set(records.map(({ requestId }) => requestId));
    for (const entry of entries) if (fresh.has(entry.answer.requestId)) entry.logged = appended;
    try {
      await Promise.all(new Set(entries.map(({ logged }) => logged)));
      this.counts.predictions += records.length;
      return entries.map(({ answer }) => answer);
    } catch {
      return this.#answerUnlogged(entries, records);
    }
  }

  #append(records: readonly PredictionRecord[]): Promise<void> {
    const frames = encodeFrames(records.map((record) => JSON.stringify(record)));
    const latestPredictionAt = records.reduce((latest, { at }) => Math.max(latest, at), Number.NEGATIVE_INFINITY);
    return this.#parts.log.append(
      { frames, records: records.length, latestPredictionAt, latestOutcomeAt: null },
      this.#parts.sync,
    );
  }

  /**
   * The log cannot be written. Someone always answers, but exposure that leaves no record is no evidence: what the candidate would have
   * answered, the fallback does.
   */
  #answerUnlogged(entries: readonly RecentAnswer[], records: readonly PredictionRecord[]): PredictionAnswer[] {
    const byId = new Map(records.map((record) => [record.requestId, record]));
    for (const requestId of byId.keys()) this.#parts.recent.delete(requestId);
    this.counts.unlogged += entries.length;
    return entries.map(({ answer }) => {
      const record = byId.get(answer.requestId);
      if (answer.arm !== 'candidate' || record === undefined) return answer;
      const { served, bundle, prediction } = serveFallback(this.#serving, record);
      return { requestId: answer.requestId, prediction, bundle, arm: served };
    });
  }
}

function refuseSingle(code: string, message: string): never {
  throw new HoldfastError(code === 'EVENT_TIME_OUT_OF_RANGE' ? code : 'REQUEST_INVALID', message);
}
