import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { activityInfo, CompleteAsyncError } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { callTemporal } from '../../src/client/call.ts';
import { connectClient } from '../../src/client/connect.ts';
import { SEND_AGAIN } from '../../src/contracts/messages.ts';
import { HistoryGuard } from '../../src/workflows/ahead-of-history.ts';
import { bundle, PRODUCT_SOURCES } from '../../src/worker/bundle.ts';
import type { WorkflowBundle } from '../../src/worker/bundle.ts';
import { openLog, sdkLogger } from '../../src/worker/logging.ts';
import { startWorkers } from '../../src/worker/run.ts';
import type { Workers } from '../../src/worker/run.ts';
import '../quiet-runtime.ts';
import { startTemporal } from '../temporal-server.ts';
import type { TestServer } from '../temporal-server.ts';

const at = (historyLength: number, historySize: number) => ({ historyLength, historySize });
const shows = { modifyWorkflowProperties: {} };
const works = { scheduleActivity: {} };
const OUT_OF_STEP = /ahead of its history/;

describe('a run that has answered ahead of its history', () => {
  /** A task begins at event 9; then a question shows two events more, and the run acts on them by two of its own. */
  const ahead = (size = 700): HistoryGuard => {
    const guard = new HistoryGuard();
    guard.look(at(3, 100), false);
    guard.conclude([shows, works]);
    guard.look(at(9, 700), false);
    guard.conclude([works]);
    guard.look(at(15, size), false);
    guard.conclude([shows, works]);
    return guard;
  };

  it('does not take what comes with the task that waited', () => {
    assert.throws(() => ahead().look(at(16, 800), false), OUT_OF_STEP);
  });

  it('does not take it either when signals came with it, or when that task had been given back before', () => {
    assert.throws(() => ahead().look(at(19, 800), false), OUT_OF_STEP);
    assert.throws(() => ahead(710).look(at(16, 800), false), OUT_OF_STEP);
  });

  it('refuses updates of the task that waited, and goes on with all that comes later', () => {
    const guard = ahead();
    guard.look(at(16, 800), true);
    assert.equal(guard.isOutOfStep, true);
    guard.conclude([{ updateResponse: { rejected: {} } }]);
    guard.look(at(22, 900), true);
    assert.equal(guard.isOutOfStep, false);
  });

  it('goes on with the task after it, when what waited brought nothing more', () => {
    const guard = ahead();
    // 16 begins, 17 is completed, two events of its own, an update: 20 is scheduled, 21 begins.
    guard.look(at(21, 900), false);
    guard.conclude([]);
    guard.look(at(24, 1000), false);
  });

  it('does not act a second time ahead of its history', () => {
    assert.throws(() => ahead().look(at(17, 700), false), OUT_OF_STEP);
  });

  it('says nothing near the length at which it is continued as new', () => {
    const guard = new HistoryGuard();
    guard.look(at(440, 5000), false);
    guard.conclude([works]);
    assert.throws(() => guard.look(at(448, 5000), false), OUT_OF_STEP);
  });

  it('is not suspected where several activations make one task', () => {
    const guard = new HistoryGuard();
    for (const progress of [at(3, 100), at(3, 100), at(3, 100), at(9, 700)]) {
      guard.look(progress, false);
      guard.conclude([shows]);
    }
  });

  it('is not suspected where the task before led to nothing, and its end was read with it', () => {
    const guard = new HistoryGuard();
    guard.look(at(3, 100), false);
    guard.conclude([works]);
    // 7 begins, 8 is completed; 9 is scheduled and 10 begins for an order.
    guard.look(at(8, 400), false);
    guard.conclude([]);
    guard.look(at(10, 500), true);
    assert.equal(guard.isOutOfStep, false);
  });

  it('is not suspected after a refusal, which leaves no events', () => {
    const guard = new HistoryGuard();
    guard.look(at(3, 100), false);
    guard.conclude([works]);
    // 6 is scheduled and 7 begins for an order that is refused; then a result comes as 6 and 7, and its task begins as 9.
    guard.look(at(7, 400), false);
    guard.conclude([{ updateResponse: { rejected: {} } }]);
    guard.look(at(9, 600), false);
  });

  it('is not suspected for what it began and gave up in one breath', () => {
    const guard = new HistoryGuard();
    guard.look(at(3, 100), false);
    guard.conclude([{ startTimer: {} }, { cancelTimer: {} }, works]);
    guard.look(at(7, 400), false);
  });
});

describe('questions and an order that wait together for a worker', function () {
  this.timeout(120_000);
  let server: TestServer;
  let client: Client;
  let code: WorkflowBundle;
  let hands: Workers;
  const tokens: Uint8Array[] = [];
  const QUESTIONS = 5;

  before(async () => {
    server = await startTemporal();
    client = await connectClient(server);
    const workflowsPath = fileURLToPath(new URL('asked-workflow.js', import.meta.url));
    const sources = { ...PRODUCT_SOURCES, workflowsPath };
    code = await bundle(sources, sdkLogger(openLog('error', 'test')));
    hands = await workers('data', {
      async work() {
        tokens.push(activityInfo().taskToken);
        throw new CompleteAsyncError();
      },
    });
  });
  after(async () => {
    hands.shutdown();
    await hands.stopped;
    await client.connection.close();
    await server.stop();
  });

  const workers = (queue: 'control' | 'data', activities: object): Promise<Workers> =>
    startWorkers({ temporal: server, taskQueues: [queue], bundle: code, activities, workflowsCachedMax: 10 });
  const whileWorking = async <T>(act: () => Promise<T>): Promise<T> => {
    const started = await workers('control', {});
    try {
      return await act();
    } finally {
      started.shutdown();
      await started.stopped;
    }
  };
  const begun = async (count: number): Promise<void> => {
    while (tokens.length < count) await sleep(10);
  };

  /** Questions, a result and an order, all while no worker runs that could take them. True where the order had to be sent again. */
  async function wasSentAgain(id: string): Promise<boolean> {
    tokens.length = 0;
    const handle = await client.workflow.start('asked', { taskQueue: 'control', workflowId: id });
    await whileWorking(() => begun(1));
    const answers = Promise.allSettled(Array.from({ length: QUESTIONS }, () => handle.query<number>('done')));
    await sleep(150);
    await client.activity.complete(tokens[0] ?? new Uint8Array(), undefined);
    const refusals: unknown[] = [];
    const send = (): Promise<number> => handle.executeUpdate<number, []>('order');
    const ordered = callTemporal(client, id, () =>
      send().catch((error: Error) => {
        refusals.push((error.cause as { type?: unknown }).type);
        throw error;
      }),
    );
    await sleep(100);
    await whileWorking(async () => {
      await answers;
      await ordered;
      await begun(2);
    });
    // A worker that has never seen the run reads it from its history alone.
    assert.equal(await whileWorking(() => handle.query<number>('done')), 1);
    const { events } = await handle.fetchHistory();
    assert.ok(events?.every(({ workflowTaskFailedEventAttributes: failed }) => failed == null));
    await handle.terminate();
    return refusals.includes(SEND_AGAIN);
  }

  const ROUNDS_MAX = 20;
  it('leave a history that can be replayed, and the order is carried out', async () => {
    // Which of them the worker gets first is chance; only when it is a question the run is ahead.
    for (let count = 1; count <= ROUNDS_MAX; count += 1) if (await wasSentAgain(`round-${count}`)) return;
    assert.fail(`no question came first in ${ROUNDS_MAX} rounds`);
  });
});
