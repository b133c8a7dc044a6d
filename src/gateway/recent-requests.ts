/**
 * What was answered and taken in lately, by id, within a fixed number of entries: a request that is sent again is answered the same and
 * logged once.
 */
import type { PredictionAnswer, PredictionRecord } from '../contracts/serving.ts';

export interface RecentMap<Value> {
  get(key: string): Value | undefined;
  set(key: string, value: Value): void;
  delete(key: string): void;
}

/**
 * Remembers at least the last `entriesMin` keys and at most twice as many: two halves, and when the young one is full it becomes the old
 * one, so dropping the oldest costs nothing.
 */
export function createRecentMap<Value>(entriesMin: number): RecentMap<Value> {
  let young = new Map<string, Value>();
  let old = new Map<string, Value>();
  return {
    get: (key) => young.get(key) ?? old.get(key),
    set(key, value) {
      if (young.size >= entriesMin) {
        old = young;
        young = new Map();
      }
      young.set(key, value);
    },
    delete(key) {
      young.delete(key);
      old.delete(key);
    },
  };
}

export interface RecentAnswer {
  readonly answer: PredictionAnswer;
  /** Event time, epoch milliseconds. */
  readonly at: number;
  /** Resolves when the prediction is in the log. */
  logged: Promise<void>;
}

export interface RecentAnswers extends RecentMap<RecentAnswer> {
  /** Takes a prediction in that is in the log already. */
  remember(record: PredictionRecord): void;
}

const IN_THE_LOG = Promise.resolve();

export function createRecentAnswers(entriesMin: number): RecentAnswers {
  const recent = createRecentMap<RecentAnswer>(entriesMin);
  return {
    ...recent,
    remember: (record) => recent.set(record.requestId, { answer: answerOf(record), at: record.at, logged: IN_THE_LOG }),
  };
}

/** What the sender of a request is told of its record. */
export function answerOf(record: PredictionRecord): PredictionAnswer {
  return { requestId: record.requestId, prediction: record.prediction, bundle: record.bundle, arm: record.served };
}
