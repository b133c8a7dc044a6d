/**
 * Values of the declared outcome-rate features for every row of a source, kept beside the prepared rows: one file per event day
 * and set of declarations. They depend on nothing but the source, so they are computed once and read by every dataset.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { FeatureDeclaration, OutcomeRateFeature } from '../../contracts/serving.ts';
import { canonicalJson } from '../../domain/canonical-json.ts';
import { sha256Hex } from '../../domain/sha256.ts';
import { lookBackMs, outcomeRateSql } from './outcome-rate-sql.ts';
import { partitionFile } from './prepare.ts';
import type { PreparedDay, PreparedSource } from './prepare.ts';
import { literal, withSession } from './session.ts';
import type { Session } from './session.ts';

/** A week at a time bounds memory; shorter blocks read every outcome of the look-back more often. */
const BLOCK_DAYS = 7;

export const rateFeatures = (features: readonly FeatureDeclaration[]): OutcomeRateFeature[] =>
  features.filter((feature) => feature.kind === 'outcomeRate');

/** Files with the feature values (unit, one column per feature) of the given days, computed where they are not there yet. */
export async function outcomeRateFiles(
  prepared: PreparedSource,
  features: readonly OutcomeRateFeature[],
  days: readonly string[],
): Promise<string[]> {
  const folder = join(prepared.folder, `rates-${sha256Hex(canonicalJson(features)).slice(0, 16)}`);
  const fileOf = (day: string): string => join(folder, `day-${day}.parquet`);
  const wanted = prepared.days.filter(({ day, rows }) => rows > 0 && days.includes(day));
  const absent = wanted.filter(({ day }) => !existsSync(fileOf(day)));
  await mkdir(folder, { recursive: true });
  for (let start = 0; start < absent.length; start += BLOCK_DAYS) {
    await computeBlock(prepared, features, absent.slice(start, start + BLOCK_DAYS), fileOf);
  }
  return wanted.map(({ day }) => fileOf(day));
}

async function computeBlock(
  prepared: PreparedSource,
  features: readonly OutcomeRateFeature[],
  block: readonly PreparedDay[],
  fileOf: (day: string) => string,
): Promise<void> {
  await withSession({}, async (session) => {
    const asked = block.map(({ day }) => literal(partitionFile(prepared, day))).join(', ');
    await session.run(`create temp table asked as select unit, "at", partition, inputs from read_parquet([${asked}])`);
    await session.run(`create temp table arrived as ${arrivalsSql(prepared, features, block)}`);
    await session.run(
      `create temp table rates as select asked.partition, rated.* from (${outcomeRateSql(features)}) as rated join asked using (unit)`,
    );
    for (const { day } of block) await writeDay(session, day, fileOf(day));
  });
}

/** Every outcome that can matter to a row of the block, whatever its partition and whether or not it was quarantined: it was seen. */
function arrivalsSql(
  prepared: PreparedSource,
  features: readonly OutcomeRateFeature[],
  block: readonly PreparedDay[],
): string {
  const { oldest, newest } = lookBackMs(features);
  const from = Math.min(...block.map(({ firstAt }) => firstAt)) - oldest - 60_000;
  const until = Math.max(...block.map(({ lastAt }) => lastAt)) - newest + 60_000;
  const files = prepared.days
    .filter(
      ({ firstKnownAt, lastKnownAt }) => firstKnownAt !== null && firstKnownAt <= until && Number(lastKnownAt) >= from,
    )
    .map(({ day }) => literal(partitionFile(prepared, day)));
  const source = files.length === 0 ? literal(partitionFile(prepared, block[0]?.day ?? '')) : files.join(', ');
  return `select known_at, label, inputs from read_parquet([${source}]) where known_at between ${from} and ${until}`;
}

async function writeDay(session: Session, day: string, file: string): Promise<void> {
  const draft = `${file}.draft-${process.pid}-${randomBytes(4).toString('hex')}`;
  await session.run(
    `copy (select * exclude (partition) from rates where partition = ${literal(day)} order by unit) to ${literal(draft)} (format parquet)`,
  );
  await rename(draft, file);
}
