/** Workflows on a real server with real activities over a small world. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { connectClient } from '../../src/client/connect.ts';
import { TASK_QUEUES } from '../../src/contracts/names.ts';
import { workflowBundle } from '../../src/worker/bundle.ts';
import { openLog, sdkLogger } from '../../src/worker/logging.ts';
import { startWorkers } from '../../src/worker/run.ts';
import '../quiet-runtime.ts';
import { startTemporal } from '../temporal-server.ts';

export interface StageRun {
  readonly client: Client;
  start(workflow: string, workflowId: string, input: object): Promise<WorkflowHandle>;
  stop(): Promise<void>;
}

/** @param activities What the workflows under test call; nothing else is served. */
export async function startStageRun(activities: object): Promise<StageRun> {
  const server = await startTemporal();
  const client = await connectClient(server);
  const workers = await startWorkers({
    temporal: server,
    taskQueues: ['control', 'data', 'training'],
    bundle: await workflowBundle(sdkLogger(openLog('error', 'test'))),
    activities,
    // Few, so that nearly every task replays its run from the beginning.
    workflowsCachedMax: 2,
  });
  return {
    client,
    start: (workflow, workflowId, input) =>
      client.workflow.start(workflow, { taskQueue: TASK_QUEUES.control, workflowId, args: [input] }),
    async stop() {
      // Activities of a terminated run end with their next heartbeat, not with the workers' grace.
      for await (const { workflowId } of client.workflow.list({ query: 'ExecutionStatus = "Running"' })) {
        await client.workflow.getHandle(workflowId).terminate('the test is over');
      }
      workers.shutdown();
      await workers.stopped;
      await client.connection.close();
      await server.stop();
    },
  };
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

/** Payloads as a wrong form, a wrong sender or a wrong button makes them. */
const MALFORMED: ReadonlyArray<{ readonly encoding: string; readonly data: string }> = [
  { encoding: 'json/plain', data: '{not json' },
  { encoding: 'json/plain', data: '' },
  { encoding: 'json/plain', data: '"text"' },
  { encoding: 'json/plain', data: 'null' },
  { encoding: 'json/plain', data: '[]' },
  { encoding: 'json/plain', data: '{"incidentId":7}' },
  { encoding: 'json/plain', data: '{"incidentId":"x","more":1}' },
  { encoding: 'json/protobuf', data: '{}' },
  { encoding: 'binary/unheard-of', data: 'x' },
  { encoding: '', data: 'x' },
];

/** Sends every malformed payload as a signal, and one signal without any. */
export async function signalMalformed(client: Client, workflowId: string, signalName: string): Promise<void> {
  const { namespace } = client.options;
  const send = (payloads: object[]) =>
    client.workflowService.signalWorkflowExecution({
      namespace,
      workflowExecution: { workflowId },
      signalName,
      input: { payloads },
    });
  for (const { encoding, data } of MALFORMED) {
    await send([{ metadata: { encoding: Buffer.from(encoding) }, data: Buffer.from(data) }]);
  }
  await send([]);
}

/** Keeps a run's history for the replay tests when asked to: `HOLDFAST_RECORD_HISTORIES=0.1.0 npm test`. */
export async function keepHistory(handle: WorkflowHandle, name: string): Promise<void> {
  const release = process.env['HOLDFAST_RECORD_HISTORIES'];
  if (release === undefined) return;
  const folder = join('test', 'replay', 'histories', release);
  mkdirSync(folder, { recursive: true });
  const { workflowId } = handle;
  const recorded = historyToJSON(await handle.fetchHistory());
  // Who ran it is of no use to a replay.
  const history = JSON.parse(recorded.replaceAll(/"identity":\s*"\d+@[^"]*"/g, '"identity":"worker"')) as unknown;
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify({ workflowId, history })}\n`);
}
