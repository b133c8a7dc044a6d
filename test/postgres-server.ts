/** One real PostgreSQL for all tests of a run, started by the first that asks; every caller gets a database of its own. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { freePort } from '../src/platform/ports.ts';
import { removePostgresHome } from '../src/platform/postgres-home.ts';
import { preparePostgres } from '../src/platform/postgres.ts';
import { Supervisor } from '../src/platform/supervise.ts';

let server: Promise<{ url: string; stop(): Promise<void> }> | null = null;
let databases = 0;

async function start(): Promise<{ url: string; stop(): Promise<void> }> {
  const stateDir = mkdtempSync(join(tmpdir(), 'holdfast-postgres-'));
  // The user that PostgreSQL runs as under root must get in.
  chmodSync(stateDir, 0o755);
  const postgres = await preparePostgres({ stateDir, port: await freePort() });
  const supervisor = await Supervisor.open(stateDir);
  await supervisor.start([postgres.child]);
  // Nobody pulls the plug on a test: what is written need not reach the disk.
  const settings = ['fsync', 'full_page_writes', 'synchronous_commit'];
  await runSql(postgres.url, [
    ...settings.map((setting) => `alter system set ${setting} = off`),
    'select pg_reload_conf()',
  ]);
  return {
    url: postgres.url,
    async stop() {
      await supervisor.stop();
      removePostgresHome(stateDir);
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}

/** URL of a new, empty database. Call it from a hook or a test: the first call takes about a second. */
export async function freshDatabase(): Promise<string> {
  server ??= start();
  const { url } = await server;
  databases += 1;
  const name = `test_${databases}`;
  await runSql(url, [`create database ${name}`]);
  return url.replace(/\/[^/]*$/, `/${name}`);
}

/** Databases that were given back, empty. */
const free: string[] = [];

/** An empty database to be given back when nobody is connected to it any more: making one anew costs half a second on a busy machine. */
export async function borrowDatabase(): Promise<{ readonly url: string; giveBack(): Promise<void> }> {
  const url = free.pop() ?? (await freshDatabase());
  return {
    url,
    async giveBack() {
      await runSql(url, ['drop schema if exists holdfast cascade']);
      free.push(url);
    },
  };
}

async function runSql(url: string, statements: readonly string[]): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

after('stop PostgreSQL', async () => {
  await (await server)?.stop();
});
