import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createVegaRenderer } from '../../src/adapters/chart-renderer/vega.ts';
import { createEdgeRecords } from '../../src/adapters/record-store/edge-records.ts';
import { recordStores } from '../../src/adapters/record-store/index.ts';
import type { RecordStore } from '../../src/adapters/record-store/port.ts';
import { HoldfastError } from '../../src/contracts/errors.ts';
import type { RecordedRollout } from '../../src/domain/rollout/recorded-chain.ts';
import type { Behind } from '../../src/http/orders.ts';
import { startEdge } from '../../src/http/server.ts';
import type { Edge } from '../../src/http/server.ts';
import { createThreadedPages } from '../../src/http/threaded-pages.ts';
import { readTokens } from '../../src/http/tokens.ts';
import { createPages } from '../../src/http/pages.ts';
import type { Pages } from '../../src/http/pages.ts';
import { eventful } from '../domain/rollout/eventful-rollout.ts';
import { freshDatabase } from '../postgres-server.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('pages of evidence over HTTP', function () {
  this.timeout(60_000);
  let records: RecordStore;
  let recorded: RecordedRollout;
  let pages: Pages;
  let edge: Edge;
  before(async () => {
    const url = await freshDatabase();
    records = await recordStores.postgres.create({ url, connectionsMax: 2 });
    await records.migrate();
    ({ recorded } = await eventful(records));
    pages = createThreadedPages(url);
    // Nobody who reads a page needs Temporal.
    const behind = { client: null as never, records: createEdgeRecords(records), pages } satisfies Behind;
    const tokens = readTokens({ httpTokens: [`ana:${sha256('token-of-ana')}`], httpTokensFile: undefined });
    edge = await startEdge({ host: '127.0.0.1', port: 0, tokens, behind: () => behind });
  });
  after(async () => {
    await edge.close();
    await pages.close();
    await records.close();
  });

  const ask = (name: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${edge.url}/reports/${name}`, {
      redirect: 'manual',
      headers: { authorization: 'Bearer token-of-ana', ...headers },
    });
  const codeOf = async (response: Response): Promise<unknown> =>
    ((await response.json()) as { readonly error: { readonly code: string } }).error.code;
  const decision = (): string => recorded.chain[8]!.digest;

  it('shows the page of a decision under its digest, with a policy that lets nothing run', async () => {
    const response = await ask(decision());
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'text/html; charset=utf-8');
    assert.match(
      response.headers.get('content-security-policy') ?? '',
      /^default-src 'none'; style-src 'unsafe-inline';/,
    );
    assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
    const html = await response.text();
    assert.match(html, /<title>Decision 9 on fresh for eventful<\/title>/);
    assert.ok(html.includes(decision()));
  });

  it('leads from a subject to the page it has now, which stays under its digest', async () => {
    const moved = await ask(recorded.rolloutId);
    assert.equal(moved.status, 303);
    const location = moved.headers.get('location') ?? '';
    assert.match(location, /^\/reports\/[0-9a-f]{64}$/);
    const digest = location.slice('/reports/'.length);
    const page = await ask(digest);
    assert.equal(page.headers.get('etag'), `"${digest}"`);
    assert.match(await page.text(), /Rollout of fresh for eventful/);
    assert.equal((await ask(encodeURIComponent(recorded.rolloutId))).headers.get('location'), location);
  });

  it('gives the document to who accepts nothing else: every number, under the same digest', async () => {
    const answer = await ask(decision(), { accept: 'application/json' });
    const { digest, report } = (await answer.json()) as { digest: string; report: { answer: { answer: string } } };
    assert.equal(report.answer.answer, 'yes');
    assert.equal((await ask(digest)).status, 200);
  });

  it('asks for a token as every other question does', async () => {
    const response = await fetch(`${edge.url}/reports/${decision()}`);
    assert.deepEqual([response.status, await codeOf(response)], [401, 'TOKEN_UNKNOWN']);
  });

  it('says what it does not have, and what is no name', async () => {
    for (const name of ['f'.repeat(64), 'rollout/eventful/00000000-9', 'incident/eventful/2001-01-03-1']) {
      const unknown = await ask(name);
      assert.deepEqual([unknown.status, await codeOf(unknown)], [404, 'REPORT_NOT_FOUND'], name);
    }
    for (const name of ['eventful', '..%2F..%2Fetc', 'monitoring/eventful/yesterday']) {
      const nonsense = await ask(name);
      assert.deepEqual([nonsense.status, await codeOf(nonsense)], [400, 'REQUEST_INVALID'], name);
    }
  });

  it('makes the same page in a thread as here', async () => {
    const here = createPages(createEdgeRecords(records), createVegaRenderer());
    assert.deepEqual(await pages.find(decision(), 'html'), await here.find(decision(), 'html'));
  });

  it('lets only so many wait', async () => {
    const all = await Promise.allSettled(Array.from({ length: 25 }, () => pages.find('f'.repeat(64), 'html')));
    const codes = all.map((each) =>
      each.status === 'rejected' && each.reason instanceof HoldfastError ? each.reason.code : '',
    );
    assert.equal(codes.filter((code) => code === 'EDGE_NOT_READY').length, 5);
    assert.equal(codes.filter((code) => code === 'REPORT_NOT_FOUND').length, 20);
  });
});
