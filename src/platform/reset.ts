/** Forgetting: removes what the platform has put into the state folder, and nothing that it has not. */
import { lstatSync, readdirSync, rmSync, rmdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { PlatformLock } from './lock.ts';
import { removePostgresHome } from './postgres-home.ts';

/** What is kept under which name. A process that keeps something new in the state folder has its line here. */
export const STATE_ENTRIES = [
  { name: 'postgres', meaning: 'records: registry, evidence, decisions, incidents' },
  { name: 'temporal.db', meaning: 'workflows with their histories' },
  { name: 'temporal.db-wal', meaning: 'workflows, latest writes' },
  { name: 'temporal.db-shm', meaning: 'workflows, index of the latest writes' },
  { name: 'objects', meaning: 'bulk: partitions, artifacts, reports' },
  { name: 'gateways', meaning: 'logs, ledgers and splits of the gateways' },
  { name: 'request-log', meaning: 'archive of the gateways’ logs' },
  { name: 'prepared', meaning: 'prepared data that can be computed again' },
  { name: 'replay', meaning: 'how far the replay of the example has come' },
  { name: 'logs', meaning: 'logs of the processes' },
  { name: 'platform.json', meaning: 'addresses, for commands in other terminals' },
  { name: 'ports.json', meaning: 'ports of the last start' },
  { name: 'event-clock.json', meaning: 'where event time comes from' },
] as const;

export interface Forgotten {
  readonly name: string;
  readonly meaning: string;
  readonly bytes: number;
}

/** What there is to forget. */
export function stateIn(stateDir: string): Forgotten[] {
  return STATE_ENTRIES.filter(({ name }) => lstatSync(join(stateDir, name), { throwIfNoEntry: false })).map(
    ({ name, meaning }) => ({ name, meaning, bytes: bytesIn(join(stateDir, name)) }),
  );
}

/** Names of the models that have had traffic here, sorted: what a person loses with the state. */
export function modelsIn(stateDir: string): string[] {
  const gateways = foldersIn(join(stateDir, 'gateways')).map((gateway) =>
    join(stateDir, 'gateways', gateway, 'models'),
  );
  const found = [join(stateDir, 'request-log'), ...gateways].flatMap(foldersIn);
  return [...new Set(found.filter((name) => !name.startsWith('draft-')))].sort();
}

function foldersIn(path: string): string[] {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [];
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
}

/**
 * Ends what a killed start left running, then removes the state.
 * @returns what was removed, and the names of what is not ours and stays.
 * @throws PLATFORM_RUNNING while the platform runs, PLATFORM_STATE_DIR_UNUSABLE
 */
export async function resetState(
  stateDir: string,
): Promise<{ forgotten: Forgotten[]; kept: string[]; ended: string[] }> {
  const { lock, ended } = await PlatformLock.take(stateDir);
  try {
    const forgotten = stateIn(stateDir);
    removePostgresHome(stateDir);
    for (const { name } of forgotten) rmSync(join(stateDir, name), { recursive: true, force: true });
    return { forgotten, kept: readdirSync(stateDir).filter((name) => name !== 'platform.lock'), ended };
  } finally {
    lock.release();
    if (readdirSync(stateDir).length === 0) rmdirSync(stateDir);
  }
}

function bytesIn(path: string): number {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return 0;
  if (!found.isDirectory()) return found.size;
  return readdirSync(path).reduce((sum, name) => sum + bytesIn(join(path, name)), 0);
}
