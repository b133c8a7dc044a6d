/**
 * The archive of the gateways' logs: closed segments come in, cohorts of units and spans of outcomes are read out. Reading
 * removes repetition: a request counts once however often it was logged, and the highest revision of its outcome holds.
 */
import type { LogRecord, OutcomeRecord, PredictionRecord } from '../../contracts/serving.ts';
import type { EpochMs } from '../../domain/time.ts';

/** A closed segment of one gateway's log. Its content never changes. */
export interface ClosedSegment {
  readonly model: string;
  readonly gateway: string;
  readonly segment: number;
  readonly records: readonly LogRecord[];
}

/** One request of a cohort with what became of it. */
export interface CohortUnit {
  readonly requestId: string;
  readonly unit: string;
  /** Event time, epoch milliseconds. */
  readonly at: EpochMs;
  /** Fencing token of the split that chose the arm. */
  readonly generation: number;
  readonly arm: PredictionRecord['arm'];
  readonly served: PredictionRecord['served'];
  readonly bundle: string;
  readonly prediction: number;
  readonly stable: number | null;
  readonly candidate: number | null;
  readonly stableBundle: string;
  readonly candidateBundle: string | null;
  readonly stableError: string | null;
  readonly candidateError: string | null;
  /** Null where the record says nothing of it: not measured is not 0. */
  readonly stableMs: number | null;
  readonly candidateMs: number | null;
  /** Label of the highest revision known before the time asked for; null where none is known or it is known to be invalid. */
  readonly label: number | null;
  /** Whether any outcome was known by then, a valid label or not: tells absence from invalidity. */
  readonly outcomeKnown: boolean;
  /** Whether the label is one that people gave, because the world had not answered. */
  readonly byPeople: boolean;
  readonly freshThrough: EpochMs | null;
  /** What the caller sent. */
  readonly inputs: PredictionRecord['inputs'];
}

/** Event times [from, to). */
export interface LogSpan {
  readonly model: string;
  readonly from: EpochMs;
  readonly to: EpochMs;
}

export interface RequestLog {
  /** Takes a segment in; durable when it returns. Idempotent by (model, gateway, segment). */
  compact(segment: ClosedSegment): Promise<void>;
  /**
   * Requests of a cohort in order of (event time, request id), with the outcomes known before `asOf`: what a watermark of that time
   * promises, so that a late reading finds what a punctual one found. Of a request that was logged more than once the first of the
   * first gateway (by name) counts. The cost grows with the time from `from` to `asOf`: pass the end of the attribution window, not
   * the present.
   */
  readUnits(span: LogSpan & { readonly asOf: EpochMs }): Promise<CohortUnit[]>;
  /** Predictions of a span in order of (event time, request id), each request once. */
  readPredictions(span: LogSpan): Promise<PredictionRecord[]>;
  /** Outcomes that became known in a span, each revision once, in order of (known at, request id, revision). */
  readOutcomesBetween(span: LogSpan): Promise<OutcomeRecord[]>;
  close(): Promise<void>;
}
