/** The HTTP edge as a process: settings in, log lines out, ends in order on SIGTERM. */
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { connectClient, temporalSettings } from '../client/connect.ts';
import { composeEdgeRecords } from '../compose.ts';
import { readConfig } from '../config.ts';
import { HoldfastError } from '../contracts/errors.ts';
import type { Behind } from './orders.ts';
import { startEdge } from './server.ts';
import { createThreadedPages } from './threaded-pages.ts';
import { readTokens } from './tokens.ts';

const TRY_AGAIN_MS = 500;

async function main(): Promise<void> {
  const config = readConfig();
  const log = pino({ name: 'http', level: config.logLevel });
  if (config.postgresUrl === undefined)
    throw new HoldfastError(
      'CONFIG_INVALID',
      'HOLDFAST_POSTGRES_URL is not set, and the edge writes orders down first',
    );
  const tokens = readTokens(config);
  let behind: Behind | null = null;
  const edge = await startEdge({
    host: config.httpHost,
    port: config.httpPort,
    tokens,
    behind: () => behind,
    report: (level, message, fields) => log[level](fields, message),
  });
  let stopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping) return;
      stopping = true;
      void edge
        .close()
        .then(() => Promise.all([behind?.client.connection.close(), behind?.records.close(), behind?.pages.close()]))
        .then(() => log.info({ signal }, 'Stopped'));
    });
  }
  const names = tokens.size === 0 ? 'names are claims: no token is configured' : `${tokens.size} tokens`;
  log.info({ url: edge.url, names }, 'Listening');
  behind = await reach(config.postgresUrl, () => stopping);
  if (behind !== null) log.info({ url: edge.url }, 'Ready');
}

/** Temporal and the records, as soon as both answer; null when the process was stopped before. */
async function reach(postgresUrl: string, isStopping: () => boolean): Promise<Behind | null> {
  while (!isStopping()) {
    try {
      const records = await composeEdgeRecords(postgresUrl);
      try {
        await records.migrate();
        const client = await connectClient(temporalSettings());
        return { client, records, pages: createThreadedPages(postgresUrl) };
      } catch (error) {
        await records.close();
        throw error;
      }
    } catch (error) {
      if (!(error instanceof HoldfastError) || error.kind !== 'retryable') throw error;
      await sleep(TRY_AGAIN_MS);
    }
  }
  return null;
}

await main();
