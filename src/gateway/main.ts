/** The gateway as a process: one JSON argument in, log lines out, ends in order on SIGTERM. */
import { pino } from 'pino';
import { z } from 'zod';
import { composeObjectStore } from '../compose.ts';
import { startGateway } from './server.ts';
import type { Report } from './model-planes.ts';

const argumentSchema = z.strictObject({
  name: z.string().min(1).describe('Name of this gateway in its log and ledger'),
  stateDir: z.string().min(1).describe('Folder of its own, kept over restarts'),
  objectStore: z.looseObject({ kind: z.string() }).describe('Options of the object store'),
  port: z.int().min(0).max(65_535).describe('0 takes a free port'),
  host: z.string().default('127.0.0.1'),
  clock: z.enum(['stream', 'wall']).default('wall'),
  drills: z.boolean().default(false),
  syncPredictions: z.boolean().default(true),
});

async function main(argument: string): Promise<void> {
  const log = pino({ name: 'gateway' });
  const report: Report = (level, message, fields) => log[level](fields, message);
  const { objectStore, ...options } = argumentSchema.parse(JSON.parse(argument));
  const gateway = await startGateway({ ...options, report, objectStore: await composeObjectStore(objectStore) });
  log.info({ url: gateway.url }, 'Listening');
  let stopping: Promise<void> | null = null;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      stopping ??= gateway.close().then(() => log.info({ signal }, 'Stopped'));
    });
  }
  await gateway.ready;
  log.info({ url: gateway.url }, 'Ready');
}

await main(process.argv[2] ?? '{}');
