import { existsSync, readFileSync } from 'node:fs';
import type { CrashPoint } from './effects.ts';

/** One line of what a worker that kills itself leaves behind. */
export type JournalLine =
  | { readonly died: CrashPoint }
  | { readonly activity: string; readonly workflowId: string; readonly labels: readonly string[] };

/** Everything that a worker has written so far. */
export function readJournal(path: string): JournalLine[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as JournalLine);
}
