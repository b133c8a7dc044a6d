/**
 * The archive as Parquet files in a folder that workers share. A segment becomes at most one file per kind and UTC day it
 * touches, put in place by a rename; what is there already is left alone, so a repeated compaction changes nothing.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { DuckDBConnection } from '@duckdb/node-api';
import { PEOPLE_REVISION } from '../../contracts/serving.ts';
import type { LogRecord, OutcomeRecord, PredictionRecord } from '../../contracts/serving.ts';
import { isoDay } from '../../domain/time.ts';
import { archiveFiles, archiveFolder, archiveName } from './archive-files.ts';
import type { ArchiveKind, ArchiveSpan } from './archive-files.ts';
import type { ClosedSegment, CohortUnit, LogSpan, RequestLog } from './port.ts';

/** Columns of each kind; a file written before a column existed has null there. */
const COLUMNS = {
  predictions: {
    requestId: 'VARCHAR',
    unit: 'VARCHAR',
    at: 'BIGINT',
    generation: 'BIGINT',
    exposure: 'DOUBLE',
    arm: 'VARCHAR',
    served: 'VARCHAR',
    bundle: 'VARCHAR',
    prediction: 'DOUBLE',
    stable: 'DOUBLE',
    candidate: 'DOUBLE',
    stableBundle: 'VARCHAR',
    candidateBundle: 'VARCHAR',
    stableError: 'VARCHAR',
    candidateError: 'VARCHAR',
    stableMs: 'DOUBLE',
    candidateMs: 'DOUBLE',
    inputs: 'JSON',
    fresh: 'JSON',
    freshThrough: 'BIGINT',
  },
  outcomes: {
    requestId: 'VARCHAR',
    revision: 'BIGINT',
    label: 'DOUBLE',
    knownAt: 'BIGINT',
    inputs: 'JSON',
  },
} as const satisfies Record<ArchiveKind, Record<string, string>>;

/** Where a record stood: decides which of two with the same key is the first. */
const ORIGIN = { gateway: 'VARCHAR', segment: 'BIGINT', position: 'BIGINT' } as const;
const FIRST = 'gateway, segment, position';

/** @param folder of the archive, shared by all workers */
export async function openDuckdbRequestLog({ folder }: { readonly folder: string }): Promise<RequestLog> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1', autoinstall_known_extensions: 'false' });
  const connected = async <T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> => {
    const connection = await instance.connect();
    try {
      return await work(connection);
    } finally {
      connection.closeSync();
    }
  };
  const query = <Row>(sql: string): Promise<Row[]> => connected((connection) => rowsOf<Row>(connection, sql));

  return {
    compact: (segment) => connected((connection) => writeSegment(connection, folder, segment)),
    readUnits: async (span) => {
      const predictions = await scan(folder, span.model, 'predictions', { first: span.from, last: span.to - 1 });
      const outcomes = await scan(folder, span.model, 'outcomes', { first: span.from, last: span.asOf - 1 });
      const rows = await query<Omit<CohortUnit, 'inputs'> & { readonly inputs: unknown }>(
        unitsSql(predictions, outcomes, span),
      );
      return rows.map((row) => ({ ...row, inputs: parsed(row.inputs) }));
    },
    readPredictions: async (span) => {
      const predictions = await scan(folder, span.model, 'predictions', { first: span.from, last: span.to - 1 });
      const rows = await query<Stored<PredictionRecord>>(
        `select ${Object.keys(COLUMNS.predictions).map(quoted).join(', ')} from (${predictionsSql(predictions, span)})
         order by "at", "requestId"`,
      );
      return rows.map((row) => ({ kind: 'prediction', ...row, inputs: parsed(row.inputs), fresh: parsed(row.fresh) }));
    },
    readOutcomesBetween: async ({ model, from, to }) => {
      const outcomes = await scan(folder, model, 'outcomes', { first: from, last: to - 1 });
      const rows = await query<Stored<OutcomeRecord>>(
        `select ${Object.keys(COLUMNS.outcomes).map(quoted).join(', ')} from (${outcomesSql(outcomes, from, to - 1)})
         order by "knownAt", "requestId", revision`,
      );
      return rows.map((row) => ({ kind: 'outcome', ...row, inputs: parsed(row.inputs) }));
    },
    close: async () => instance.closeSync(),
  };
}

type Stored<R extends LogRecord> = { readonly [Key in Exclude<keyof R, 'kind'>]-?: Exclude<R[Key], undefined> } & {
  readonly inputs: unknown;
  readonly fresh?: unknown;
};

const quoted = (name: string): string => `"${name}"`;
const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
/** Old files may lack the maps. */
const parsed = (json: unknown): Record<string, never> =>
  typeof json === 'string' ? (JSON.parse(json) as Record<string, never>) : {};

async function rowsOf<Row>(connection: DuckDBConnection, sql: string): Promise<Row[]> {
  const result = await connection.run(sql);
  const names = result.columnNames();
  const columns = await result.getColumns();
  return Array.from(
    { length: result.rowCount },
    (_, row) =>
      Object.fromEntries(
        names.map((name, index) => {
          const value = columns[index]?.[row] ?? null;
          return [name, typeof value === 'bigint' ? Number(value) : value];
        }),
      ) as Row,
  );
}

async function writeSegment(connection: DuckDBConnection, folder: string, segment: ClosedSegment): Promise<void> {
  const { records } = segment;
  const placed = records.map((record, position) => ({ ...record, position }));
  const predictions = placed.filter((record) => record.kind === 'prediction');
  const outcomes = placed.filter((record) => record.kind === 'outcome');
  await writeKind(connection, folder, segment, 'predictions', predictions, (record) => record.at);
  await writeKind(connection, folder, segment, 'outcomes', outcomes, (record) => record.knownAt);
}

async function writeKind<R>(
  connection: DuckDBConnection,
  folder: string,
  { model, gateway, segment }: ClosedSegment,
  kind: ArchiveKind,
  records: readonly R[],
  time: (record: R) => number,
): Promise<void> {
  const days = new Map<string, R[]>();
  for (const record of records) {
    const day = isoDay(time(record));
    const inDay = days.get(day);
    if (inDay === undefined) days.set(day, [record]);
    else inDay.push(record);
  }
  for (const [day, inDay] of days) {
    const target = archiveFolder(folder, model, kind, day);
    const file = join(target, archiveName(spanOf(inDay.map(time)), gateway, segment));
    if (existsSync(file)) continue;
    await mkdir(target, { recursive: true });
    const draft = join(folder, `draft-${process.pid}-${randomBytes(6).toString('hex')}`);
    try {
      await writeFile(`${draft}.json`, inDay.map((record) => JSON.stringify(record)).join('\n'));
      const columns = { ...COLUMNS[kind], position: ORIGIN.position };
      await connection.run(
        `copy (select *, ${literal(gateway)} as gateway, cast(${segment} as bigint) as segment
           from read_json(${literal(`${draft}.json`)}, format = 'newline_delimited', columns = ${structOf(columns)}))
         to ${literal(`${draft}.parquet`)} (format parquet)`,
      );
      await flush(`${draft}.parquet`);
      await rename(`${draft}.parquet`, file);
      await flush(target);
    } finally {
      await rm(`${draft}.json`, { force: true });
      await rm(`${draft}.parquet`, { force: true });
    }
  }
}

function spanOf(times: readonly number[]): ArchiveSpan {
  return {
    first: times.reduce((least, time) => Math.min(least, time)),
    last: times.reduce((most, time) => Math.max(most, time)),
  };
}

/** The gateway drops a segment once it is archived: it must be on the disk by then. */
async function flush(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const structOf = (columns: Readonly<Record<string, string>>): string =>
  `{${Object.entries(columns)
    .map(([name, type]) => `${quoted(name)}: '${type}'`)
    .join(', ')}}`;

/** The records of the files that may matter; the empty first part gives every column its name and type whatever the files have. */
async function scan(folder: string, model: string, kind: ArchiveKind, span: ArchiveSpan): Promise<string> {
  const columns = Object.entries({ ...COLUMNS[kind], ...ORIGIN });
  const typed = `select ${columns.map(([name, type]) => `cast(null as ${type}) as ${quoted(name)}`).join(', ')} limit 0`;
  const files = await archiveFiles(folder, model, kind, span);
  if (files.length === 0) return `(${typed})`;
  return `((${typed}) union all by name (from read_parquet([${files.map(literal).join(', ')}], union_by_name = true)))`;
}

function predictionsSql(predictions: string, { from, to }: LogSpan): string {
  return `select * from ${predictions} where "at" >= ${from} and "at" < ${to}
    qualify row_number() over (partition by "requestId" order by ${FIRST}) = 1`;
}

/** Each revision once, those known in [from, through]. */
function outcomesSql(outcomes: string, from: number, through: number): string {
  return `select * from ${outcomes} where "knownAt" >= ${from} and "knownAt" <= ${through}
    qualify row_number() over (partition by "requestId", revision order by ${FIRST}) = 1`;
}

function unitsSql(predictions: string, outcomes: string, span: LogSpan & { readonly asOf: number }): string {
  return `
    with asked as (${predictionsSql(predictions, span)}),
      known as (
        select "requestId", label, revision from ${outcomes}
        where "knownAt" >= ${span.from} and "knownAt" < ${span.asOf} and "requestId" in (select "requestId" from asked)
        qualify row_number() over (partition by "requestId" order by revision desc, ${FIRST}) = 1
      )
    select asked."requestId", unit, "at", generation, arm, served, bundle, prediction, stable, candidate, "stableBundle", "candidateBundle",
      "stableError", "candidateError", "stableMs", "candidateMs", known.label, known."requestId" is not null as "outcomeKnown",
      coalesce(known.revision = ${PEOPLE_REVISION}, false) as "byPeople", "freshThrough", inputs
    from asked left join known on known."requestId" = asked."requestId"
    order by "at", asked."requestId"`;
}
