/** Landing: a prepared partition is judged by the declared checks and put into the object store, accepted and quarantined apart. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { QualityCheck } from '../../contracts/model.ts';
import { judgePartition, NO_PLACE } from '../../domain/collection/quality.ts';
import type { PartitionCounts } from '../../domain/collection/quality.ts';
import type { LandedPartition, PartitionStore } from './port.ts';
import { partitionFile, setAsideFile } from './prepare.ts';
import type { PreparedDay, PreparedSource, SourceDeclaration } from './prepare.ts';
import { expression, identifier, literal, withSession } from './session.ts';
import type { Session } from './session.ts';

export interface LandingPlaces {
  readonly workDir: string;
  readonly store: PartitionStore;
}

/** The columns that make up a row's content; `reason` is beside it in quarantine. */
const ROW = 'unit, "at", partition, known_at, label, inputs, raw, "copy"';
/** Row by row first, so that the text that is aggregated stays small however wide the rows are. */
const CONTENT_DIGEST = `sha256(coalesce(string_agg(sha256(cast(to_json(struct_pack(
  unit := unit, "at" := "at", known_at := known_at, label := label, inputs := inputs, raw := raw, reason := reason
)) as varchar)), '' order by "at" nulls last, unit), ''))`;

/** Object-store name of a landed partition's rows. */
export const partitionName = (folder: string, digest: string, which: 'accepted' | 'quarantined'): string =>
  `partitions/${folder}/${digest}.${which}.parquet`;

export async function landDay(
  prepared: PreparedSource,
  { model, checks }: SourceDeclaration,
  day: PreparedDay,
  places: LandingPlaces,
): Promise<LandedPartition> {
  return withSession({}, async (session) => {
    await session.run(`create temp table landed as ${judgedRowsSql(prepared, checks, day)}`);
    const verdict = judgePartition(checks, await countRows(session, prepared));
    if (verdict.blocked !== null) {
      await session.run(`update landed set reason = ${literal(verdict.blocked.checkId)} where reason is null`);
    }
    const [facts] = await session.rows<{ rows: number; accepted: number; labelledThrough: number | null }>(
      `select count(*) as rows, count(*) filter (where reason is null) as accepted, max(known_at) as "labelledThrough" from landed`,
    );
    const { rows, accepted, labelledThrough } = facts ?? { rows: 0, accepted: 0, labelledThrough: null };
    const stored = {
      accepted: await storeRows(session, `${model}/${day.day}`, 'accepted', places),
      quarantined: await storeRows(session, `${model}/${day.day}`, 'quarantined', places),
    };
    return {
      day: day.day,
      rows,
      accepted,
      ...verdict,
      digest: stored.accepted.digest,
      acceptedFile: stored.accepted.name,
      quarantineFile: stored.quarantined.name,
      labelledThrough,
    };
  });
}

/** Every row of a day with the first check that sets it aside; check expressions see the columns of the file and nothing else of ours. */
function judgedRowsSql(prepared: PreparedSource, checks: readonly QualityCheck[], { day, rows }: PreparedDay): string {
  const files = [...(rows > 0 ? [partitionFile(prepared, day)] : []), setAsideFile(prepared)].filter((file) =>
    existsSync(file),
  );
  if (files.length === 0) {
    return `select ''::varchar as unit, 0::bigint as "at", 0::bigint as known_at, 0::double as label,
      null as inputs, null as raw, ''::varchar as reason limit 0`;
  }
  const columns = ['unit', 'at', 'partition', 'known_at', 'label', 'inputs', 'raw', 'copy'].map(identifier);
  return `select ${columns.map((name, index) => `__c${index} as ${name}`).join(', ')}, ${reasonSql(checks)} as reason
    from (select ${columns.map((name, index) => `${name} as __c${index}`).join(', ')}, raw.*
          from read_parquet([${files.map(literal).join(', ')}]) where partition = ${literal(day)})`;
}

function reasonSql(checks: readonly QualityCheck[]): string {
  const whens = [`when __c1 is null then ${literal(NO_PLACE)}`];
  for (const check of checks) {
    if (check.kind === 'exactDuplicate') whens.push(`when __c7 > 1 then ${literal(check.id)}`);
    if (check.kind === 'rowRange') {
      // A missing value is in no range and out of none: `missingShare` is the check for it. NaN is above every number.
      const value = `cast(${expression(check.expression)} as double)`;
      const outside = [
        ...(check.min === undefined ? [] : [`${value} < ${check.min}`]),
        ...(check.max === undefined ? [] : [`${value} > ${check.max}`]),
        `isnan(${value})`,
      ];
      whens.push(`when ${outside.join(' or ')} then ${literal(check.id)}`);
    }
  }
  return `case ${whens.join(' ')} end`;
}

async function countRows(session: Session, prepared: PreparedSource): Promise<PartitionCounts> {
  const reasons = await session.rows<{ reason: string | null; rows: number }>(
    'select reason, count(*) as rows from landed group by reason',
  );
  const rows = reasons.reduce((sum, group) => sum + group.rows, 0);
  const missing = prepared.inputs.map(({ name }, index) => `count(*) - count(inputs[${literal(name)}]) as m${index}`);
  const [counts = {}] =
    rows === 0 ? [] : await session.rows<Record<string, number>>(`select ${missing.join(', ')} from landed`);
  return {
    rows,
    quarantined: Object.fromEntries(reasons.flatMap(({ reason, rows }) => (reason === null ? [] : [[reason, rows]]))),
    missing: Object.fromEntries(prepared.inputs.map(({ name }, index) => [name, counts[`m${index}`] ?? 0])),
  };
}

async function storeRows(
  session: Session,
  folder: string,
  which: 'accepted' | 'quarantined',
  { workDir, store }: LandingPlaces,
): Promise<{ digest: string; name: string | null }> {
  const where = which === 'accepted' ? 'reason is null' : 'reason is not null';
  const [content] = await session.rows<{ rows: number; digest: string }>(
    `select count(*) as rows, ${CONTENT_DIGEST} as digest from landed where ${where}`,
  );
  const { rows, digest } = content ?? { rows: 0, digest: '' };
  if (rows === 0) return { digest, name: null };
  const name = partitionName(folder, digest, which);
  const drafts = join(workDir, 'landing');
  const draft = join(drafts, `${digest}-${process.pid}-${randomBytes(4).toString('hex')}.parquet`);
  await mkdir(drafts, { recursive: true });
  try {
    const reason = which === 'accepted' ? '' : ', reason';
    await session.run(`copy (select ${ROW}${reason} from landed where ${where} order by "at" nulls last, unit)
      to ${literal(draft)} (format parquet, compression zstd)`);
    await store.writeFile(name, draft);
  } finally {
    await rm(draft, { force: true });
  }
  return { digest, name };
}
