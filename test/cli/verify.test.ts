import assert from 'node:assert/strict';
import { Client as Postgres } from 'pg';
import { recordStores } from '../../src/adapters/record-store/index.ts';
import type { RolloutState } from '../../src/domain/rollout/states.ts';
import { eventful } from '../domain/rollout/eventful-rollout.ts';
import { freshDatabase } from '../postgres-server.ts';
import { startTemporal } from '../temporal-server.ts';
import type { TestServer } from '../temporal-server.ts';
import { captured } from './captured.ts';

describe('holdfast verify', function () {
  this.timeout(30_000);
  const settings = ['TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE', 'HOLDFAST_POSTGRES_URL'] as const;
  let server: TestServer;
  let url: string;
  let end: RolloutState;
  let id: string;
  before(async () => {
    [server, url] = await Promise.all([startTemporal(), freshDatabase()]);
    process.env['TEMPORAL_ADDRESS'] = server.address;
    process.env['TEMPORAL_NAMESPACE'] = server.namespace;
    process.env['HOLDFAST_POSTGRES_URL'] = url;
    const records = await recordStores.postgres.create({ url, connectionsMax: 4 });
    await records.migrate();
    const told = await eventful(records);
    end = told.end;
    id = told.recorded.rolloutId;
    await records.close();
  });
  after(async () => {
    for (const name of settings) delete process.env[name];
    await server.stop();
  });

  const head = (): string => `${end.head!.sequence}:${end.head!.digest}`;
  const change = async (sql: string): Promise<void> => {
    const client = new Postgres({ connectionString: url });
    await client.connect();
    const { rowCount } = await client.query(sql);
    await client.end();
    assert.equal(rowCount, 1, sql);
  };

  it('verifies a chain from the records alone, and says that nobody outside has seen its end', async () => {
    const { exitCode, stdout } = await captured(['verify', id]);
    assert.equal(exitCode, 0, stdout);
    assert.match(
      stdout,
      /is verified\n20 decisions in one chain, 19 looks judged again from \d+ records of evidence\n/,
    );
    assert.match(stdout, /nothing outside the records says where the chain ends \(no process rollout\/.* is running\)/);
    assert.match(stdout, new RegExp(`to compare with later: --head ${head()}`));
  });

  it('compares its end with a head that was kept', async () => {
    const { exitCode, stdout } = await captured(['verify', id, '--head', head(), '--json']);
    assert.equal(exitCode, 0, stdout);
    const { verified, attested, decisions, headFrom } = JSON.parse(stdout) as Record<string, unknown>;
    assert.deepEqual([verified, attested, decisions, headFrom], [true, 20, 20, 'given']);
    const other = await captured(['verify', id, '--head', `20:${'e'.repeat(64)}`]);
    assert.equal(other.exitCode, 6);
    assert.match(other.stdout, /differs from its records\ndecision 20 .*its rollout has seen another one/);
  });

  it('ends with 6 and the first difference when somebody has been at the records', async () => {
    await change(
      `update holdfast.records set body = replace(body::text, '"units":', '"units":1')::json
       where kind = 'evidence' and key = '${id}/shadow/loss/000001'`,
    );
    const { exitCode, stdout } = await captured(['verify', id]);
    assert.equal(exitCode, 6);
    assert.match(
      stdout,
      /decision 2 \(.*shadow\/2\): the evidence that came with it was changed: .*\nthe one before it is verified/,
    );
    await change(`delete from holdfast.chains where key = '${id}/shadow/1'`);
    const { stdout: document } = await captured(['verify', id, '--json']);
    const { verified, sequence, inWords } = JSON.parse(document) as Record<string, unknown>;
    assert.deepEqual([verified, sequence], [false, 2]);
    assert.match(String(inWords), /the chain begins with it; decision 1 is missing/);
  });

  it('says so when nothing is recorded, and what is wrong with what it was given', async () => {
    const unknown = await captured(['verify', 'rollout/eventful/00000000-9']);
    assert.match(unknown.stderr, /no decision of rollout\/eventful\/00000000-9 is on record\nerror PROCESS_NOT_FOUND/);
    assert.match((await captured(['verify', 'eventful'])).stderr, /is not the id of a rollout/);
    assert.equal((await captured(['verify', id, '--head', 'abc'])).exitCode, 2);
    delete process.env['HOLDFAST_POSTGRES_URL'];
    assert.match(
      (await captured(['verify', id])).stderr,
      /HOLDFAST_POSTGRES_URL is not set, and the records are there/,
    );
  });
});
