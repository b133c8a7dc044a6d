/**
 * The prepared form of a source: one Parquet file per event day, rows in order of (event time, unit), made once per content of
 * the file and of the part of the declaration that shapes rows. Whoever finishes first puts the folder in its place by a
 * rename; the others find it there.
 */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelDeclaration } from '../../contracts/model.ts';
import { canonicalJson } from '../../domain/canonical-json.ts';
import { sha256Hex } from '../../domain/sha256.ts';
import { DAY_MS, epochMs, isoDay } from '../../domain/time.ts';
import type { EpochMs } from '../../domain/time.ts';
import { HoldfastError } from '../../contracts/errors.ts';
import type { SourceFault } from './port.ts';
import { makeFolder } from './made-folder.ts';
import { placeRows } from './places.ts';
import { partitionSql, repeatsSql, sourceRowsSql } from './prepare-sql.ts';
import type { RowShape } from './prepare-sql.ts';
import { firstLine } from './refusals.ts';
import { literal, withSession } from './session.ts';
import type { Session } from './session.ts';
import { bindExpressions, describeFile, fileDigest, missingColumn, resolveFile, unreadable } from './source-file.ts';
import type { SourceColumn } from './source-file.ts';

export type SourceDeclaration = Pick<ModelDeclaration, 'model' | 'source' | 'label' | 'checks' | 'features'>;

export interface PreparedDay {
  readonly day: string;
  /** Rows in the day's file. */
  readonly rows: number;
  /** Rows of the day that no place, hence no instant, could be found for; they are in the file of set-aside rows. */
  readonly withoutPlace: number;
  readonly firstAt: EpochMs;
  readonly lastAt: EpochMs;
  /** null: no label of the day ever becomes known. */
  readonly firstKnownAt: EpochMs | null;
  readonly lastKnownAt: EpochMs | null;
}

interface PreparedIndex {
  readonly digest: string;
  readonly fileDigest: string;
  readonly columns: readonly SourceColumn[];
  readonly inputs: readonly { readonly name: string; readonly kind: 'number' | 'text'; readonly missing: number }[];
  readonly labelled: number;
  readonly positive: number;
  /** Every day from the first to the last, also those without rows. */
  readonly days: readonly PreparedDay[];
  readonly faults: readonly SourceFault[];
}

export interface PreparedSource extends PreparedIndex {
  readonly folder: string;
}

export interface SourcePlaces {
  /** Folder of the model file. */
  readonly baseDir: string;
  /** Folder for what can be made again. */
  readonly workDir: string;
}

const FORMAT = 2; // part of the digest: rows prepared by another layout are never read
const THREADS = 2; // no floating-point sums here: every value depends on its own row, every order is total
const INDEX_FILE = 'index.json';

export const partitionFile = (prepared: PreparedSource, day: string): string =>
  join(prepared.folder, `day-${day}.parquet`);
export const setAsideFile = (prepared: PreparedSource): string => join(prepared.folder, 'without-place.parquet');

/** The prepared form of a declared source, made where it is not there yet. */
export async function prepareSource(declaration: SourceDeclaration, places: SourcePlaces): Promise<PreparedSource> {
  const { source, label } = declaration;
  const path = resolveFile(source.file, places.baseDir);
  const zones = typeof source.timeZone === 'string' ? null : resolveFile(source.timeZone.file, places.baseDir);
  const digests = { file: await fileDigest(path), zones: zones === null ? null : await fileDigest(zones) };
  const { eventTime, timeZone, key, inputs } = source;
  const { expression, arrivesAfter, valid } = label;
  const digest = sha256Hex(
    canonicalJson({
      format: FORMAT,
      digests,
      rows: { eventTime, timeZone, key, inputs, expression, arrivesAfter, valid },
    }),
  );
  const folder = join(places.workDir, `source-${digest.slice(0, 16)}`);
  await makeFolder(folder, INDEX_FILE, async (draft) => {
    const index = await prepareInto(draft, declaration, { path, zones });
    await writeFile(join(draft, INDEX_FILE), JSON.stringify({ digest, fileDigest: digests.file, ...index }));
  });
  return { ...(JSON.parse(await readFile(join(folder, INDEX_FILE), 'utf8')) as PreparedIndex), folder };
}

async function prepareInto(
  draft: string,
  declaration: SourceDeclaration,
  files: { path: string; zones: string | null },
): Promise<Omit<PreparedIndex, 'digest' | 'fileDigest'>> {
  const spillDirectory = join(draft, 'spill');
  return withSession({ threads: THREADS, spillDirectory }, async (session) => {
    const columns = await describeFile(session, files.path);
    const shape = await bindShape(session, files.path, declaration, columns);
    await session.run(sourceRowsSql(shape)).catch((cause: unknown) => {
      throw unreadable(files.path, cause);
    });
    const faults = [...(await lineFaults(session, files.path)), ...(await timeFaults(session, shape))];
    faults.push(...(await placeRows(session, declaration.source.timeZone, files.zones)));
    await session.run(repeatsSql(shape));
    const days = await session.rows<{ day: string; rows: number; withoutPlace: number }>(
      `select strftime(__day, '%Y-%m-%d') as day, count(*) as rows, count(*) filter (where __offset is null) as "withoutPlace"
       from placed where __day is not null group by __day order by __day`,
    );
    for (const { day } of days) await writeRows(session, shape, join(draft, `day-${day}.parquet`), day);
    if (days.some((day) => day.withoutPlace > 0)) {
      await writeRows(session, shape, join(draft, 'without-place.parquet'), null);
    }
    await rm(spillDirectory, { recursive: true, force: true });
    return { columns, ...(await summarise(session, draft, shape, days)), faults };
  });
}

async function writeRows(session: Session, shape: RowShape, file: string, day: string | null): Promise<void> {
  try {
    await session.run(`copy (${partitionSql(shape, day)}) to ${literal(file)} (format parquet, compression zstd)`);
  } catch (cause) {
    throw new HoldfastError(
      'DATA_EXPRESSION_INVALID',
      `an expression of source or label fails on ${day ?? 'rows without a place'}: ${firstLine(cause)}`,
      { remedy: 'guard it, for example with try_cast or nullif' },
    );
  }
}

async function bindShape(
  session: Session,
  path: string,
  { source, label, checks }: SourceDeclaration,
  columns: readonly SourceColumn[],
): Promise<RowShape> {
  const expressions = new Map([
    ['source.eventTime', `cast(${source.eventTime} as timestamp)`],
    ...Object.entries(source.inputs).map(([name, sql]) => [`source.inputs.${name}`, sql] as const),
    ['label.expression', `cast(${label.expression} as double)`],
    ['label.arrivesAfter', `cast(${label.arrivesAfter} as double)`],
    ['label.valid', `cast(${label.valid} as boolean)`],
    ...checks.flatMap((check) =>
      check.kind === 'rowRange' ? [[`checks.${check.id}.expression`, check.expression] as const] : [],
    ),
    ...(typeof source.timeZone === 'string' ? [] : [['source.timeZone.key', source.timeZone.key] as const]),
  ]);
  const types = await bindExpressions(session, path, columns, expressions);
  const key = source.key.map((name) => {
    const column = columns.find((column) => column.name.toLowerCase() === name.toLowerCase());
    if (source.inputs[name] === undefined && column === undefined) throw missingColumn('source.key', name, columns);
    return source.inputs[name] ?? name;
  });
  return {
    path,
    columns: columns.map((column) => column.name),
    eventTime: source.eventTime,
    place: typeof source.timeZone === 'string' ? null : source.timeZone.key,
    key,
    // By name: a declaration that comes back from the records has its keys sorted, and partitions are named by what they hold.
    inputs: Object.entries(source.inputs)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, sql]) => ({
        name,
        sql,
        kind: isNumber(types.get(`source.inputs.${name}`) ?? '') ? 'number' : 'text',
      })),
    label,
  };
}

const isNumber = (type: string): boolean =>
  /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DOUBLE|FLOAT|DECIMAL.*|BOOLEAN)$/.test(type);

async function lineFaults(session: Session, path: string): Promise<SourceFault[]> {
  if (path.endsWith('.parquet')) return [];
  const [rejected] = await session.rows<{ rows: number; line: number; reason: string }>(
    `select count(distinct line) as rows, min(line) as line, arg_min(error_message, line) as reason from reject_errors`,
  );
  if (rejected === undefined || rejected.rows === 0) return [];
  return [
    {
      code: 'DATA_LINE_UNPARSABLE',
      message: `${rejected.rows} lines of ${path} cannot be read, the first is line ${rejected.line}: ${rejected.reason.split('\n')[0]}`,
      remedy: 'correct the lines; the others are used',
      rows: rejected.rows,
    },
  ];
}

async function timeFaults(session: Session, shape: RowShape): Promise<SourceFault[]> {
  const [rows] = await session.rows<{ all: number; bad: number; row: number | null; value: string | null }>(
    `select count(*) as "all", count(*) filter (where __day is null) as bad,
       min(__row) filter (where __day is null) as row,
       arg_min(coalesce(cast((\n${shape.eventTime}\n) as varchar), ''), __row) filter (where __day is null) as value
     from source_rows`,
  );
  if (rows === undefined || rows.all === 0) {
    throw new HoldfastError('DATA_FILE_EMPTY', `file ${shape.path} has no rows`, { remedy: 'put rows into it' });
  }
  if (rows.bad === 0) return [];
  const message =
    `source.eventTime cannot be read as a timestamp in ${rows.bad} of ${rows.all} rows, ` +
    `the first is row ${rows.row}: ${JSON.stringify(rows.value)}`;
  const remedy = 'correct the rows, or write an expression that reads them, for example with strptime';
  if (rows.bad === rows.all) throw new HoldfastError('DATA_TIME_UNPARSABLE', message, { remedy });
  return [{ code: 'DATA_TIME_UNPARSABLE', message, remedy, rows: rows.bad }];
}

async function summarise(
  session: Session,
  draft: string,
  shape: RowShape,
  counted: readonly { day: string; rows: number; withoutPlace: number }[],
): Promise<Pick<PreparedIndex, 'inputs' | 'days' | 'labelled' | 'positive'>> {
  const files = `read_parquet(${literal(join(draft, 'day-*.parquet'))})`;
  const spans = await session.rows<Omit<PreparedDay, 'withoutPlace'>>(
    `select partition as day, count(*) as rows, min("at") as "firstAt", max("at") as "lastAt",
       min(known_at) as "firstKnownAt", max(known_at) as "lastKnownAt" from ${files} group by partition`,
  );
  const missing = shape.inputs.map((input, index) => `count(*) - count(inputs[${literal(input.name)}]) as m${index}`);
  const [totals = {}] = await session.rows<Record<string, number>>(
    `select count(label) as labelled, count(*) filter (where label = 1) as positive, ${missing.join(', ')} from ${files}`,
  );
  const spanOf = new Map(spans.map((span) => [span.day, span]));
  const countOf = new Map(counted.map((count) => [count.day, count]));
  const days: PreparedDay[] = [];
  const last = epochMs(counted.at(-1)?.day ?? '');
  for (let at = epochMs(counted[0]?.day ?? ''); at <= last; at += DAY_MS) {
    const day = isoDay(at);
    const span = spanOf.get(day) ?? { day, rows: 0, firstAt: at, lastAt: at, firstKnownAt: null, lastKnownAt: null };
    days.push({ ...span, withoutPlace: countOf.get(day)?.withoutPlace ?? 0 });
  }
  return {
    inputs: shape.inputs.map(({ name, kind }, index) => ({ name, kind, missing: totals[`m${index}`] ?? 0 })),
    labelled: totals['labelled'] ?? 0,
    positive: totals['positive'] ?? 0,
    days,
  };
}
