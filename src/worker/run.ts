/** The workers of one process: one per task queue, sharing a connection. */
import { setTimeout as sleep } from 'node:timers/promises';
import { NativeConnection, Runtime, Worker, makeTelemetryFilterString } from '@temporalio/worker';
import type { WorkerOptions } from '@temporalio/worker';
import type { TemporalSettings } from '../client/connect.ts';
import { HoldfastError } from '../contracts/errors.ts';
import { TASK_QUEUES } from '../contracts/names.ts';
import type { WorkflowBundle } from './bundle.ts';
import { sdkLogger } from './logging.ts';
import type { ProcessLog } from './logging.ts';

type TaskQueue = (typeof TASK_QUEUES)[keyof typeof TASK_QUEUES];

export interface WorkersOptions {
  readonly temporal: TemporalSettings;
  readonly taskQueues: readonly TaskQueue[];
  readonly bundle: WorkflowBundle;
  readonly activities: object;
  readonly workflowsCachedMax: number;
}

export interface Workers {
  /** Whether every worker polls. */
  readonly ready: boolean;
  /** Resolves when all have stopped, after a signal to the process or `shutdown`; rejects with the first failure. */
  readonly stopped: Promise<void>;
  shutdown(): void;
}

/** Waiting activities hold a slot each: one per stage and model on `control`, so the limit is above the models of one installation. */
const ACTIVITIES_MAX: Record<TaskQueue, number> = { control: 200, data: 4, training: 1 };

/**
 * What an activity may take to finish after a signal to stop before it is told, milliseconds; a process manager must wait a little longer before it kills.
 * What waits on `control` is told at once, and the next worker waits in its place.
 */
const GRACE_MS: Record<TaskQueue, number> = { control: 0, data: 8_000, training: 8_000 };
const CONNECT_PATIENCE_MS = 60_000;

/** Once per process and before the first worker: logs of SDK and workflows go to our log. */
export function installRuntime(log: ProcessLog): void {
  Runtime.install({
    logger: sdkLogger(log),
    telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }), forward: {} } },
  });
}

/**
 * Connects, waiting up to a minute for the server, and starts polling.
 * @throws TEMPORAL_UNAVAILABLE
 */
export async function startWorkers(options: WorkersOptions): Promise<Workers> {
  const connection = await connect(options.temporal);
  const workers = await Promise.all(
    options.taskQueues.map((queue) => Worker.create({ ...workerOptions(queue, options), connection })),
  );
  const shutdown = (): void => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  const runs = workers.map((worker) =>
    worker.run().catch((error: unknown) => {
      shutdown();
      throw error;
    }),
  );
  return {
    get ready() {
      return workers.every((worker) => worker.getState() === 'RUNNING');
    },
    stopped: finish(runs, connection),
    shutdown,
  };
}

async function finish(runs: ReadonlyArray<Promise<void>>, connection: NativeConnection): Promise<void> {
  const results = await Promise.allSettled(runs);
  await connection.close();
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

function workerOptions(taskQueue: TaskQueue, options: WorkersOptions): WorkerOptions {
  const { activities, bundle, temporal, workflowsCachedMax } = options;
  const common = {
    taskQueue,
    namespace: temporal.namespace,
    activities,
    shutdownGraceTime: GRACE_MS[taskQueue],
    maxConcurrentActivityTaskExecutions: ACTIVITIES_MAX[taskQueue],
  } as const;
  if (taskQueue !== TASK_QUEUES.control) return common;
  return {
    ...common,
    workflowBundle: bundle,
    maxCachedWorkflows: workflowsCachedMax,
    // How long workflows of a killed worker wait before another takes them over; the default is ten seconds.
    stickyQueueScheduleToStartTimeout: '1s',
  };
}

async function connect({ namespace: _namespace, ...settings }: TemporalSettings): Promise<NativeConnection> {
  const deadline = Date.now() + CONNECT_PATIENCE_MS;
  for (;;) {
    try {
      return await NativeConnection.connect(settings);
    } catch (cause) {
      if (Date.now() >= deadline) {
        throw new HoldfastError('TEMPORAL_UNAVAILABLE', `no Temporal answers at ${settings.address}`, { cause });
      }
      await sleep(500);
    }
  }
}
