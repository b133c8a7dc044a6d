/** The gateway as a process: settings in, log lines out, ends in order on SIGTERM. */
import { join } from 'node:path';
import { pino } from 'pino';
import { composeObjectStore } from '../compose.ts';
import { objectStoreOf, readConfig } from '../config.ts';
import { startGateway } from './server.ts';
import type { Report } from './model-planes.ts';

async function main(): Promise<void> {
  const config = readConfig();
  const log = pino({ name: 'gateway', level: config.logLevel });
  const report: Report = (level, message, fields) => log[level](fields, message);
  const options = {
    name: config.gatewayName,
    stateDir: join(config.stateDir, 'gateways', config.gatewayName),
    host: config.gatewayHost,
    port: config.gatewayPort,
    clock: config.gatewayClock,
    drills: config.gatewayDrills,
    syncPredictions: config.gatewaySyncPredictions,
  };
  const gateway = await startGateway({
    ...options,
    report,
    objectStore: await composeObjectStore(objectStoreOf(config)),
  });
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

await main();
