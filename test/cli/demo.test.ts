import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { environmentWith } from '../../src/config.ts';
import { otherEventClock } from '../../src/platform/event-clock.ts';
import { isAlive } from '../../src/platform/processes.ts';
import { removePostgresHome } from '../../src/platform/postgres-home.ts';

const CLI = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

describe('npm start', function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-demo-'));
  chmodSync(folder, 0o755);
  after(() => {
    removePostgresHome(folder);
    rmSync(folder, { recursive: true, force: true });
  });

  it('stops everything when nobody reads its output any more', async () => {
    const args = ['demo', '--headless', '--model', 'models/birdstrikes.yaml', '--state-dir', folder];
    const ports = { HOLDFAST_TEMPORAL_PORT: '0', HOLDFAST_TEMPORAL_UI_PORT: '0', HOLDFAST_GATEWAY_PORT: '0' };
    const demo = spawn(process.execPath, [CLI, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: environmentWith(ports),
    });
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
});

function startedBy(folder: string): ReadonlyArray<{ readonly name: string; readonly pid: number }> {
  try {
    return (JSON.parse(readFileSync(join(folder, 'platform.lock'), 'utf8')) as { children: never[] }).children;
  } catch {
    return [];
  }
}
