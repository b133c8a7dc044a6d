import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { environmentWith } from '../../src/config.ts';
import { otherEventClock } from '../../src/platform/event-clock.ts';
import { isAlive } from '../../src/platform/processes.ts';
import { removePostgresHome } from '../../src/platform/postgres-home.ts';

const FREE_PORTS = {
  HOLDFAST_TEMPORAL_PORT: '0',
  HOLDFAST_TEMPORAL_UI_PORT: '0',
  HOLDFAST_GATEWAY_PORT: '0',
  HOLDFAST_HTTP_PORT: '0',
};
const CLI = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

describe('npm start', function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-demo-'));
  chmodSync(folder, 0o755);
  const running: ChildProcess[] = [];
  after(async () => {
    // Whatever a test ended with, what it has started is stopped.
    for (const child of running) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    }
    for (const home of [folder, join(folder, 'full')]) removePostgresHome(home);
    rmSync(folder, { recursive: true, force: true });
  });

  it('stops everything when nobody reads its output any more', async () => {
    const args = ['demo', '--headless', '--model', 'models/birdstrikes.yaml', '--state-dir', folder];
    // A word about a port that is in use would be the next line, and end everything before anything has begun.
    const demo = spawn(process.execPath, [CLI, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: environmentWith(FREE_PORTS),
    });
    running.push(demo);
    const ended = once(demo, 'exit');
    await once(demo.stdout, 'data');
    // As `head -1` does; the next line of the show finds that out.
    demo.stdout.destroy();
    const started = new Map<number, string>();
    while (demo.exitCode === null && demo.signalCode === null) {
      for (const { name, pid } of startedBy(folder)) started.set(pid, name);
      await sleep(20);
    }
    assert.deepEqual(await ended, [0, null]);
    // Whether the stop met it while it started or after: what had been started is gone.
    assert.ok(new Set(started.values()).has('postgres'));
    assert.deepEqual(
      [...started].filter(([pid]) => isAlive(pid)),
      [],
    );
    assert.equal(existsSync(join(folder, 'platform.lock')), false);
    assert.equal(otherEventClock(folder, 'stream'), null);
    assert.notEqual(otherEventClock(folder, 'wall'), null);
  });

  const FULL = '/dev/full';
  it(`leaves no server behind where its output cannot be written${existsSync(FULL) ? '' : ` (skipped: no ${FULL} here)`}`, async function () {
    if (!existsSync(FULL)) this.skip();
    const full = openSync(FULL, 'w');
    const stateDir = join(folder, 'full');
    mkdirSync(stateDir);
    const up = spawn(process.execPath, [CLI, 'up', '--headless', '--state-dir', stateDir], {
      stdio: ['ignore', full, 'pipe'],
      env: environmentWith(FREE_PORTS),
    });
    running.push(up);
    let complained = '';
    up.stderr?.on('data', (part: Buffer) => void (complained += part.toString()));
    const [code] = (await once(up, 'close')) as [number | null];
    closeSync(full);
    assert.equal(code, 1);
    assert.match(complained, /ENOSPC/);
    assert.ok(existsSync(join(stateDir, 'postgres')));
    assert.equal(existsSync(join(stateDir, 'platform.lock')), false);
  });
});

function startedBy(folder: string): ReadonlyArray<{ readonly name: string; readonly pid: number }> {
  try {
    return (JSON.parse(readFileSync(join(folder, 'platform.lock'), 'utf8')) as { children: never[] }).children;
  } catch {
    return [];
  }
}
