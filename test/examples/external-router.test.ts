/** The guide to a router of your own: its router passes the suite of ours, and its commands run as they stand there. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createTrafficRouter } from '../../src/adapters/traffic-router/index.ts';
import { createGatewayLog } from '../../src/adapters/gateway-log/index.ts';
import { removePostgresHome } from '../../src/platform/postgres-home.ts';
import { freePort } from '../../src/platform/ports.ts';
import { trafficRouterConformance } from '../adapters/traffic-router/conformance.ts';

const FOLDER = resolve('examples/external-router');
const HOLDFAST = `${process.execPath} ${resolve('dist/src/cli/main.js')}`;

/** Starts a program and waits until a line of its output says so. */
async function started(
  command: string,
  says: RegExp,
  options: { cwd: string; env?: NodeJS.ProcessEnv },
): Promise<ChildProcess> {
  const child = spawn('/bin/sh', ['-c', `exec ${command}`], { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  await new Promise<void>((done, failed) => {
    const hear = (chunk: Buffer): void => {
      output += chunk.toString();
      if (says.test(output)) done();
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.once('exit', (code) => failed(new Error(`${command} ended with ${code}: ${output}`)));
  });
  return child;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((done) => child.once('exit', done));
  child.removeAllListeners('exit');
  child.once('exit', () => undefined);
  child.kill('SIGTERM');
  await Promise.race([new Promise((done) => child.once('close', done)), gone, sleep(15_000)]);
}

describe('the router of the example', function () {
  this.timeout(20_000);
  const children: ChildProcess[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-router-'));
  let servicePort: number;
  let states = 0;
  before(async () => {
    servicePort = await freePort();
    children.push(await started(`node ${FOLDER}/service.mjs --port ${servicePort}`, /service at/, { cwd: folder }));
  });
  afterEach(() => Promise.all(children.splice(1).map(ended)));
  after(async () => {
    await Promise.all(children.map(ended));
    rmSync(folder, { recursive: true, force: true });
  });
  const startRouter = async (state?: string): Promise<string> => {
    states += 1;
    const port = await freePort();
    const upstream = `'http://127.0.0.1:${servicePort}/{bundle}'`;
    const options = `--port ${port} --upstream ${upstream} --clock stream --state ${state ?? `state-${states}.json`}`;
    children.push(await started(`node ${FOLDER}/router.mjs ${options}`, /router router-1 at/, { cwd: folder }));
    return `http://127.0.0.1:${port}`;
  };
  const digest = (letter: string): string => letter.repeat(64);

  trafficRouterConformance(async () => {
    const url = await startRouter();
    return {
      router: createTrafficRouter({ kind: 'http', urls: [url], timeoutMs: 2_000 }),
      gateways: 1,
      bundles: { fallback: digest('a'), stable: digest('b'), candidate: digest('c') },
      moveClock: async (through) => {
        const body = JSON.stringify({ through });
        assert.equal((await fetch(`${url}/v1/models/flight-delay/watermark`, { method: 'POST', body })).status, 200);
      },
    };
  });

  it('serves on by the last split after kill -9, keeps every unit in its arm, and reports an empty log', async () => {
    const url = await startRouter('kept.json');
    const router = createTrafficRouter({ kind: 'http', urls: [url], timeoutMs: 2_000 });
    await router.register('shop', { freshFeatures: [], fallback: digest('a') });
    const entry = {
      effectiveFrom: null,
      stable: digest('a'),
      candidate: digest('c'),
      exposure: 0.5,
      salt: 's',
      mirror: false,
    };
    await router.apply('shop', { generation: 1, decisionId: 'first', entry });
    const armsAt = (base: string): Promise<(string | null)[]> =>
      Promise.all(
        Array.from({ length: 40 }, async (_, unit) => {
          const headers = { 'x-unit': `u${unit}`, 'x-event-time': '2024-03-06T00:00:00Z' };
          return (await fetch(`${base}/serve/shop/rank`, { headers })).headers.get('x-arm');
        }),
      );
    const before = await armsAt(url);
    assert.ok(before.includes('candidate') && before.includes('stable'));
    await fetch(`${url}/v1/models/shop/watermark`, { method: 'POST', body: '{"through":"2024-03-06T06:00:00Z"}' });
    children.at(-1)?.kill('SIGKILL');
    const again = await startRouter('kept.json');
    assert.deepEqual(await armsAt(again), before);
    const log = createGatewayLog({ kind: 'http', urls: [again], timeoutMs: 2_000 });
    const [segments] = await log.segments('shop', {});
    assert.deepEqual(
      segments?.segments.map(({ records, through }) => [records, through]),
      [[0, '2024-03-06T06:00:00Z']],
    );
    assert.deepEqual(await log.read('shop', segments.segments[0]!), []);
    const [ledger] = await log.ledger('shop', {});
    assert.deepEqual(
      ledger?.entries.map(({ accepted, decisionId }) => [accepted, decisionId]),
      [[true, 'first']],
    );
  });
});

describe('the guide to a router of your own', function () {
  // About twenty seconds of processor time, and several times that by the clock where others work on the same cores.
  this.timeout(240_000);
  const stateDir = mkdtempSync(join(tmpdir(), 'holdfast-guide-'));
  chmodSync(stateDir, 0o755);
  const children: ChildProcess[] = [];
  after(async () => {
    await Promise.all(children.reverse().map(ended));
    removePostgresHome(join(stateDir, '.holdfast-router'));
    rmSync(stateDir, { recursive: true, force: true });
  });

  it('runs as it stands: the first candidate reaches everyone on pushed counts, the worse one is rolled back', async () => {
    const [service, router, edge] = [await freePort(), await freePort(), await freePort()];
    const guide = readFileSync('docs/guides/roll-out-a-model-behind-your-own-router.md', 'utf8');
    const commands = [...guide.matchAll(/```sh\n(.+)\n```/g)].map(([, command = '']) =>
      command
        .replace(/^npx holdfast/, HOLDFAST)
        .replace(/^node/, process.execPath)
        .replaceAll('examples/external-router', FOLDER)
        .replaceAll(':9480', `:${router}`)
        .replaceAll('--port 9480', `--port ${router}`)
        .replaceAll('9481', String(service))
        .replaceAll(':8482', `:${edge}`),
    );
    const env = {
      ...process.env,
      HOLDFAST_HTTP_PORT: String(edge),
      HOLDFAST_TEMPORAL_PORT: String(await freePort()),
      HOLDFAST_TEMPORAL_UI_PORT: String(await freePort()),
    };
    const place = { cwd: stateDir, env };
    const [serve = '', route = '', up = '', start = '', good = '', worse = '', ...others] = commands;
    assert.deepEqual(others, []);
    children.push(await started(serve, /service at/, place));
    children.push(await started(route, /router router-1 at/, place));
    children.push(await started(`${up} --headless`, /start a model with/, place));
    const run = async (command: string): Promise<string> =>
      (await promisify(execFile)('/bin/sh', ['-c', command], { ...place, timeout: 120_000 })).stdout;
    assert.match(await run(start), /^order-ranker started as lifecycle\/order-ranker/);
    const registered = async (): Promise<boolean> =>
      (await fetch(`http://127.0.0.1:${router}/v1/models/order-ranker/traffic`)).status === 200;
    while (!(await registered())) await sleep(50);
    const promoted = await run(good);
    assert.match(promoted, /exposure 0\.2: /);
    assert.match(promoted, /exposure 0\.5: certified.*abandoned at ×\d/);
    const history = await outcomesOf(run);
    assert.deepEqual(history, ['first-ranker promoted'], promoted);
    const rolledBack = await run(worse);
    assert.doesNotMatch(rolledBack, /exposure 0\.5/);
    assert.deepEqual(await outcomesOf(run), ['basket-ranker rolled back'], rolledBack);
  });
});

/** How the last rollout ended, in the words of the promotion queue. */
async function outcomesOf(run: (command: string) => Promise<string>): Promise<string[]> {
  const words = await run(`${HOLDFAST} explain promotion/order-ranker --state-dir .holdfast-router`);
  return [...words.matchAll(/(\S+) (promoted|rolled back)/g)].map(([found]) => found);
}
