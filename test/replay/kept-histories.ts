/** Histories that are kept from release to release. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { HistoryEvent } from '../workflows/history-rules.ts';

const HISTORIES = join('test', 'replay', 'histories');

export interface KeptHistory {
  readonly workflowId: string;
  readonly history: { readonly events: HistoryEvent[] };
}

/** All of them, by release and name. */
export const kept = readdirSync(HISTORIES).flatMap((release) =>
  readdirSync(join(HISTORIES, release))
    .filter((name) => name.endsWith('.json'))
    .map((name) => ({ name: `${release}/${name}`, path: join(HISTORIES, release, name) })),
);

export const read = (path: string): KeptHistory => JSON.parse(readFileSync(path, 'utf8')) as KeptHistory;
