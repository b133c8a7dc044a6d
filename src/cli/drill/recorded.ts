/** What a drill looks at: records, and the split that the gateway serves by. */
import type { CandidateRecord, DecisionRecord, RecordBodies } from '../../contracts/records.ts';
import type { LedgerEntry, TrafficState } from '../../contracts/serving.ts';
import type { Records } from '../demo/records.ts';

export interface Recorded {
  /** In the order in which they were ready. */
  readonly candidates: readonly CandidateRecord[];
  readonly stables: ReadonlyArray<RecordBodies['stable']>;
  /** In order of event time. */
  readonly decisions: readonly DecisionRecord[];
  readonly incidents: ReadonlyArray<RecordBodies['incident']>;
  readonly requests: ReadonlyArray<RecordBodies['approvalRequest']>;
}

export function readRecorded(records: Records, model: string): Promise<Recorded> {
  return records.transaction(model, async (tx) => ({
    candidates: (await tx.list('candidate'))
      .map(({ body }) => body)
      .toSorted((a, b) => compare(a.readyAt, b.readyAt) || a.attempt - b.attempt),
    stables: (await tx.list('stable')).map(({ body }) => body),
    decisions: (await tx.list('decision'))
      .map(({ body }) => body)
      .toSorted((a, b) => compare(a.eventTime, b.eventTime) || (a.cohort ?? 0) - (b.cohort ?? 0)),
    incidents: (await tx.list('incident')).map(({ body }) => body),
    requests: (await tx.list('approvalRequest')).map(({ body }) => body).filter(({ open }) => open),
  }));
}

/** Present exposure of a candidate, 0 to 1. */
export const exposureOf = ({ exposureHistory }: CandidateRecord): number => exposureHistory.at(-1)?.exposure ?? 0;

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The gateway as anybody on this machine can ask it. */
export class GatewayView {
  readonly #base: string;
  readonly #metrics: string;
  readonly #model: string;

  constructor(gatewayUrl: string, model: string) {
    this.#base = `${gatewayUrl}/v1/models/${model}`;
    this.#metrics = `${gatewayUrl}/metrics`;
    this.#model = model;
  }

  async traffic(): Promise<TrafficState> {
    return (await this.#ask('/traffic')).json() as Promise<TrafficState>;
  }

  /** Splits and overrides in the order in which they were written, refused ones too. */
  async ledger(): Promise<LedgerEntry[]> {
    const text = await (await this.#ask('/ledger')).text();
    return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as LedgerEntry]));
  }

  /** Writes a split as somebody else would: without asking the rollout. */
  async writeSplit(change: object): Promise<number> {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify(change);
    return (await fetch(`${this.#base}/traffic`, { method: 'PUT', headers, body })).status;
  }

  /** Answers that were no prediction of the arm asked for, and answers that left no record, since the gateway started. */
  async failures(): Promise<{ readonly errors: number; readonly unlogged: number }> {
    const answer = await fetch(this.#metrics, { signal: AbortSignal.timeout(ANSWER_MS_MAX) });
    const { models } = (await answer.json()) as {
      models: Record<string, { errors: Record<string, number>; unlogged: number } | undefined>;
    };
    const counters = models[this.#model];
    const errors = Object.values(counters?.errors ?? {}).reduce((sum, count) => sum + count, 0);
    return { errors, unlogged: counters?.unlogged ?? 0 };
  }

  #ask(path: string): Promise<Response> {
    return fetch(this.#base + path, { signal: AbortSignal.timeout(ANSWER_MS_MAX) });
  }
}

const ANSWER_MS_MAX = 5_000;
