/**
 * Records in PostgreSQL 15 or newer. Transactions of one model run one after the other (an advisory lock taken as the first statement),
 * so that `work` runs once and sees everything committed before it: serialisable without aborted attempts. Models do not wait for each
 * other. Every write notifies in its own transaction, so nobody hears of what was rolled back.
 */
import { createHash } from 'node:crypto';
import { Pool } from 'pg';
import type { PoolClient } from 'pg';
import type { PostgresOptions } from './options.ts';
import { CHANGE_CHANNEL, ChangeFeed } from './change-feed.ts';
import { translated, worthAnotherAttempt } from './postgres-errors.ts';
import { PostgresTransaction } from './postgres-transaction.ts';
import type { RecordStore, RecordTransaction } from './port.ts';
import { migrateSchema } from './schema.ts';
import { SingleTransaction } from './single-transaction.ts';

const ATTEMPTS_MAX = 5;

/** A transaction is small. Whoever dies or hangs inside one must not keep its model locked. */
const TIMEOUTS = {
  connectionTimeoutMillis: 5_000,
  lock_timeout: 10_000,
  statement_timeout: 30_000,
  idle_in_transaction_session_timeout: 30_000,
} as const;

/** 63 bits of the model's digest: PostgreSQL's advisory locks are numbers. */
const lockOf = (model: string): bigint => createHash('sha256').update(`holdfast/${model}`).digest().readBigInt64BE(0);

/** Connects when first used; `migrate` must have run once on the database. */
export function createPostgresRecordStore(options: PostgresOptions): RecordStore {
  return new PostgresRecordStore(options);
}

class PostgresRecordStore implements RecordStore {
  readonly #pool: Pool;
  readonly #changes: ChangeFeed;
  readonly #single = new SingleTransaction();

  constructor({ url, connectionsMax }: PostgresOptions) {
    this.#pool = new Pool({ connectionString: url, max: connectionsMax, keepAlive: true, ...TIMEOUTS });
    // A connection lost while idle, or between two statements, must not end the process; its next use reports it.
    this.#pool.on('error', () => undefined);
    this.#pool.on('connect', (client) => client.on('error', () => undefined));
    this.#changes = new ChangeFeed(url);
  }

  async migrate(): Promise<void> {
    await this.#withConnection(migrateSchema);
  }

  async models(): Promise<string[]> {
    // Skips from model to model over the primary key instead of reading every record.
    const { rows } = await this.#withConnection((client) =>
      client.query<{ model: string }>(`
        with recursive m as (
          (select model from holdfast.records order by model limit 1)
          union all
          select (select r.model from holdfast.records r where r.model > m.model order by r.model limit 1) from m where m.model is not null
        ) select model from m where model is not null`),
    );
    return rows.map(({ model }) => model);
  }

  async transaction<T>(model: string, work: (tx: RecordTransaction) => Promise<T>): Promise<T> {
    return this.#single.run(async () => {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await this.#withConnection((client) => this.#attempt(client, model, work));
        } catch (error) {
          if (attempt >= ATTEMPTS_MAX || !worthAnotherAttempt(error)) throw error;
        }
      }
    });
  }

  async waitForChange(model: string, timeoutMs: number): Promise<void> {
    await this.#changes.wait(model, timeoutMs);
  }

  async close(): Promise<void> {
    await this.#changes.close();
    if (!this.#pool.ended) await this.#pool.end();
  }

  async #attempt<T>(client: PoolClient, model: string, work: (tx: RecordTransaction) => Promise<T>): Promise<T> {
    const tx = new PostgresTransaction(client, model);
    try {
      await client.query(`begin; select pg_advisory_xact_lock(${lockOf(model)})`);
      const result = await work(tx);
      tx.end();
      if (tx.changed)
        await client.query({ name: 'notify', text: 'select pg_notify($1, $2)', values: [CHANGE_CHANNEL, model] });
      await client.query('commit');
      return result;
    } finally {
      tx.end();
    }
  }

  /** The connection goes back to the pool, or is thrown away when it is not certain to be clean. */
  async #withConnection<T>(use: (client: PoolClient) => Promise<T>): Promise<T> {
    let client: PoolClient;
    try {
      client = await this.#pool.connect();
    } catch (error) {
      throw translated(error);
    }
    try {
      const result = await use(client);
      client.release();
      return result;
    } catch (error) {
      const clean = await client.query('rollback').then(
        () => true,
        () => false,
      );
      client.release(!clean);
      throw translated(error);
    }
  }
}
