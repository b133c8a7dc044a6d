import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createVegaRenderer } from '../../src/adapters/chart-renderer/vega.ts';
import { recordStores } from '../../src/adapters/record-store/index.ts';
import type { ChainLink } from '../../src/domain/rollout/recorded-chain.ts';
import { reportDigest } from '../../src/domain/report/report-digest.ts';
import type { Report } from '../../src/domain/report/report.ts';
import { reportPage } from '../../src/pages/report/page.ts';
import { eventful } from '../domain/rollout/eventful-rollout.ts';
import { freshDatabase } from '../postgres-server.ts';
import { startTemporal } from '../temporal-server.ts';
import type { TestServer } from '../temporal-server.ts';
import { captured } from './captured.ts';

describe('holdfast report', function () {
  this.timeout(60_000);
  const settings = ['TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE', 'HOLDFAST_POSTGRES_URL'] as const;
  let server: TestServer;
  let folder: string;
  let id: string;
  let chain: readonly ChainLink[];
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-report-'));
    const [started, url] = await Promise.all([startTemporal(), freshDatabase()]);
    server = started;
    process.env['TEMPORAL_ADDRESS'] = server.address;
    process.env['TEMPORAL_NAMESPACE'] = server.namespace;
    process.env['HOLDFAST_POSTGRES_URL'] = url;
    const records = await recordStores.postgres.create({ url, connectionsMax: 4 });
    await records.migrate();
    const { recorded } = await eventful(records);
    id = recorded.rolloutId;
    ({ chain } = recorded);
    await records.close();
  });
  after(async () => {
    for (const name of settings) delete process.env[name];
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  interface Document {
    readonly digest: string;
    readonly path: string | null;
    readonly pageSha256: string;
    readonly report: Report;
  }
  const document = async (...words: string[]): Promise<Document> => {
    const { exitCode, stdout, stderr } = await captured(['report', ...words, '--json']);
    assert.equal(exitCode, 0, stderr);
    return JSON.parse(stdout) as Document;
  };

  it('writes a page whose every number is in the document of --json, and says the answer', async () => {
    const out = join(folder, 'page.html');
    const { exitCode, stdout } = await captured(['report', id, '--out', out]);
    assert.equal(exitCode, 0);
    assert.match(stdout, /^Rollout of fresh for eventful\nYes: it was certified at every step/);
    const page = readFileSync(out, 'utf8');
    const { digest, pageSha256, report, path } = await document(id);
    assert.equal(path, null);
    assert.equal(digest, reportDigest(report));
    assert.equal(createHash('sha256').update(page).digest('hex'), pageSha256);
    assert.equal(page, await reportPage(report, createVegaRenderer()));
  });

  it('finds a decision by its digest, whole or begun, and a report by its own', async () => {
    const { digest, key } = chain[8]!;
    const { report } = await document(id, '--decision', digest.slice(0, 16));
    assert.deepEqual([report.kind, report.subject], ['decision', key]);
    assert.deepEqual((await document(digest)).report, report);
    const filed = await document(reportDigest(report));
    assert.deepEqual(filed.report, report);
  });

  it('names the page by its digest where nobody says where to write', async () => {
    const back = process.cwd();
    process.chdir(folder);
    try {
      const { stdout } = await captured(['report', id]);
      const digest = /report ([0-9a-f]{64}), page SHA-256/.exec(stdout)?.[1] ?? '';
      assert.ok(readdirSync(folder).includes(`${digest.slice(0, 16)}.html`), stdout);
    } finally {
      process.chdir(back);
    }
  });

  it('says before it reads that a page cannot be written where it should go', async () => {
    const nowhere = await captured(['report', id, '--out', '/none/page.html']);
    assert.match(
      nowhere.stderr,
      /^"\/none\/page\.html" cannot be written: there is no folder "\/none"\nerror REPORT_NOT_WRITTEN/,
    );
    assert.equal(nowhere.exitCode, 1);
  });

  it('says what it does not have, and what is no name', async () => {
    const unknown = await captured(['report', 'incident/eventful/2001-01-03-1']);
    assert.match(unknown.stderr, /nothing of incident\/eventful\/2001-01-03-1 is on record\nerror REPORT_NOT_FOUND/);
    const nonsense = await captured(['report', 'eventful']);
    assert.match(
      nonsense.stderr,
      /"eventful" names nothing a page can be about; give rollout\/<model>\/<key>, .*\nerror CLI_USAGE/,
    );
    assert.match((await captured(['report', id, '--decision', ''])).stderr, /20 decisions of .* begin with/);
    assert.match(
      (await captured(['report', id, '--decision', 'zz'])).stderr,
      /nothing of decision zz of .* is on record/,
    );
    assert.match(
      (await captured(['report', 'incident/eventful/x', '--decision', 'ab'])).stderr,
      /--decision goes with the id of a rollout/,
    );
  });
});
