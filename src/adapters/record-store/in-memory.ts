/**
 * Records in the memory of one process: for tests and simulations. The same semantics as PostgreSQL, durability apart. A transaction
 * works on the model's own tables and keeps, per table, what it replaced; a failure puts that back.
 */
import type { RecordBodies, RecordKind } from '../../contracts/records.ts';
import { Waiters } from './change-feed.ts';
import { CHAIN_START, chainDigest, conflict, seal } from './digest.ts';
import type { ChainEntry, Handoff, RecordStore, RecordTransaction } from './port.ts';
import { SingleTransaction } from './single-transaction.ts';

interface StoredText {
  readonly text: string;
  readonly digest: string;
}
interface StoredHandoff {
  readonly text: string;
  readonly to: string;
  readonly acknowledged: boolean;
}

/** A map that can go back to what it was: the undo log holds, for each key touched, what stood there before. */
class Table<V> {
  readonly #rows = new Map<string, V>();
  readonly #before = new Map<string, V | undefined>();

  get(key: string): V | undefined {
    return this.#rows.get(key);
  }

  entries(): Array<[string, V]> {
    return [...this.#rows].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  set(key: string, value: V): void {
    this.#remember(key);
    this.#rows.set(key, value);
  }

  delete(key: string): void {
    this.#remember(key);
    this.#rows.delete(key);
  }

  get changed(): boolean {
    return this.#before.size > 0;
  }

  commit(): void {
    this.#before.clear();
  }

  rollback(): void {
    for (const [key, value] of this.#before) {
      if (value === undefined) this.#rows.delete(key);
      else this.#rows.set(key, value);
    }
    this.#before.clear();
  }

  #remember(key: string): void {
    if (!this.#before.has(key)) this.#before.set(key, this.#rows.get(key));
  }
}

class ModelTables {
  readonly kinds = new Map<RecordKind, Table<StoredText>>();
  readonly chains = new Table<ReadonlyArray<ChainEntry<RecordBodies['decision']>>>();
  readonly watermarks = new Table<number>();
  readonly participants = new Table<number>();
  readonly handoffs = new Table<StoredHandoff>();

  of(kind: RecordKind): Table<StoredText> {
    const table = this.kinds.get(kind) ?? new Table<StoredText>();
    this.kinds.set(kind, table);
    return table;
  }

  all(): Array<Pick<Table<unknown>, 'changed' | 'commit' | 'rollback'>> {
    return [...this.kinds.values(), this.chains, this.watermarks, this.participants, this.handoffs];
  }
}

const WATERMARK = 'archive';

class InMemoryTransaction implements RecordTransaction {
  readonly #tables: ModelTables;
  #open = true;

  constructor(tables: ModelTables) {
    this.#tables = tables;
  }

  end(): void {
    this.#open = false;
  }

  async put<K extends RecordKind>(kind: K, key: string, body: RecordBodies[K]): Promise<void> {
    const table = this.#live().of(kind);
    const sealed = seal(kind, key, body);
    if (table.get(key)?.digest !== sealed.digest) table.set(key, sealed);
  }

  async insert<K extends RecordKind>(kind: K, key: string, body: RecordBodies[K]): Promise<'inserted' | 'present'> {
    const table = this.#live().of(kind);
    const sealed = seal(kind, key, body);
    const standing = table.get(key);
    if (standing === undefined) {
      table.set(key, sealed);
      return 'inserted';
    }
    if (standing.digest !== sealed.digest) throw conflict(kind, key, standing.digest, sealed.digest);
    return 'present';
  }

  async get<K extends RecordKind>(kind: K, key: string): Promise<RecordBodies[K] | null> {
    const stored = this.#live().of(kind).get(key);
    return stored === undefined ? null : JSON.parse(stored.text);
  }

  async list<K extends RecordKind>(
    kind: K,
    options: NonNullable<Parameters<RecordTransaction['list']>[1]> = {},
  ): Promise<Array<{ readonly key: string; readonly body: RecordBodies[K] }>> {
    const { prefix = '', after, limit, descending = false } = options;
    const inOrder = this.#live().of(kind).entries();
    if (descending) inOrder.reverse();
    return inOrder
      .filter(([key]) => key.startsWith(prefix) && (after === undefined || (descending ? key < after : key > after)))
      .slice(0, limit)
      .map(([key, { text }]) => ({ key, body: JSON.parse(text) }));
  }

  async remove(kind: 'approvalRequest' | 'stage' | 'memory', key: string): Promise<void> {
    const table = this.#live().of(kind);
    if (table.get(key) !== undefined) table.delete(key);
  }

  async append<K extends 'decision'>(
    kind: K,
    scope: string,
    key: string,
    body: RecordBodies[K],
  ): Promise<ChainEntry<RecordBodies[K]>> {
    const chain = this.#live().chains.get(scope) ?? [];
    const { text, digest: bodyDigest } = seal(kind, key, body);
    if ((await this.insert(kind, key, body)) === 'present') {
      const standing = chain.find((entry) => entry.key === key);
      if (standing === undefined) throw conflict(kind, key, `${bodyDigest} (in another chain)`, bodyDigest);
      return structuredClone(standing);
    }
    const last = chain.at(-1);
    const sequence = (last?.sequence ?? 0) + 1;
    const previousDigest = last?.digest ?? CHAIN_START;
    const digest = chainDigest(sequence, key, body, previousDigest);
    const entry = { sequence, key, body: JSON.parse(text), previousDigest, digest };
    this.#tables.chains.set(scope, [...chain, entry]);
    return structuredClone(entry);
  }

  async chainWith(_kind: 'decision', digest: string): Promise<string | null> {
    const chains = this.#live().chains.entries();
    return chains.find(([, chain]) => chain.some((entry) => entry.digest === digest))?.[0] ?? null;
  }

  async chain<K extends 'decision'>(_kind: K, scope: string): Promise<Array<ChainEntry<RecordBodies[K]>>> {
    return structuredClone([...(this.#live().chains.get(scope) ?? [])]);
  }

  async watermark(): Promise<number | null> {
    return this.#live().watermarks.get(WATERMARK) ?? null;
  }

  async advanceWatermark(through: number): Promise<void> {
    const { watermarks } = this.#live();
    if (through > (watermarks.get(WATERMARK) ?? -Infinity)) watermarks.set(WATERMARK, through);
  }

  async join(participant: string): Promise<void> {
    const { participants } = this.#live();
    if (participants.get(participant) === undefined) participants.set(participant, -Infinity);
  }

  async settle(participant: string, through: number): Promise<void> {
    const { participants } = this.#live();
    const settled = participants.get(participant);
    if (settled !== undefined && settled < through) participants.set(participant, through);
  }

  async unsettle(participant: string): Promise<void> {
    const { participants } = this.#live();
    if ((participants.get(participant) ?? -Infinity) > -Infinity) participants.set(participant, -Infinity);
  }

  async leave(participant: string): Promise<void> {
    const { participants } = this.#live();
    if (participants.get(participant) !== undefined) participants.delete(participant);
  }

  async handOff({ id, to, kind, body }: Handoff): Promise<void> {
    const { handoffs } = this.#live();
    const { text } = seal('handoff', id, { id, to, kind, body });
    if (handoffs.get(id) === undefined) handoffs.set(id, { text, to, acknowledged: false });
  }

  async acknowledge(handoffId: string): Promise<void> {
    const { handoffs } = this.#live();
    const handoff = handoffs.get(handoffId);
    if (handoff?.acknowledged === false) handoffs.set(handoffId, { ...handoff, acknowledged: true });
  }

  async handoffs(to?: string): Promise<Handoff[]> {
    return this.#live()
      .handoffs.entries()
      .filter(([, handoff]) => !handoff.acknowledged && (to === undefined || handoff.to === to))
      .map(([, { text }]) => JSON.parse(text));
  }

  async unsettled(through: number): Promise<string[]> {
    const participants = this.#live().participants.entries();
    const open = await this.handoffs();
    return [
      ...participants.filter(([, settled]) => settled < through).map(([participant]) => participant),
      ...open.map(({ id }) => id),
    ];
  }

  #live(): ModelTables {
    if (!this.#open) throw new Error('this transaction has ended; await every call before the work returns');
    return this.#tables;
  }
}

export function createInMemoryRecordStore(): RecordStore {
  return new InMemoryRecordStore();
}

class InMemoryRecordStore implements RecordStore {
  readonly #models = new Map<string, ModelTables>();
  /** The end of each model's queue of transactions. */
  readonly #queues = new Map<string, Promise<unknown>>();
  readonly #waiters = new Waiters();
  readonly #single = new SingleTransaction();

  async migrate(): Promise<void> {}

  async models(): Promise<string[]> {
    return [...this.#models]
      .filter(([, tables]) => [...tables.kinds.values()].some((table) => table.entries().length > 0))
      .map(([model]) => model)
      .sort();
  }

  async transaction<T>(model: string, work: (tx: RecordTransaction) => Promise<T>): Promise<T> {
    return this.#single.run(async () => {
      const turn = (this.#queues.get(model) ?? Promise.resolve()).then(() => this.#attempt(model, work));
      this.#queues.set(
        model,
        turn.catch(() => undefined),
      );
      return turn;
    });
  }

  async waitForChange(model: string, timeoutMs: number): Promise<void> {
    await this.#waiters.wait(model, timeoutMs);
  }

  async close(): Promise<void> {
    this.#waiters.wakeAll();
  }

  async #attempt<T>(model: string, work: (tx: RecordTransaction) => Promise<T>): Promise<T> {
    const tables = this.#models.get(model) ?? new ModelTables();
    this.#models.set(model, tables);
    const tx = new InMemoryTransaction(tables);
    try {
      const result = await work(tx);
      const changed = tables.all().some((table) => table.changed);
      for (const table of tables.all()) table.commit();
      if (changed) this.#waiters.wake(model);
      return result;
    } catch (error) {
      for (const table of tables.all()) table.rollback();
      throw error;
    } finally {
      tx.end();
    }
  }
}
