/** How a command finds what runs: the environment if it names a Temporal, else what `npm start` left in the state directory. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import { connectClient, isTemporalGiven, temporalSettings } from '../client/connect.ts';
import { composeEdgeRecords } from '../compose.ts';
import type { TemporalSettings } from '../client/connect.ts';
import { environmentWith, readConfig } from '../config.ts';
import { HoldfastError } from '../contracts/errors.ts';
import { platformFileIn, platformFileSchema } from '../platform/platform-file.ts';
import type { PlatformFile } from '../platform/platform-file.ts';
import type { Invocation } from './command.ts';

type EdgeRecords = Awaited<ReturnType<typeof composeEdgeRecords>>;

export interface Connection {
  readonly client: Client;
  /** Where Temporal's web UI answers; null when nobody told. */
  readonly uiUrl: string | null;
  /** Where attempts, evidence and policies are written down before Temporal is called; null when no record store is known here. */
  readonly records: EdgeRecords | null;
  close(): Promise<void>;
}

/** The option every command has that talks to what runs. */
export function declareStateDir(command: Command): Command {
  return command.option('--state-dir <dir>', 'state directory of the platform to talk to (default: ./.holdfast)');
}

/**
 * @throws PLATFORM_NOT_RUNNING when neither the environment nor the state directory says where Temporal is; TEMPORAL_UNAVAILABLE
 */
export async function connect(options: Invocation['options']): Promise<Connection> {
  const found = findPlatform(options);
  const environment = environmentWith(found?.environment ?? {});
  const client = await connectClient(temporalSettings(environment));
  const { postgresUrl } = readConfig(environment);
  const records = postgresUrl === undefined ? null : await composeEdgeRecords(postgresUrl);
  return {
    client,
    uiUrl: found?.uiUrl ?? null,
    records,
    close: async () => {
      await Promise.all([client.connection.close(), records?.close()]);
    },
  };
}

/** Runs `work` with a connection and closes it. */
export async function withConnection<T>(
  options: Invocation['options'],
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await connect(options);
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

/** The address that docker-compose.yml and the dev server give the web UI. */
const UI_DEFAULT = 'http://127.0.0.1:8233';

/**
 * Where the web UI answers, and which namespace to look at. The address is null where a platform runs without one.
 * @throws PLATFORM_NOT_RUNNING as `connect`
 */
export function webUi(options: Invocation['options']): { readonly url: string | null; readonly namespace: string } {
  const found = findPlatform(options);
  const { namespace } = temporalMeant(options);
  return { url: found === null ? UI_DEFAULT : found.uiUrl, namespace };
}

/** How to reach Temporal, without reaching for it. @throws PLATFORM_NOT_RUNNING as `connect` */
export function temporalMeant(options: Invocation['options']): TemporalSettings {
  return temporalSettings(environmentWith(findPlatform(options)?.environment ?? {}));
}

/** Null when the environment names the Temporal to talk to. */
function findPlatform(options: Invocation['options']): PlatformFile | null {
  const stateDir = typeof options['stateDir'] === 'string' ? options['stateDir'] : null;
  return stateDir === null && isTemporalGiven() ? null : readPlatform(stateDir ?? readConfig().stateDir);
}

function readPlatform(stateDir: string): PlatformFile {
  const path = platformFileIn(resolve(stateDir));
  try {
    return platformFileSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    throw new HoldfastError('PLATFORM_NOT_RUNNING', `no platform has left word of itself in ${path}`, { cause });
  }
}
