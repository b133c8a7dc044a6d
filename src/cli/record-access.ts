/** The records of what runs, or of what has run: a stopped platform's servers are started for the reading and stopped again. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Client } from '@temporalio/client';
import { connectClient, temporalSettings } from '../client/connect.ts';
import type { composeEdgeRecords } from '../compose.ts';
import { environmentWith, readConfig } from '../config.ts';
import { HoldfastError } from '../contracts/errors.ts';
import type { Invocation } from './command.ts';
import { withConnection } from './connection.ts';

export interface RecordAccess {
  readonly client: Client;
  readonly records: Awaited<ReturnType<typeof composeEdgeRecords>>;
}

/** @throws PLATFORM_NOT_RUNNING where nothing runs and nothing has; CONFIG_INVALID where nobody says where the records are */
export async function withRecords<T>(
  options: Invocation['options'],
  progress: Invocation['progress'],
  work: (access: RecordAccess) => Promise<T>,
): Promise<T> {
  try {
    return await withConnection(options, ({ client, records }) => {
      if (records === null)
        throw new HoldfastError('CONFIG_INVALID', 'HOLDFAST_POSTGRES_URL is not set, and the records are there');
      return work({ client, records });
    });
  } catch (error) {
    const stateDir = stateDirOf(options);
    const { databaseFileIn } = await import('../platform/temporal.ts');
    const isStopped = error instanceof HoldfastError && error.code === 'PLATFORM_NOT_RUNNING';
    if (!isStopped || !existsSync(databaseFileIn(stateDir))) throw error;
    progress(`nothing runs in ${stateDir}; its servers are started for the reading`);
    return withServers(stateDir, work);
  }
}

const stateDirOf = (options: Invocation['options']): string =>
  typeof options['stateDir'] === 'string' ? resolve(options['stateDir']) : readConfig().stateDir;

async function withServers<T>(stateDir: string, work: (access: RecordAccess) => Promise<T>): Promise<T> {
  // Loaded when something is read: a command that only says how it is used needs no database.
  const [{ composeEdgeRecords }, { startPlatform }] = await Promise.all([
    import('../compose.ts'),
    import('../platform/platform.ts'),
  ]);
  const config = readConfig(environmentWith({ HOLDFAST_STATE_DIR: stateDir }));
  const platform = await startPlatform({ config, headless: true, services: [] });
  try {
    const client = await connectClient(temporalSettings(environmentWith(platform.environment)));
    const records = await composeEdgeRecords(platform.postgresUrl);
    try {
      return await work({ client, records });
    } finally {
      await Promise.all([client.connection.close(), records.close()]);
    }
  } finally {
    await platform.stop();
  }
}
