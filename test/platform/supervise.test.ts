import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ChildSpec } from '../../src/platform/child.ts';
import { runningSupervisor } from '../../src/platform/lock.ts';
import { freePort, isPortFree, isPortOpen } from '../../src/platform/ports.ts';
import { isAlive } from '../../src/platform/processes.ts';
import { Supervisor } from '../../src/platform/supervise.ts';

const code = (expected: string) => (error: unknown) => (error as { code?: string }).code === expected;

describe('the supervisor', () => {
  let stateDir = '';
  let notices: string[] = [];
  const open: Supervisor[] = [];
  const start = async (...specs: ChildSpec[]): Promise<Supervisor> => {
    const supervisor = await Supervisor.open(stateDir, (text) => notices.push(text));
    open.push(supervisor);
    await supervisor.start(specs);
    return supervisor;
  };
  const note = (name: string): string => join(stateDir, `${name}.note`);
  const noted = (): string[] => readFileSync(note('all'), 'utf8').trim().split('\n');

  /** A server of one line; it writes down when it starts and when it is asked to stop. */
  const server = (name: string, port: number, more: Partial<ChildSpec> = {}): ChildSpec => ({
    name,
    layer: 'service',
    command: process.execPath,
    args: [
      '-e',
      `const note = (text) => require('fs').appendFileSync(${JSON.stringify(note('all'))}, '${name} ' + text + '\\n');
       process.on('SIGTERM', () => { note('stops'); process.exit(0); });
       require('net').createServer().listen(${port}, '127.0.0.1', () => note('serves'));`,
    ],
    stopSignal: 'SIGTERM',
    stopPatienceMs: 2_000,
    readyPatienceMs: 10_000,
    ready: () => isPortOpen(port),
    ...more,
  });
  const script = (name: string, text: string, more: Partial<ChildSpec> = {}): ChildSpec =>
    server(name, 0, { args: ['-e', text], ready: async () => true, ...more });
  const until = async (condition: () => boolean): Promise<void> => {
    const deadline = Date.now() + 15_000;
    while (!condition()) {
      assert.ok(Date.now() < deadline, 'not within 15 s');
      await sleep(10);
    }
  };

  beforeEach(() => {
    stateDir = mkdtempSync(join(tmpdir(), 'holdfast-supervise-'));
    notices = [];
  });
  afterEach(async () => {
    for (const supervisor of open.splice(0)) await supervisor.stop();
    rmSync(stateDir, { recursive: true, force: true });
  });

  it('keeps away what was taken away, and starts it again when it is brought back', async () => {
    const port = await freePort();
    const supervisor = await start(server('store', port));
    supervisor.takeAway('store');
    await until(() => supervisor.children[0]?.state === 'away');
    // Longer than the first pauses of a restart.
    await sleep(400);
    assert.equal(await isPortOpen(port), false);
    assert.deepEqual(notices, ['store was taken away on purpose']);
    supervisor.bringBack('store');
    await until(() => supervisor.children[0]?.state === 'serving');
    assert.equal(await isPortOpen(port), true);
    // What a server writes down a moment after its port answers may be lost with it: restarts are counted instead.
    assert.equal(supervisor.children[0]?.restarts, 1);
    assert.deepEqual(notices.slice(1), ['store may come back; restarting it', 'store serves again']);
  });

  it('starts nothing once it has been stopped', async () => {
    const supervisor = await start();
    await supervisor.stop();
    const late = server('late', await freePort());
    await assert.rejects(supervisor.start([late]), code('PLATFORM_START_FAILED'));
    assert.deepEqual(supervisor.children, []);
  });

  it('stops with a child that is away', async () => {
    const supervisor = await start(server('store', await freePort()));
    supervisor.takeAway('store');
    await until(() => supervisor.children[0]?.state === 'away');
    await supervisor.stop();
    assert.equal(supervisor.children[0]?.state, 'stopped');
  });

  it('starts layer by layer and stops in the reverse order', async () => {
    const [a, b, c] = [await freePort(), await freePort(), await freePort()];
    const supervisor = await start(
      server('load', c, { layer: 'load' }),
      server('service', b),
      server('store', a, { layer: 'server' }),
    );
    await supervisor.stop();
    assert.deepEqual(noted(), [
      'store serves',
      'service serves',
      'load serves',
      'load stops',
      'service stops',
      'store stops',
    ]);
  });

  it('restarts a child that dies, and says so', async () => {
    const port = await freePort();
    const supervisor = await start(server('gateway', port));
    const killed = supervisor.kill('gateway');
    await until(() => supervisor.children[0]?.restarts === 1 && supervisor.children[0].state === 'serving');
    assert.notEqual(supervisor.children[0]?.pid, killed);
    assert.deepEqual(notices, ['gateway died (SIGKILL); restarting it', 'gateway serves again']);
  });

  it('restarts a child that ends by itself with code 0, unless it may finish', async () => {
    const supervisor = await start(
      script('ends', 'setTimeout(() => {}, 300)'),
      script('finishes', 'setTimeout(() => {}, 300)', { mayFinish: true }),
    );
    await supervisor.finished('finishes');
    assert.equal(supervisor.children[1]?.state, 'finished');
    await until(() => notices.includes('ends died (exit code 0); restarting it'));
  });

  it('gives up a first start after three deaths, with the last lines of the log', async () => {
    const failing = start(
      script('broken', 'console.error("no such flag"); process.exit(3)', { ready: async () => false }),
    );
    await assert.rejects(failing, (error: Error & { code: string }) => {
      assert.equal(error.code, 'PLATFORM_START_FAILED');
      assert.match(error.message, /^broken ended at once; the last lines of .*broken\.log:\n  no such flag/);
      return true;
    });
  });

  it('takes nobody else’s answer for its own, and gives up a start that finds its port taken', async () => {
    const rival = createServer().listen(0, '127.0.0.1');
    await once(rival, 'listening');
    const { port } = rival.address() as AddressInfo;
    // It needs a moment to find out, as servers do; until then the rival answers.
    const late = `setTimeout(() => require('net').createServer().listen(${port}, '127.0.0.1'), 200)`;
    const supervisor = await Supervisor.open(stateDir);
    open.push(supervisor);
    const taken = server('overtaken', port, { args: ['-e', late], port });
    await assert.rejects(supervisor.start([taken]), /overtaken ended at once/);
    await new Promise((resolve) => rival.close(resolve));
  });

  it('knows its own answer also when a program it has started gives it', async () => {
    const port = await freePort();
    const listener = `require('net').createServer().listen(${port}, '127.0.0.1')`;
    const shim = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(listener)}])`;
    const supervisor = await start(server('shim', port, { args: ['-e', shim], port }));
    assert.equal(supervisor.children[0]?.state, 'serving');
    process.kill(-(supervisor.children[0]?.pid ?? 0), 'SIGKILL');
  });

  it('gives up a start that does not answer in time, and ends the process', async () => {
    const mute = script('mute', 'setInterval(() => {}, 1000)', { ready: async () => false, readyPatienceMs: 300 });
    const supervisor = await Supervisor.open(stateDir);
    open.push(supervisor);
    await assert.rejects(supervisor.start([mute]), /mute did not answer within 0.3 s/);
    assert.equal(isAlive(supervisor.children[0]?.pid ?? 0), false);
  });

  it('says the same of a program that does not exist', async () => {
    await assert.rejects(
      start(script('absent', '', { command: '/nowhere/program', ready: async () => false })),
      code('PLATFORM_START_FAILED'),
    );
  });

  it('kills a child that ignores the order to stop', async () => {
    const deaf = script('deaf', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)', {
      stopPatienceMs: 300,
    });
    const supervisor = await start(deaf);
    await sleep(200);
    const pid = supervisor.children[0]?.pid ?? 0;
    await supervisor.stop();
    assert.equal(isAlive(pid), false);
  });

  it('lets only one supervisor hold a state folder', async () => {
    await start();
    assert.equal(runningSupervisor(stateDir), process.pid);
    await assert.rejects(Supervisor.open(stateDir), code('PLATFORM_RUNNING'));
  });

  it('frees the state folder when it has stopped', async () => {
    await (await start()).stop();
    assert.equal(runningSupervisor(stateDir), null);
    await start();
  });

  it('ends what a killed supervisor left running before it starts anew', async () => {
    const port = await freePort();
    const module = fileURLToPath(new URL('../../src/platform/supervise.js', import.meta.url));
    const program = `
      const { Supervisor } = await import(${JSON.stringify(module)});
      const supervisor = await Supervisor.open(${JSON.stringify(stateDir)});
      await supervisor.start([{ name: 'orphan', layer: 'service', command: process.execPath, stopSignal: 'SIGTERM', stopPatienceMs: 2000,
        readyPatienceMs: 10000, ready: async () => true,
        args: ['-e', 'require("net").createServer().listen(${port}, "127.0.0.1")'] }]);
      console.log('started');`;
    const first = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(first.stdout, 'data');
    first.kill('SIGKILL');
    await once(first, 'exit');
    while (!(await isPortOpen(port))) await sleep(10);
    await start();
    assert.match(notices[0] ?? '', /^ended what an earlier start had left running: orphan \(process \d+\)$/);
    assert.equal(await isPortFree(port), true);
  });

  it('leaves alone a process that only carries the number of one of its own', async () => {
    const stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    const child = {
      name: 'worker',
      pid: stranger.pid,
      identity: 'another start',
      stopSignal: 'SIGTERM',
      stopPatienceMs: 100,
    };
    const dead = { supervisor: { pid: 999_999, identity: 'x' }, children: [child] };
    writeFileSync(join(stateDir, 'platform.lock'), JSON.stringify(dead));
    await start();
    assert.equal(isAlive(stranger.pid!), true);
    stranger.kill('SIGKILL');
  });

  it('names a state folder that cannot be written', async () => {
    writeFileSync(join(stateDir, 'file'), '');
    await assert.rejects(Supervisor.open(join(stateDir, 'file', 'state')), code('PLATFORM_STATE_DIR_UNUSABLE'));
  });
});
