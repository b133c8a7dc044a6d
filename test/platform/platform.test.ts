import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { recordStores } from '../../src/adapters/record-store/index.ts';
import { connectClient } from '../../src/client/connect.ts';
import { readConfig } from '../../src/config.ts';
import type { Config } from '../../src/config.ts';
import { startPlatform } from '../../src/platform/platform.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { platformFileIn, platformFileSchema } from '../../src/platform/platform-file.ts';
import { freePort, isPortOpen } from '../../src/platform/ports.ts';
import { temporalBinary } from '../../src/platform/temporal-binary.ts';
import { removePostgresHome } from '../../src/platform/postgres-home.ts';

const portOf = (url: string): number => Number(/:(\d+)(\/|$)/.exec(url)?.[1]);

describe('the platform of one machine', function () {
  this.timeout(60_000);
  const stateDir = mkdtempSync(join(tmpdir(), 'holdfast-platform-'));
  chmodSync(stateDir, 0o755);
  let config: Config;
  let platform: Platform | null = null;
  before(async () => {
    // Others than those of a platform that may be running beside the tests.
    const port = async (): Promise<string> => String(await freePort());
    config = readConfig({
      HOLDFAST_STATE_DIR: stateDir,
      HOLDFAST_TEMPORAL_PORT: await port(),
      HOLDFAST_TEMPORAL_UI_PORT: await port(),
      HOLDFAST_GATEWAY_PORT: await port(),
      HOLDFAST_HTTP_PORT: await port(),
    });
  });
  afterEach(() => platform?.stop());
  after(() => {
    removePostgresHome(stateDir);
    rmSync(stateDir, { recursive: true, force: true });
  });

  it('serves records and workflows when its start returns, leaves word of it, and nothing when it has stopped', async () => {
    platform = await startPlatform({ config, services: [] });
    const store = await recordStores.postgres.create({ url: platform.postgresUrl, connectionsMax: 1 });
    await store.migrate();
    await store.close();
    const client = await connectClient(platform.temporal);
    await client.workflowService.describeNamespace({ namespace: platform.temporal.namespace });
    await client.connection.close();
    assert.equal((await fetch(platform.temporal.uiUrl ?? '')).status, 200);
    const word = platformFileIn(stateDir);
    assert.equal(statSync(word).mode & 0o777, 0o600);
    const { environment } = platformFileSchema.parse(JSON.parse(readFileSync(word, 'utf8')));
    assert.deepEqual(environment, platform.environment);
    const began = Date.now();
    await platform.stop();
    assert.ok(Date.now() - began < 10_000);
    assert.equal(existsSync(word), false);
    for (const url of [platform.postgresUrl.replace(/.*@/, ''), platform.temporal.address]) {
      assert.equal(await isPortOpen(portOf(url)), false);
    }
  });

  it('takes a free port for one that is in use, says so, and keeps it the next time', async () => {
    const other = createServer().listen(config.temporalPort, '127.0.0.1');
    const notices: string[] = [];
    const start = () => startPlatform({ config, services: [], headless: true, onNotice: (text) => notices.push(text) });
    platform = await start();
    const { address } = platform.temporal;
    assert.notEqual(portOf(address), config.temporalPort);
    const ofTemporal = notices.filter((notice) => notice.includes('temporal takes'));
    assert.deepEqual(ofTemporal, [`port ${config.temporalPort} is in use; temporal takes ${portOf(address)} instead`]);
    await platform.stop();
    await new Promise((resolve) => other.close(resolve));
    platform = await start();
    assert.equal(platform.temporal.address, address);
    assert.equal(platform.temporal.uiUrl, null);
  });

  it('has a worker that polls when its start returns, and comes back after kill -9; the HTTP edge answers beside it', async () => {
    platform = await startPlatform({ config, headless: true });
    const edge = await fetch(`${platform.httpUrl}/readyz`);
    assert.deepEqual(await edge.json(), { ready: true, names: 'claims' });
    const absent = await fetch(`${platform.httpUrl}/v1/rollouts/shop/00000000-1`);
    assert.equal(absent.status, 404);
    const worker = () => platform?.children.find(({ name }) => name === 'worker');
    assert.equal(worker()?.state, 'serving');
    const client = await connectClient(platform.temporal);
    const queue = { namespace: 'default', taskQueue: { name: 'control' } };
    // Its first poll is under way; the server lists it a moment later.
    const polled = async (): Promise<boolean> =>
      ((await client.workflowService.describeTaskQueue(queue)).pollers?.length ?? 0) > 0;
    while (!(await polled())) await sleep(50);
    await client.connection.close();
    platform.kill('worker');
    while (worker()?.restarts !== 1 || worker()?.state !== 'serving') await sleep(50);
  });

  it('brings a gateway back after kill -9, at the same address', async () => {
    platform = await startPlatform({ config, services: ['gateway'], headless: true });
    const ready = async (): Promise<boolean> => (await fetch(`${platform?.gatewayUrl}/readyz`)).status === 200;
    assert.equal(await ready(), true);
    platform.kill('gateway');
    while (!(await ready().catch(() => false)) || platform.children.every(({ restarts }) => restarts === 0)) {
      await sleep(50);
    }
    const logged = platform.children.find(({ name }) => name === 'gateway')?.log ?? '';
    assert.match(readFileSync(logged, 'utf8'), /Ready/);
  });

  it('starts on other ports when another program is quicker to listen on a chosen one', async () => {
    const rival = join(stateDir, 'rival.pid');
    const binary = join(stateDir, 'slow-temporal');
    // A server that is overtaken once: at its first start somebody else listens on its port, and it ends.
    writeFileSync(
      binary,
      `#!${process.execPath}
       const { spawn, spawnSync } = require('node:child_process');
       const { existsSync, writeFileSync } = require('node:fs');
       const args = process.argv.slice(2);
       const port = args[args.indexOf('--port') + 1];
       if (args[0] !== '--version' && !existsSync(${JSON.stringify(rival)})) {
         const listener = 'require("node:net").createServer().listen(' + port + ', "127.0.0.1")';
         const { pid } = spawn(process.execPath, ['-e', listener], { detached: true, stdio: 'ignore' });
         writeFileSync(${JSON.stringify(rival)}, String(pid));
         process.exit(1);
       }
       if (args[0] === '--version') process.exit(spawnSync(${JSON.stringify(await temporalBinary())}, args, { stdio: 'inherit' }).status);
       const real = spawn(${JSON.stringify(await temporalBinary())}, args, { stdio: 'inherit' });
       process.on('SIGTERM', () => real.kill('SIGTERM'));
       real.on('exit', (code) => process.exit(code ?? 1));`,
      { mode: 0o755 },
    );
    const notices: string[] = [];
    const onNotice = (text: string): void => void notices.push(text);
    const overtaken = { ...config, temporalBinary: binary };
    platform = await startPlatform({ config: overtaken, services: [], headless: true, onNotice });
    process.kill(Number(readFileSync(rival, 'utf8')));
    const [, lost] = /another program took port (\d+) of temporal during the start/.exec(notices.join('\n')) ?? [];
    assert.notEqual(lost, undefined);
    assert.notEqual(portOf(platform.temporal.address), Number(lost));
  });

  it('stops what it has started when its start is interrupted', async () => {
    const interrupt = new AbortController();
    const begun = join(stateDir, 'begun');
    const binary = join(stateDir, 'mute-temporal');
    // A server that has been started and does not answer yet.
    writeFileSync(
      binary,
      `#!/bin/sh\nif [ "$1" = --version ]; then exec '${await temporalBinary()}' --version; fi\ntouch '${begun}'; exec sleep 60\n`,
      { mode: 0o755 },
    );
    const mute = { ...config, temporalBinary: binary };
    const refused = assert.rejects(startPlatform({ config: mute, services: [], signal: interrupt.signal }), {
      code: 'PLATFORM_START_FAILED',
      message: /interrupted/,
    });
    while (!existsSync(begun)) await sleep(10);
    interrupt.abort();
    await refused;
    // The state folder is free again, also for an order that came too early to be heard.
    await assert.rejects(startPlatform({ config, services: [], signal: AbortSignal.abort() }), {
      code: 'PLATFORM_START_FAILED',
    });
    platform = await startPlatform({ config, services: [], headless: true });
  });
});
