import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { recordStores } from '../../src/adapters/record-store/index.ts';
import { freePort } from '../../src/platform/ports.ts';
import { completeLinks, removePostgresHome } from '../../src/platform/postgres-home.ts';
import { preparePostgres } from '../../src/platform/postgres.ts';
import { Supervisor } from '../../src/platform/supervise.ts';

const isRoot = process.getuid?.() === 0;

describe('the embedded PostgreSQL of the platform', function () {
  this.timeout(60_000);
  let stateDir = '';
  let notices: string[] = [];
  let running: Supervisor | null = null;

  const start = async (port: number): Promise<{ supervisor: Supervisor; url: string }> => {
    running = await Supervisor.open(stateDir, (text) => notices.push(text));
    const postgres = await preparePostgres({ stateDir, port });
    notices.push(...postgres.notices);
    await running.start([postgres.child]);
    return { supervisor: running, url: postgres.url };
  };
  beforeEach(() => {
    notices = [];
    stateDir = mkdtempSync(join(tmpdir(), 'holdfast-postgres-'));
    chmodSync(stateDir, 0o755);
  });
  afterEach(async () => {
    await running?.stop();
    removePostgresHome(stateDir);
    rmSync(stateDir, { recursive: true, force: true });
  });

  it('keeps a password that only its owner can read', async () => {
    const { url } = await start(await freePort());
    const file = join(stateDir, 'postgres', 'password');
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.ok(url.includes(readFileSync(file, 'utf8').trim()));
    const wrong = await recordStores.postgres.create({ url: url.replace(/:[0-9a-f]+@/, ':wrong@'), connectionsMax: 1 });
    await assert.rejects(wrong.migrate(), /password authentication failed/);
    await wrong.close();
  });

  it('loses no committed record by kill -9, comes back by itself, and stores go on', async () => {
    const { supervisor, url } = await start(await freePort());
    const store = await recordStores.postgres.create({ url, connectionsMax: 2 });
    await store.migrate();
    for (let n = 0; n < 20; n += 1) {
      await store.transaction('m', (tx) => tx.put('memory', `k${n}`, { value: n }));
    }
    supervisor.kill('postgres');
    const began = Date.now();
    for (;;) {
      const kept = await store
        .transaction('m', (tx) => tx.list('memory'))
        .catch((error: { code: string }) => {
          assert.equal(error.code, 'RECORD_STORE_UNAVAILABLE');
          return null;
        });
      if (kept !== null && supervisor.children[0]?.restarts === 1) {
        assert.equal(kept.length, 20);
        break;
      }
      assert.ok(Date.now() - began < 20_000, 'not back within 20 s');
      await sleep(50);
    }
    await store.close();
    assert.equal(notices[0], 'postgres died (SIGKILL); restarting it');
  });

  it('opens the same records at the next start, on another port', async () => {
    const first = await start(await freePort());
    const writer = await recordStores.postgres.create({ url: first.url, connectionsMax: 1 });
    await writer.migrate();
    await writer.transaction('m', (tx) => tx.put('memory', 'a', { value: 1 }));
    await writer.close();
    await first.supervisor.stop();
    const second = await start(await freePort());
    const reader = await recordStores.postgres.create({ url: second.url, connectionsMax: 1 });
    assert.deepEqual(await reader.transaction('m', (tx) => tx.get('memory', 'a')), { value: 1 });
    await reader.close();
  });

  it('starts although a lock file names a process that is somebody else by now', async () => {
    const { supervisor } = await start(await freePort());
    await supervisor.stop();
    writeFileSync(join(stateDir, 'postgres', 'data', 'postmaster.pid'), `${process.pid}\n`);
    await start(await freePort());
  });

  it('begins the setup anew when an earlier one was cut short', async () => {
    const unfinished = join(stateDir, 'postgres', 'data.unfinished');
    mkdirSync(unfinished, { recursive: true });
    writeFileSync(join(unfinished, 'PG_VERSION'), '18\n');
    await start(await freePort());
    assert.equal(existsSync(unfinished), false);
  });

  it('completes the links of its package where install scripts are switched off', () => {
    const home = join(stateDir, 'package');
    mkdirSync(join(home, 'native', 'lib'), { recursive: true });
    writeFileSync(join(home, 'native', 'lib', 'libpq.so.5.18'), 'library');
    const links = [{ source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' }];
    writeFileSync(join(home, 'native', 'pg-symlinks.json'), JSON.stringify(links));
    completeLinks(home);
    completeLinks(home);
    assert.equal(readFileSync(join(home, 'native', 'lib', 'libpq.so.5'), 'utf8'), 'library');
  });

  it('refuses data of another major version, naming both', async () => {
    await (await start(await freePort())).supervisor.stop();
    writeFileSync(join(stateDir, 'postgres', 'data', 'PG_VERSION'), '12\n');
    await assert.rejects(
      preparePostgres({ stateDir, port: 1 }),
      /written by PostgreSQL 12; installed is postgres \(PostgreSQL\) 18/,
    );
  });

  (isRoot ? it : it.skip)('runs for root where only root can go, says where the data is, and removes it', async () => {
    chmodSync(stateDir, 0o700);
    await start(await freePort());
    const home = join(stateDir, 'postgres');
    assert.ok(lstatSync(home).isSymbolicLink());
    const elsewhere = realpathSync(home);
    assert.ok(notices.some((notice) => notice.includes(elsewhere)));
    await running?.stop();
    removePostgresHome(stateDir);
    assert.equal(existsSync(elsewhere), false);
  });
});
