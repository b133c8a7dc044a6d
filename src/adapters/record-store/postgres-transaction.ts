import type { PoolClient, QueryResultRow } from 'pg';
import type { RecordBodies, RecordKind } from '../../contracts/records.ts';
import { CHAIN_START, chainDigest, conflict, seal } from './digest.ts';
import type { ChainEntry, Handoff, RecordTransaction } from './port.ts';

/** Above every string that starts with the prefix, in the "C" collation. */
const LAST_CHARACTER = '\u{10FFFF}';
const LIST_MAX = 100_000;

interface ChainRow extends QueryResultRow {
  sequence: number;
  key: string;
  body: RecordBodies['decision'];
  previous_digest: string;
  digest: string;
}

const entryOf = (row: ChainRow): ChainEntry<RecordBodies['decision']> => ({
  sequence: row.sequence,
  key: row.key,
  body: row.body,
  previousDigest: row.previous_digest,
  digest: row.digest,
});

/** One transaction of one model on one connection. The caller begins, locks, commits. */
export class PostgresTransaction implements RecordTransaction {
  readonly #client: PoolClient;
  readonly #model: string;
  #open = true;
  #changed = false;

  constructor(client: PoolClient, model: string) {
    this.#client = client;
    this.#model = model;
  }

  get changed(): boolean {
    return this.#changed;
  }

  /** After this every call fails: the transaction has ended. */
  end(): void {
    this.#open = false;
  }

  async put<K extends RecordKind>(kind: K, key: string, body: RecordBodies[K]): Promise<void> {
    const { text, digest } = seal(kind, key, body);
    await this.#write(
      'put',
      `insert into holdfast.records as r (model, kind, key, body, digest) values ($1, $2, $3, $4, $5)
       on conflict (model, kind, key) do update set body = excluded.body, digest = excluded.digest where r.digest <> excluded.digest`,
      [kind, key, text, digest],
    );
  }

  async insert<K extends RecordKind>(kind: K, key: string, body: RecordBodies[K]): Promise<'inserted' | 'present'> {
    const { text, digest } = seal(kind, key, body);
    const inserted = await this.#write(
      'insert',
      'insert into holdfast.records (model, kind, key, body, digest) values ($1, $2, $3, $4, $5) on conflict do nothing',
      [kind, key, text, digest],
    );
    if (inserted > 0) return 'inserted';
    const [row] = await this.#rows<{ digest: string }>(
      'digest',
      'select digest from holdfast.records where model = $1 and kind = $2 and key = $3',
      [kind, key],
    );
    if (row !== undefined && row.digest !== digest) throw conflict(kind, key, row.digest, digest);
    return 'present';
  }

  async get<K extends RecordKind>(kind: K, key: string): Promise<RecordBodies[K] | null> {
    const [row] = await this.#rows<{ body: RecordBodies[K] }>(
      'get',
      'select body from holdfast.records where model = $1 and kind = $2 and key = $3',
      [kind, key],
    );
    return row?.body ?? null;
  }

  async list<K extends RecordKind>(
    kind: K,
    options: NonNullable<Parameters<RecordTransaction['list']>[1]> = {},
  ): Promise<Array<{ readonly key: string; readonly body: RecordBodies[K] }>> {
    const { prefix = '', after, limit = LIST_MAX, descending = false } = options;
    const [beyond, order] = descending ? ['<', 'desc'] : ['>', 'asc'];
    return this.#rows<{ key: string; body: RecordBodies[K] }>(
      `list ${order}`,
      `select key, body from holdfast.records where model = $1 and kind = $2 and key >= $3 and key < $4
       and ($5::text is null or key ${beyond} $5::text collate "C") order by key ${order} limit $6`,
      [kind, prefix, prefix + LAST_CHARACTER, after ?? null, limit],
    );
  }

  async remove(kind: 'approvalRequest' | 'stage' | 'memory', key: string): Promise<void> {
    await this.#write('remove', 'delete from holdfast.records where model = $1 and kind = $2 and key = $3', [
      kind,
      key,
    ]);
  }

  async append<K extends 'decision'>(
    kind: K,
    scope: string,
    key: string,
    body: RecordBodies[K],
  ): Promise<ChainEntry<RecordBodies[K]>> {
    const { text, digest: bodyDigest } = seal(kind, key, body);
    // The plain record is what makes the decision readable by its id, and what refuses other content under the same id.
    if ((await this.insert(kind, key, body)) === 'present') {
      const [standing] = await this.#rows<ChainRow>(
        'entry',
        `select sequence, key, body, previous_digest, digest from holdfast.chains
         where model = $1 and kind = $2 and scope = $3 and key = $4`,
        [kind, scope, key],
      );
      if (standing === undefined) throw conflict(kind, key, `${bodyDigest} (in another chain)`, bodyDigest);
      return entryOf(standing);
    }
    const [last] = await this.#rows<{ sequence: number; digest: string }>(
      'head',
      `select sequence, digest from holdfast.chains where model = $1 and kind = $2 and scope = $3
       order by sequence desc limit 1`,
      [kind, scope],
    );
    const sequence = (last?.sequence ?? 0) + 1;
    const previousDigest = last?.digest ?? CHAIN_START;
    const digest = chainDigest(sequence, key, body, previousDigest);
    await this.#write(
      'append',
      `insert into holdfast.chains (model, kind, scope, sequence, key, body, previous_digest, digest)
       values ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [kind, scope, sequence, key, text, previousDigest, digest],
    );
    return { sequence, key, body, previousDigest, digest };
  }

  async chainWith(kind: 'decision', digest: string): Promise<string | null> {
    const [row] = await this.#rows<{ scope: string }>(
      'chain with',
      'select scope from holdfast.chains where model = $1 and kind = $2 and digest = $3',
      [kind, digest],
    );
    return row?.scope ?? null;
  }

  async chain<K extends 'decision'>(kind: K, scope: string): Promise<Array<ChainEntry<RecordBodies[K]>>> {
    const rows = await this.#rows<ChainRow>(
      'chain',
      `select sequence, key, body, previous_digest, digest from holdfast.chains
       where model = $1 and kind = $2 and scope = $3 order by sequence`,
      [kind, scope],
    );
    return rows.map(entryOf);
  }

  async watermark(): Promise<number | null> {
    const [row] = await this.#rows<{ through: number }>(
      'watermark',
      'select through from holdfast.watermarks where model = $1',
      [],
    );
    return row?.through ?? null;
  }

  async advanceWatermark(through: number): Promise<void> {
    await this.#write(
      'advance watermark',
      `insert into holdfast.watermarks as w (model, through) values ($1, $2)
       on conflict (model) do update set through = excluded.through where w.through < excluded.through`,
      [through],
    );
  }

  async join(participant: string): Promise<void> {
    await this.#write(
      'join',
      'insert into holdfast.participants (model, participant) values ($1, $2) on conflict do nothing',
      [participant],
    );
  }

  async settle(participant: string, through: number): Promise<void> {
    await this.#write(
      'settle',
      `update holdfast.participants set settled_through = $3
       where model = $1 and participant = $2 and (settled_through is null or settled_through < $3)`,
      [participant, through],
    );
  }

  async unsettle(participant: string): Promise<void> {
    await this.#write(
      'unsettle',
      `update holdfast.participants set settled_through = null
       where model = $1 and participant = $2 and settled_through is not null`,
      [participant],
    );
  }

  async leave(participant: string): Promise<void> {
    await this.#write('leave', 'delete from holdfast.participants where model = $1 and participant = $2', [
      participant,
    ]);
  }

  async handOff({ id, to, kind, body }: Handoff): Promise<void> {
    await this.#write(
      'hand off',
      `insert into holdfast.handoffs (model, id, addressee, kind, body) values ($1, $2, $3, $4, $5) on conflict do nothing`,
      [id, to, kind, seal('handoff', id, body).text],
    );
  }

  async acknowledge(handoffId: string): Promise<void> {
    await this.#write(
      'acknowledge',
      'update holdfast.handoffs set acknowledged = true where model = $1 and id = $2 and not acknowledged',
      [handoffId],
    );
  }

  async handoffs(to?: string): Promise<Handoff[]> {
    return this.#rows<Handoff & QueryResultRow>(
      'handoffs',
      `select id, addressee as "to", kind, body from holdfast.handoffs
       where model = $1 and not acknowledged and ($2::text is null or addressee = $2::text collate "C") order by id`,
      [to ?? null],
    );
  }

  async unsettled(through: number): Promise<string[]> {
    const rows = await this.#rows<{ name: string }>(
      'unsettled',
      `select name from (
         select 0 as part, participant as name from holdfast.participants
         where model = $1 and (settled_through is null or settled_through < $2)
         union all select 1, id from holdfast.handoffs where model = $1 and not acknowledged
       ) as open order by part, name`,
      [through],
    );
    return rows.map(({ name }) => name);
  }

  async #write(name: string, text: string, values: readonly unknown[]): Promise<number> {
    this.#mustBeOpen();
    const { rowCount } = await this.#client.query({ name, text, values: [this.#model, ...values] });
    if ((rowCount ?? 0) > 0) this.#changed = true;
    return rowCount ?? 0;
  }

  async #rows<Row extends QueryResultRow>(name: string, text: string, values: readonly unknown[]): Promise<Row[]> {
    this.#mustBeOpen();
    const { rows } = await this.#client.query<Row>({ name, text, values: [this.#model, ...values] });
    return rows;
  }

  #mustBeOpen(): void {
    if (!this.#open) throw new Error('this transaction has ended; await every call before the work returns');
  }
}
