import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { connectClient } from '../../src/client/connect.ts';
import { pauseMessage } from '../../src/contracts/messages.ts';
import type { RolloutInput } from '../../src/contracts/workflows.ts';
import { workflowBundle } from '../../src/worker/bundle.ts';
import type { WorkflowBundle } from '../../src/worker/bundle.ts';
import { openLog, sdkLogger } from '../../src/worker/logging.ts';
import { startWorkers } from '../../src/worker/run.ts';
import type { Workers } from '../../src/worker/run.ts';
import '../quiet-runtime.ts';
import { startTemporal } from '../temporal-server.ts';
import type { TestServer } from '../temporal-server.ts';
import { sourcesOf } from './bundle-sources.ts';

const PURE = /^src\/(domain|contracts|workflows)\//;
const OPEN = 150;
const input: RolloutInput = {
  model: 'flight-delay',
  rolloutId: 'rollout/flight-delay/9f3a2c41-1',
  bundle: '9f3a2c41'.repeat(8),
  idea: 'fresh-features',
  claim: 'improve',
};

describe('the workflow bundle', function () {
  this.timeout(120_000);
  const cache = mkdtempSync(join(tmpdir(), 'holdfast-bundle-'));
  let bundle: WorkflowBundle;
  let server: TestServer;
  let client: Client;
  let workers: Workers;

  before(async () => {
    const logger = sdkLogger(openLog('error', 'test'));
    bundle = await workflowBundle(logger, cache);
    server = await startTemporal();
    client = await connectClient(server);
    // No activities: every workflow waits for its first one.
    const options = {
      temporal: server,
      taskQueues: ['control'],
      activities: {},
      workflowsCachedMax: OPEN * 2,
    } as const;
    workers = await startWorkers({ ...options, bundle });
  });
  after(async () => {
    workers.shutdown();
    await workers.stopped;
    await client.connection.close();
    await server.stop();
    rmSync(cache, { recursive: true, force: true });
  });

  it('contains nothing of ours but pure rooms', () => {
    const ours = sourcesOf(bundle).filter((source) => !source.includes('node_modules'));
    assert.deepEqual(
      ours.filter((source) => !PURE.test(source)),
      [],
    );
    assert.ok(ours.includes('src/workflows/rollout.ts'));
  });

  it('contains of others only the workflow SDK with what it needs, and zod', () => {
    // The innermost folder names the package: where npm puts a dependency of a dependency differs from machine to machine.
    const packages = sourcesOf(bundle).flatMap(
      (source) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(source)?.[1] ?? [],
    );
    const allowed = ['@temporalio/common', '@temporalio/workflow', 'long', 'ms', 'nexus-rpc', 'zod'];
    assert.deepEqual([...new Set(packages)].sort(), allowed);
  });

  it('is built once and found again by the digest of its sources', async () => {
    const [file] = readdirSync(cache);
    const builtAt = statSync(join(cache, file!)).mtimeMs;
    const again = await workflowBundle(sdkLogger(openLog('error', 'test')), cache);
    assert.ok('codePath' in again && existsSync(again.codePath));
    assert.equal(statSync(again.codePath).mtimeMs, builtAt);
    assert.equal(readdirSync(cache).length, 1);
  });

  it('has schemas that answer a wrong message although they are frozen, in every workflow that shares them', async () => {
    for (const workflowId of ['first', 'second']) {
      const handle = await client.workflow.start('rollout', { taskQueue: 'control', workflowId, args: [input] });
      for (const wrong of [{}, { commandId: 1 }, { ...pauseMessage.sample, extra: true }, 'text', null]) {
        await assert.rejects(
          handle.executeUpdate('pause', { args: [wrong] }),
          (error: Error) =>
            error instanceof WorkflowUpdateFailedError && String(error.cause?.message).startsWith('pause: '),
        );
      }
      await handle.executeUpdate('pause', { args: [pauseMessage.sample] });
      await handle.terminate();
    }
  });

  it('costs each open workflow well below a megabyte, because its schemas are loaded once for all', async () => {
    const open = async (from: number, to: number): Promise<void> => {
      for (let n = from; n < to; n += 1) {
        const options = { taskQueue: 'control', workflowId: `open-${n}`, args: [input] };
        await (await client.workflow.start('rollout', options)).query('status');
      }
    };
    await open(0, 20);
    const before = process.memoryUsage().rss;
    await open(20, OPEN);
    const mebibytesEach = (process.memoryUsage().rss - before) / (OPEN - 20) / 2 ** 20;
    if (process.env['VERBOSE'] !== undefined) process.stdout.write(`${mebibytesEach.toFixed(2)} MiB each\n`);
    // Measured 0.3–0.5; with zod in every workflow it is above 1.1.
    assert.ok(mebibytesEach < 0.9, `${mebibytesEach.toFixed(2)} MiB each`);
  });
});
