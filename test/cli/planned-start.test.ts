import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keepEventClock } from '../../src/platform/event-clock.ts';
import { freePort } from '../../src/platform/ports.ts';
import { Supervisor } from '../../src/platform/supervise.ts';
import { captured } from './captured.ts';

describe('a start that is only planned', () => {
  const set = new Map<string, string | undefined>();
  const setting = (name: string, value: string): void => {
    if (!set.has(name)) set.set(name, process.env[name]);
    process.env[name] = value;
  };
  let folder = '';
  let stateDir = '';
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-plan-'));
    stateDir = join(folder, 'state');
    setting('HOLDFAST_GATEWAY_PORT', String(await freePort()));
  });
  afterEach(() => {
    for (const [name, value] of set) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    rmSync(folder, { recursive: true, force: true });
  });

  for (const [title, argv, says] of [
    [
      'a show',
      ['demo', '--until', '2001-02-10', '--summary', 'x.json'],
      [/^model +flight-delay of /m, /^traffic +from 2001-01-29, until 2001-02-10, 3600 times/m, /^writes +x\.json/m],
    ],
    [
      'an unattended run',
      ['demo', '--headless', '--auto-approve'],
      [/^approvals +given in the name/m, /every stage$/m],
    ],
    ['a platform', ['up'], [/^event time +from the clock on the wall$/m, /^web UI +would be started at http/m]],
    [
      'routers elsewhere',
      ['up', '--gateways', 'http://127.0.0.1:9480'],
      [/^gateway +runs already at http:\/\/127\.0\.0\.1:9480$/m],
    ],
    [
      'a drill',
      ['drill', 'worse-at-one-airport'],
      [/^would break +a candidate that/m, /^expected +the slice stops it/m, /^model +flight-slice: .*canary 5 %/m],
    ],
  ] as const)
    it(`says what would be started for ${title}, and starts nothing`, async () => {
      const { exitCode, stdout } = await captured([...argv, '--dry-run', '--state-dir', stateDir]);
      assert.equal(exitCode, 0, stdout);
      assert.match(stdout, /^dry run: nothing was changed\nstate folder .*state: nothing is kept there yet$/m);
      for (const line of says) assert.match(stdout, line);
      assert.equal(existsSync(stateDir), false);
    });

  it('names the port that would be taken for one that is in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((listens) => other.once('listening', listens));
    const { port } = other.address() as { port: number };
    setting('HOLDFAST_GATEWAY_PORT', String(port));
    const { stdout } = await captured(['up', '--dry-run', '--json', '--state-dir', stateDir]);
    await new Promise((closed) => other.close(closed));
    const { parts } = JSON.parse(stdout) as { parts: ReadonlyArray<{ name: string; at: string }> };
    const at = parts.find(({ name }) => name === 'gateway')?.at ?? '';
    assert.match(at, /^http:\/\/127\.0\.0\.1:\d+$/);
    assert.notEqual(at, `http://127.0.0.1:${port}`);
  });

  it('says what an earlier start has left, and that the replay goes on', async () => {
    mkdirSync(join(stateDir, 'request-log', 'flight-delay'), { recursive: true });
    writeFileSync(join(stateDir, 'temporal.db'), 'x'.repeat(200_000));
    const { stdout } = await captured(['demo', '--dry-run', '--state-dir', stateDir]);
    assert.match(stdout, /: keeps 0\.2 MB of flight-delay$/m);
    assert.match(stdout, /^traffic +goes on where it has come to/m);
  });

  it('says why it would be refused: another clock, or a platform that runs', async () => {
    mkdirSync(stateDir);
    keepEventClock(stateDir, 'stream');
    const differs = await captured(['up', '--dry-run', '--state-dir', stateDir]);
    assert.equal(differs.exitCode, 6);
    assert.match(differs.stdout, /^would be refused: the state folder .*replayed traffic/m);
    const supervisor = await Supervisor.open(stateDir);
    const runs = await captured(['demo', '--dry-run', '--state-dir', stateDir]);
    await supervisor.stop();
    assert.equal(runs.exitCode, 6);
    assert.match(runs.stdout, /^would be refused: the platform in .* runs already/m);
  });

  it('names no password of records that run elsewhere', async () => {
    setting('HOLDFAST_POSTGRES_URL', 'postgres://ana:secret@records.example:5432/holdfast');
    const { stdout } = await captured(['up', '--dry-run', '--state-dir', stateDir]);
    assert.match(stdout, /^PostgreSQL +runs already at records\.example:5432$/m);
    assert.doesNotMatch(stdout, /secret/);
  });
});
