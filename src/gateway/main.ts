/** The gateway as a process: settings from the environment, log lines out, ends in order on SIGTERM. */
import { join } from 'node:path';
import { pino } from 'pino';
import { composeObjectStore } from '../compose.ts';
import { readConfig } from '../config.ts';
import { startGateway } from './server.ts';
import type { Report } from './model-planes.ts';

async function main(): Promise<void> {
  const config = readConfig();
  const log = pino({ name: 'gateway', level: config.logLevel });
  const report: Report = (level, message, fields) => log[level](fields, message);
  const gateway = await startGateway({
    name: config.gatewayName,
    stateDir: join(config.stateDir, config.gatewayName),
    port: config.gatewayPort,
    host: config.gatewayHost,
    clock: config.gatewayClock,
    drills: config.gatewayDrills === 'on',
    objectStore: await composeObjectStore(config),
    report,
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
