/**
 * Names of archive files: `<model>/<kind>/<UTC day>/<first ms>-<last ms>.<gateway>.<segment>.parquet`. The name alone says which
 * event times (predictions) or arrivals (outcomes) are inside, so that a reader opens nothing it does not need.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DAY_MS, epochMs } from '../../domain/time.ts';
import type { EpochMs } from '../../domain/time.ts';

export type ArchiveKind = 'predictions' | 'outcomes';

const NAME = /^(-?\d+)-(-?\d+)\.[^.]*\.\d+\.parquet$/;

export interface ArchiveSpan {
  readonly first: EpochMs;
  readonly last: EpochMs;
}

/** Gateways are named by their operators: whatever is no letter, digit or hyphen is written as its code. */
const fileSafe = (name: string): string =>
  name.replaceAll(/[^A-Za-z0-9-]/g, (letter) => `_${(letter.codePointAt(0) ?? 0).toString(16)}_`);

export function archiveFolder(folder: string, model: string, kind: ArchiveKind, day: string): string {
  return join(folder, fileSafe(model), kind, day);
}

export const archiveName = ({ first, last }: ArchiveSpan, gateway: string, segment: number): string =>
  `${first}-${last}.${fileSafe(gateway)}.${segment}.parquet`;

/** Files that may hold records with times in [from, to], in order of name. */
export async function archiveFiles(
  folder: string,
  model: string,
  kind: ArchiveKind,
  { first: from, last: to }: ArchiveSpan,
): Promise<string[]> {
  const files: string[] = [];
  for (const day of await namesIn(archiveFolder(folder, model, kind, ''))) {
    const start = epochMs(day);
    if (start > to || start + DAY_MS <= from) continue;
    const inDay = archiveFolder(folder, model, kind, day);
    for (const name of await namesIn(inDay)) {
      const match = NAME.exec(name);
      if (match !== null && Number(match[1]) <= to && Number(match[2]) >= from) files.push(join(inDay, name));
    }
  }
  return files;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw cause;
  }
}
