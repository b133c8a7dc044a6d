/** The embedded PostgreSQL of one machine: prepared here, watched by the supervisor. */
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { environmentWith } from '../config.ts';
import { HoldfastError } from '../contracts/errors.ts';
import type { ChildSpec } from './child.ts';
import { isPortOpen } from './ports.ts';
import { settlePostgresHome } from './postgres-home.ts';
import type { PostgresHome } from './postgres-home.ts';
import { commandLine, endProcess, isAlive } from './processes.ts';

const SUPERUSER = 'holdfast';
const DATABASE = 'holdfast';

/** Everything is said on the command line: the data directory keeps initdb's configuration untouched. */
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '100',
  shared_buffers: '64MB',
  jit: 'off',
  log_checkpoints: 'off',
  // Dynamic shared memory is small in containers, and no query here is large.
  max_parallel_workers_per_gather: '0',
};

export interface EmbeddedPostgres {
  readonly child: ChildSpec;
  readonly url: string;
  readonly notices: readonly string[];
}

/**
 * Makes programs, data and password ready.
 * @throws PLATFORM_POSTGRES_MISSING, PLATFORM_POSTGRES_FAILED
 */
export async function preparePostgres(options: { stateDir: string; port: number }): Promise<EmbeddedPostgres> {
  const home = settlePostgresHome(options.stateDir);
  const data = join(home.root, 'data');
  if (!existsSync(data)) await initialise(home, data);
  requireSameMajor(home, data);
  const password = readFileSync(join(home.root, 'password'), 'utf8').trim();
  const urlOf = (database: string): string =>
    `postgres://${SUPERUSER}:${password}@127.0.0.1:${options.port}/${database}`;
  const child: ChildSpec = {
    name: 'postgres',
    layer: 'server',
    command: join(home.bin, 'postgres'),
    args: [
      '-D',
      data,
      '-p',
      String(options.port),
      ...Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    cwd: '/',
    env: { LC_ALL: 'C' },
    ...(home.user === null ? {} : { user: home.user }),
    // "Fast shutdown": ends sessions and writes a checkpoint. SIGTERM would wait for every client to leave.
    stopSignal: 'SIGINT',
    stopPatienceMs: 8_000,
    readyPatienceMs: 30_000,
    port: options.port,
    beforeStart: () => clearLeftover(data),
    ready: () => isServing(options.port, urlOf),
  };
  return { child, url: urlOf(DATABASE), notices: home.notices };
}

async function initialise(home: PostgresHome, data: string): Promise<void> {
  const passwordFile = join(home.root, 'password');
  const unfinished = join(home.root, 'data.unfinished');
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { mode: 0o700 });
  writeFileSync(passwordFile, `${randomBytes(24).toString('hex')}\n`, { mode: 0o600 });
  if (home.user !== null) {
    for (const path of [unfinished, passwordFile]) chownSync(path, home.user.uid, home.user.gid);
  }
  const args = [
    `--pgdata=${unfinished}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
  ];
  const { code, output } = await run(join(home.bin, 'initdb'), args, home);
  if (code !== 0) {
    throw new HoldfastError(
      'PLATFORM_POSTGRES_FAILED',
      `initdb ended with ${code} for ${unfinished}: ${output.trim().split('\n').slice(-3).join('; ')}`,
    );
  }
  // A data directory under its final name is complete, whatever happened before.
  renameSync(unfinished, data);
}

async function run(
  command: string,
  args: readonly string[],
  home: PostgresHome,
): Promise<{ code: number | string; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      ...home.user,
      cwd: '/',
      env: environmentWith({ LC_ALL: 'C' }),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.once('error', (error) => resolve({ code: error.message, output }));
    child.once('close', (code, signal) => resolve({ code: code ?? signal ?? 'an unknown end', output }));
  });
}

function requireSameMajor(home: PostgresHome, data: string): void {
  const written = readFileSync(join(data, 'PG_VERSION'), 'utf8').trim();
  const installed = execFileSync(join(home.bin, 'postgres'), ['--version'], { encoding: 'utf8', cwd: '/' });
  if (!installed.includes(`(PostgreSQL) ${written}.`)) {
    throw new HoldfastError(
      'PLATFORM_POSTGRES_FAILED',
      `the data in ${data} was written by PostgreSQL ${written}; installed is ${installed.trim()}`,
      { remedy: 'Install the release of Holdfast that wrote it, or start anew with npm run reset' },
    );
  }
}

/** After a `kill -9` a server may run on without us, or its lock file may name a process that is somebody else by now. */
async function clearLeftover(data: string): Promise<void> {
  const lockFile = join(data, 'postmaster.pid');
  if (!existsSync(lockFile)) return;
  const pid = Number(readFileSync(lockFile, 'utf8').split('\n')[0]);
  if (!Number.isInteger(pid) || pid <= 1 || !isAlive(pid)) return;
  if (commandLine(pid)?.includes(data) === true) await endProcess(pid, 'SIGINT', 8_000);
  else rmSync(lockFile, { force: true });
}

async function isServing(port: number, urlOf: (database: string) => string): Promise<boolean> {
  if (!(await isPortOpen(port))) return false;
  const client = new Client({ connectionString: urlOf('postgres'), connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`create database ${DATABASE}`);
    return true;
  } finally {
    await client.end().catch(() => undefined);
  }
}
