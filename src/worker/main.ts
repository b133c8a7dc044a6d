/** The worker as a process: settings from the environment, all activities, the workflow bundle, and a clean end on SIGTERM. */
import { Runtime } from '@temporalio/worker';
import { createActivities } from '../activities/index.ts';
import { temporalSettings } from '../client/connect.ts';
import { composeWorker } from '../compose.ts';
import { readConfig } from '../config.ts';
import { workflowBundle } from './bundle.ts';
import { serveHealth } from './health.ts';
import { openLog, sdkLogger } from './logging.ts';
import { installRuntime, startWorkers } from './run.ts';
import type { Workers } from './run.ts';

async function main(): Promise<void> {
  const config = readConfig();
  const log = openLog(config.logLevel, 'worker');
  installRuntime(log);
  let workers: Workers | null = null;
  if (config.workerPort !== undefined) await serveHealth(config.workerPort, () => workers?.ready ?? false);
  const { ports, close } = await composeWorker(config);
  const bundle = await workflowBundle(sdkLogger(log));
  workers = await startWorkers({
    temporal: temporalSettings(),
    taskQueues: config.taskQueues,
    bundle,
    activities: createActivities(ports),
    workflowsCachedMax: config.workflowsCachedMax,
  });
  log.info({ taskQueues: config.taskQueues }, 'Polling');
  await workers.stopped;
  await close();
  await Runtime.instance().shutdown();
}

await main();
