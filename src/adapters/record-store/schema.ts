/**
 * The tables of the record store. Bodies are `json`, not `jsonb`: the column keeps the canonical text that was digested, so that
 * `encode(sha256(convert_to(body::text, 'UTF8')), 'hex') = digest` can be checked by anyone with nothing but PostgreSQL.
 */
import type { ClientBase } from 'pg';

/** Any constant that no other application is likely to lock. */
const MIGRATION_LOCK = 7_241_603_115;

/** Never edit an entry that was released: append one. */
const MIGRATIONS: readonly string[] = [
  `
  create table holdfast.records (
    model text collate "C" not null,
    kind text collate "C" not null,
    key text collate "C" not null,
    body json not null,
    digest text not null,
    primary key (model, kind, key)
  );
  create table holdfast.chains (
    model text collate "C" not null,
    kind text collate "C" not null,
    scope text collate "C" not null,
    sequence integer not null,
    key text collate "C" not null,
    body json not null,
    previous_digest text not null,
    digest text not null,
    primary key (model, kind, scope, sequence),
    unique (model, kind, scope, key)
  );
  create table holdfast.watermarks (
    model text collate "C" primary key,
    through double precision not null
  );
  create table holdfast.participants (
    model text collate "C" not null,
    participant text collate "C" not null,
    settled_through double precision,
    primary key (model, participant)
  );
  create table holdfast.handoffs (
    model text collate "C" not null,
    id text collate "C" not null,
    addressee text collate "C" not null,
    kind text not null,
    body json not null,
    acknowledged boolean not null default false,
    primary key (model, id)
  );
  create index handoffs_open on holdfast.handoffs (model, addressee) where not acknowledged;
  `,
];

/** Brings the schema to the newest version inside one transaction; several processes may call it at once. */
export async function migrateSchema(client: ClientBase): Promise<void> {
  await client.query('begin');
  try {
    await client.query('select pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    await client.query(`
      create schema if not exists holdfast;
      create table if not exists holdfast.migrations (version integer primary key, applied_at timestamptz not null default now());
    `);
    const { rows } = await client.query<{ version: number | null }>(
      'select max(version) as version from holdfast.migrations',
    );
    const applied = rows[0]?.version ?? 0;
    for (const [index, statements] of MIGRATIONS.entries()) {
      if (index < applied) continue;
      await client.query(statements);
      await client.query('insert into holdfast.migrations (version) values ($1)', [index + 1]);
    }
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}
