/** How far a replay has come, on disk: written after each batch that was acknowledged, read after Ctrl-C or kill -9. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';

const progressSchema = z.strictObject({
  /** Start of the first batch that has not been acknowledged, epoch milliseconds; null before the first. */
  next: z.number().nullable(),
  /** Start of the first batch of all. */
  since: z.number().nullable(),
  predictions: z.int(),
  outcomes: z.int(),
  /** Event time from which outcomes have been withheld on purpose and are still owed, epoch milliseconds; null: none. */
  withheldSince: z.number().nullable().default(null),
  /** Wall milliseconds spent replaying, over all runs. */
  wallMs: z.number(),
  /** Partition day up to which everything was replayed; null while something is left. */
  endedAt: z.string().nullable(),
});
export type ReplayProgress = z.infer<typeof progressSchema>;

export const NO_PROGRESS: ReplayProgress = {
  next: null,
  since: null,
  predictions: 0,
  outcomes: 0,
  withheldSince: null,
  wallMs: 0,
  endedAt: null,
};

/** Progress of an earlier run; none where there is no readable file: sending again is harmless, the gateway knows what it has. */
export function readProgress(path: string): ReplayProgress {
  try {
    return progressSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return NO_PROGRESS;
  }
}

/** Replaces the file as a whole: a kill leaves the old one or the new one. */
export function writeProgress(path: string, progress: ReplayProgress): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, JSON.stringify(progress));
  renameSync(`${path}.new`, path);
}
