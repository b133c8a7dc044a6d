import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Client } from '@temporalio/client';
import { connectClient } from '../../src/client/connect.ts';
import { bundle } from '../../src/worker/bundle.ts';
import { serveHealth } from '../../src/worker/health.ts';
import { openLog, sdkLogger } from '../../src/worker/logging.ts';
import { startWorkers } from '../../src/worker/run.ts';
import type { Workers } from '../../src/worker/run.ts';
import '../quiet-runtime.ts';
import { startTemporal } from '../temporal-server.ts';
import type { TestServer } from '../temporal-server.ts';

describe('the workers of a process', function () {
  this.timeout(60_000);
  let server: TestServer;
  let client: Client;
  let workers: Workers;
  const echoed: string[] = [];
  const activities = {
    async echo(text: string) {
      await sleep(text === 'slow' ? 1_500 : 0);
      echoed.push(text);
      return text;
    },
  };

  before(async () => {
    server = await startTemporal();
    client = await connectClient(server);
    const workflowsPath = fileURLToPath(new URL('echo-workflow.js', import.meta.url));
    workers = await startWorkers({
      temporal: server,
      taskQueues: ['control', 'data', 'training'],
      bundle: await bundle(
        { workflowsPath, preloadModules: [], interceptorModules: [] },
        sdkLogger(openLog('warn', 'test')),
      ),
      activities,
      workflowsCachedMax: 10,
    });
  });
  after(async () => {
    await client.connection.close();
    await server.stop();
  });

  it('run workflows and their activities', async () => {
    const options = { taskQueue: 'control', workflowId: 'echo', args: ['a'] };
    assert.equal(await client.workflow.execute('echoTwice', options), 'aa');
    assert.equal(workers.ready, true);
  });

  it('finish the activity they are in when told to stop, and leave the workflow to the next worker', async () => {
    const handle = await client.workflow.start('echoTwice', {
      taskQueue: 'control',
      workflowId: 'slow',
      args: ['slow'],
    });
    await sleep(500);
    workers.shutdown();
    await workers.stopped;
    assert.equal(echoed.at(-1), 'slow');
    assert.equal((await handle.describe()).status.name, 'RUNNING');
    assert.equal(workers.ready, false);
  });
});

describe('the health of a worker', () => {
  it('is 503 until it polls, then 200', async () => {
    let ready = false;
    const health = await serveHealth(0, () => ready);
    const url = `http://127.0.0.1:${(health.address() as AddressInfo).port}`;
    assert.equal((await fetch(`${url}/readyz`)).status, 503);
    ready = true;
    assert.equal((await fetch(`${url}/readyz`)).status, 200);
    assert.equal((await fetch(`${url}/elsewhere`)).status, 404);
    health.close();
  });

  it('says so when its port is taken', async () => {
    const other = createServer().listen(0);
    await assert.rejects(
      serveHealth((other.address() as AddressInfo).port, () => true),
      /EADDRINUSE/,
    );
    other.close();
  });
});
