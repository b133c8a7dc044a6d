/** Opens what a run left in its state folder, running or stopped, without changing it. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { runningSupervisor } from '../../src/platform/lock.ts';
import { platformFileIn, platformFileSchema } from '../../src/platform/platform-file.ts';
import { freePort } from '../../src/platform/ports.ts';
import { preparePostgres } from '../../src/platform/postgres.ts';
import { Supervisor } from '../../src/platform/supervise.ts';

/** Runs `work` with a connection to the records; a PostgreSQL that is not running is started for as long as it takes. */
export async function withRecords<T>(stateDir: string, work: (client: Client) => Promise<T>): Promise<T> {
  if (runningSupervisor(stateDir) !== null) {
    const { environment } = platformFileSchema.parse(JSON.parse(readFileSync(platformFileIn(stateDir), 'utf8')));
    return connected(environment['HOLDFAST_POSTGRES_URL'] ?? '', work);
  }
  if (!existsSync(join(stateDir, 'postgres')))
    throw new Error(`${stateDir} holds no records: there is no folder postgres in it`);
  // Its own lock and logs: the state folder is only read.
  const aside = mkdtempSync(join(tmpdir(), 'holdfast-audit-'));
  const supervisor = await Supervisor.open(aside);
  try {
    const { child, url } = await preparePostgres({ stateDir, port: await freePort() });
    await supervisor.start([child]);
    return await connected(url, work);
  } finally {
    await supervisor.stop();
    rmSync(aside, { recursive: true, force: true });
  }
}

async function connected<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
