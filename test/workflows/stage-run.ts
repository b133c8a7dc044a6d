/** Workflows on a real server with real activities over a small world. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowNotFoundError } from '@temporalio/client';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { connectClient } from '../../src/client/connect.ts';
import type { TemporalSettings } from '../../src/client/connect.ts';
import { SEARCH_ATTRIBUTES } from '../../src/contracts/search-attributes.ts';
import { TASK_QUEUES } from '../../src/contracts/names.ts';
import { timeSkippingServerPath } from '../../src/platform/temporal-binary.ts';
import { workflowBundle } from '../../src/worker/bundle.ts';
import { openLog, sdkLogger } from '../../src/worker/logging.ts';
import { startWorkers } from '../../src/worker/run.ts';
import '../quiet-runtime.ts';
import { startTemporal } from '../temporal-server.ts';
import { faultsOf } from './history-rules.ts';
import type { HistoryEvent } from './history-rules.ts';

export interface StageRun {
  readonly client: Client;
  readonly uiUrl: string | null;
  /** Where its Temporal answers. */
  readonly address: string;
  start(workflow: string, workflowId: string, input: object): Promise<WorkflowHandle>;
  /** Ends the workers and starts others, as a release does. */
  restartWorkers(): Promise<void>;
  stop(): Promise<void>;
}

/** What a run shows of itself in the web UI, running or over. */
export async function detailsOf(handle: WorkflowHandle): Promise<string> {
  const shown = await handle.query<{ readonly currentDetails?: string }>('__temporal_workflow_metadata');
  return shown.currentDetails ?? '';
}

interface Host {
  readonly client: Client;
  readonly temporal: TemporalSettings;
  readonly uiUrl: string | null;
  /** Before the workers stop, and after. */
  readonly quiet: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Workers over a server that stands already. */
async function runOn({ client, temporal, uiUrl, quiet, close }: Host, activities: object): Promise<StageRun> {
  const bundle = await workflowBundle(sdkLogger(openLog('error', 'test')));
  const options: Parameters<typeof startWorkers>[0] = {
    temporal,
    taskQueues: ['control', 'data', 'training'],
    bundle,
    activities,
    // Few, so that nearly every task replays its run from the beginning.
    workflowsCachedMax: 2,
  };
  let workers = await startWorkers(options);
  const end = async (): Promise<void> => {
    workers.shutdown();
    await workers.stopped;
  };
  return {
    client,
    uiUrl,
    address: temporal.address,
    start: (workflow, workflowId, input) =>
      client.workflow.start(workflow, { taskQueue: TASK_QUEUES.control, workflowId, args: [input] }),
    async restartWorkers() {
      await end();
      workers = await startWorkers(options);
    },
    async stop() {
      await quiet();
      await end();
      await close();
    },
  };
}

/** @param activities What the workflows under test call; nothing else is served. */
export async function startStageRun(activities: object, { withUi = false } = {}): Promise<StageRun> {
  const server = await startTemporal([], { withUi });
  const client = await connectClient(server);
  const close = async (): Promise<void> => {
    await client.connection.close();
    await server.stop();
  };
  return runOn({ client, temporal: server, uiUrl: server.uiUrl, quiet: () => terminateAll(client), close }, activities);
}

/** Activities of a terminated run end with their next heartbeat, not with the workers' grace. */
async function terminateAll({ workflow }: Client): Promise<void> {
  for await (const { workflowId } of workflow.list({ query: 'ExecutionStatus = "Running"' })) {
    const ended = workflow.getHandle(workflowId).terminate('the test is over');
    await ended.catch((error: unknown) => {
      // It ended by itself meanwhile.
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    });
  }
}

/** Numbers of the types of search attributes on the wire. */
const INDEXED = { Keyword: 2, Double: 4, Bool: 5 } as const;

/** The same on a server whose clock leaps ahead whenever everyone waits, but only while a result is awaited. */
export async function startTimeSkippingRun(activities: object): Promise<StageRun> {
  const path = await timeSkippingServerPath();
  const server = { executable: { type: 'existing-path', path } } as const;
  const environment = await TestWorkflowEnvironment.createTimeSkipping({ server });
  const { client, address, connection } = environment;
  const { namespace } = client.options;
  await connection.operatorService.addSearchAttributes({
    namespace,
    searchAttributes: Object.fromEntries(SEARCH_ATTRIBUTES.map(({ name, type }) => [name, INDEXED[type]])),
  });
  const close = (): Promise<void> => environment.teardown();
  return runOn(
    { client, temporal: { address, namespace }, uiUrl: null, quiet: () => Promise.resolve(), close },
    activities,
  );
}

const PATIENCE_MS = 20_000;

/** Asks until the answer is as wanted. @throws with the last answer */
export async function eventually<T>(ask: () => Promise<T>, wanted: (answer: T) => boolean): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    if (Date.now() > deadline) throw new Error(`still ${JSON.stringify(answer)}`);
    await sleep(50);
  }
}

/** Events of a run as JSON. */
export async function historyOf(handle: WorkflowHandle): Promise<HistoryEvent[]> {
  const { events } = JSON.parse(historyToJSON(await handle.fetchHistory())) as { events: HistoryEvent[] };
  return events;
}

/** What the rules for histories say of every run that a test has begun, by its workflow id. */
export async function faultsOfAllRuns({ client }: StageRun): Promise<string[]> {
  const faults: string[] = [];
  for await (const { workflowId, runId } of client.workflow.list()) {
    const events = await historyOf(client.workflow.getHandle(workflowId, runId));
    faults.push(...faultsOf(events).map((fault) => `${workflowId}: ${fault}`));
  }
  return faults;
}

/** Keeps a run's history for the replay tests when asked to: `npm run record:histories` runs all tests of workflows so. */
export async function keepHistory(handle: WorkflowHandle, name: string): Promise<void> {
  // Not named after the product: its processes refuse settings that they do not know.
  const release = process.env['RECORD_HISTORIES'];
  if (release === undefined) return;
  const folder = join('test', 'replay', 'histories', release);
  mkdirSync(folder, { recursive: true });
  const { workflowId } = handle;
  const recorded = historyToJSON(await handle.fetchHistory());
  // Who ran it is of no use to a replay.
  const history = JSON.parse(recorded.replaceAll(/"identity":\s*"\d+@[^"]*"/g, '"identity":"worker"')) as unknown;
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify({ workflowId, history })}\n`);
}
