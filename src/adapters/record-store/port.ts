import type { EvidenceCommand, EvidenceReceipt } from '../../contracts/evidence.ts';
import type { CommandRecord, DecisionRecord, PolicyRecord, RecordBodies, RecordKind } from '../../contracts/records.ts';
import type { ReportSubject } from '../../contracts/report-subject.ts';
import type { Report } from '../../domain/report/report.ts';
import type { RecordedRollout } from '../../domain/rollout/recorded-chain.ts';

/** A note that one stage owes another a reaction: written in the transaction of its cause, removed in that of its effect. */
export interface Handoff {
  readonly id: string;
  readonly to: string;
  readonly kind: string;
  readonly body: unknown;
}

export interface ChainEntry<Body> {
  readonly sequence: number;
  readonly key: string;
  readonly body: Body;
  readonly previousDigest: string;
  readonly digest: string;
}

/** What can be read and written inside one transaction; everything is scoped to one model. */
export interface RecordTransaction {
  /** Writes a projection: the last write counts. */
  put<K extends RecordKind>(kind: K, key: string, body: RecordBodies[K]): Promise<void>;
  /**
   * Writes an immutable record. The same content again changes nothing.
   * @throws RECORD_CONFLICT when the key exists with different content.
   */
  insert<K extends RecordKind>(kind: K, key: string, body: RecordBodies[K]): Promise<'inserted' | 'present'>;
  get<K extends RecordKind>(kind: K, key: string): Promise<RecordBodies[K] | null>;
  /**
   * In key order (code units). `prefix` selects keys that start with it; `after` goes on behind that key in the direction of the list, so
   * that the last key of a page is the `after` of the next.
   */
  list<K extends RecordKind>(
    kind: K,
    options?: {
      readonly prefix?: string;
      readonly after?: string;
      readonly limit?: number;
      readonly descending?: boolean;
    },
  ): Promise<Array<{ readonly key: string; readonly body: RecordBodies[K] }>>;
  remove(kind: 'approvalRequest' | 'stage' | 'memory', key: string): Promise<void>;

  /**
   * Appends to a chain (`scope`: a rollout id): digest = SHA-256 of canonical JSON of {sequence, key, body, previousDigest}.
   * Idempotent by key. The first entry has sequence 1 and stands on 64 zeros. The body is also a record of this kind under `key`.
   * @throws RECORD_CONFLICT when the key stands with different content, or in another chain.
   */
  append<K extends 'decision'>(
    kind: K,
    scope: string,
    key: string,
    body: RecordBodies[K],
  ): Promise<ChainEntry<RecordBodies[K]>>;
  chain<K extends 'decision'>(kind: K, scope: string): Promise<Array<ChainEntry<RecordBodies[K]>>>;

  /** Scope of the chain that has an entry of this digest; null where none has. */
  chainWith(kind: 'decision', digest: string): Promise<string | null>;

  /** Event time (epoch ms) through which the archive of the log is complete; null before the first traffic. */
  watermark(): Promise<number | null>;
  /** Moves the watermark forward; a lower value is ignored. */
  advanceWatermark(through: number): Promise<void>;

  /** A process (by workflow id) whose work the unattended clock waits for joins unsettled. Joining again is harmless. */
  join(participant: string): Promise<void>;
  /** The process has nothing left to do at this event time, nor before. No effect unless it joined; the latest time named counts. */
  settle(participant: string, through: number): Promise<void>;
  /** The process has taken up work: it is not settled at any time until it says so again. */
  unsettle(participant: string): Promise<void>;
  leave(participant: string): Promise<void>;
  /** Idempotent by id; also after it was acknowledged. */
  handOff(handoff: Handoff): Promise<void>;
  acknowledge(handoffId: string): Promise<void>;
  /** Open handoffs by id. */
  handoffs(to?: string): Promise<Handoff[]>;
  /** Names of what is not settled through an event time, for the clock and for people: participants, then ids of open handoffs. */
  unsettled(through: number): Promise<string[]>;
}

/**
 * The transactional records of all models. Every write is durable when its promise resolves.
 * All methods may fail with RECORD_STORE_UNAVAILABLE (retryable).
 */
export interface RecordStore {
  /** Creates or upgrades the schema; idempotent and safe from several processes at once. */
  migrate(): Promise<void>;
  models(): Promise<string[]>;
  /**
   * Runs `work` in one transaction: all of it or nothing. Transactions of one model run one after the other, so keep the work short: other
   * ports are used outside. A transaction inside another one is refused.
   */
  transaction<T>(model: string, work: (tx: RecordTransaction) => Promise<T>): Promise<T>;
  /**
   * Resolves when anything of the model changed, or after `timeoutMs`, whichever is first. May resolve without a change. Begin the wait
   * *before* the reading that decides whether to wait: a change between the two is missed otherwise, until the deadline.
   */
  waitForChange(model: string, timeoutMs: number): Promise<void>;
  close(): Promise<void>;
}

/** Takes evidence that somebody else measures, and word of every order: recorded first, before anybody is told. */
export interface EvidenceIntake {
  /**
   * Judges a batch, its shape included, and records it once; idempotent by its id. A refusal is an answer, and every attempt is kept
   * with its reason.
   * May fail with RECORD_STORE_UNAVAILABLE (retryable).
   */
  take(model: string, rolloutId: string, command: EvidenceCommand): Promise<EvidenceReceipt>;
  /** Writes an attempt to the command log. Idempotent by its command id. @throws RECORD_CONFLICT for the same id with other content */
  logAttempt(model: string, attempt: CommandRecord): Promise<void>;
}

/** Pages of evidence as data. All methods may fail with RECORD_STORE_UNAVAILABLE (retryable). */
export interface Reports {
  /** The report on a subject as it stands, filed under its digest; null where nothing of it is on record. */
  reportOn(subject: ReportSubject): Promise<Report | null>;
  /** The report that a digest names: one that was filed, that of a decision, or that of a dataset version; null for none. */
  reportNamed(digest: string): Promise<Report | null>;
  /** Digests of a rollout's decisions that begin so. */
  decisionsNamed(model: string, rolloutId: string, beginning: string): Promise<string[]>;
}

/** What an edge writes down before Temporal is called, and reads of what was decided. All methods may fail with RECORD_STORE_UNAVAILABLE (retryable). */
export interface EdgeRecords extends EvidenceIntake, Reports {
  /** Creates or upgrades the schema; idempotent. */
  migrate(): Promise<void>;
  /** Writes a policy down under the digest of its content, once. @returns the digest */
  recordPolicy(model: string, policy: PolicyRecord): Promise<string>;
  /** The newest decisions of a rollout, oldest first. */
  recentDecisions(model: string, rolloutId: string, count: number): Promise<DecisionRecord[]>;
  /** Everything on record of one rollout, read in one transaction, for judging its decisions again. */
  recordedRollout(model: string, rolloutId: string): Promise<Omit<RecordedRollout, 'head'>>;
  close(): Promise<void>;
}
