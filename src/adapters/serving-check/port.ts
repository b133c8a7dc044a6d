import type { ModelRegistration, PredictionRequest } from '../../contracts/serving.ts';

/** What a candidate has to answer before any user may meet it. */
export interface ServingQuery {
  readonly model: string;
  readonly bundle: string;
  /** What every gateway knows of the model: its online features, and the declared fallback. */
  readonly registration: ModelRegistration;
  /** Recorded requests, as callers sent them. */
  readonly requests: readonly PredictionRequest[];
}

export interface ServingReport {
  /** Requests that were answered by the bundle itself, within its healthy range. */
  readonly answered: number;
  /** Why others were not, in words, with how many. */
  readonly failures: ReadonlyArray<{ readonly reason: string; readonly requests: number }>;
  /** Of one request, milliseconds; null where nothing was answered. */
  readonly latencyMsP99: number | null;
  /** Resident memory of the serving process with the bundle loaded, bytes; 0 where nothing was loaded. */
  readonly memoryBytes: number;
}

/** Loads a bundle in a serving process of its own and has it answer: a crash there harms nobody. */
export interface ServingCheck {
  /**
   * Idempotent, keeps nothing. A bundle that does not load, a process that dies or does not answer in time is a report with failures, not
   * an error.
   * @throws what is no fault of the candidate and may pass, for example OBJECT_STORE_UNAVAILABLE
   */
  check(query: ServingQuery, signal: AbortSignal): Promise<ServingReport>;
}
