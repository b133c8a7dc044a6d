import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createVegaRenderer } from '../../src/adapters/chart-renderer/vega.ts';
import { createEdgeRecords } from '../../src/adapters/record-store/edge-records.ts';
import { createInMemoryRecordStore } from '../../src/adapters/record-store/in-memory.ts';
import type { RecordStore } from '../../src/adapters/record-store/port.ts';
import { HoldfastError } from '../../src/contracts/errors.ts';
import type { CommandRecord } from '../../src/contracts/records.ts';
import { createPages } from '../../src/http/pages.ts';
import type { Behind } from '../../src/http/orders.ts';
import { startEdge } from '../../src/http/server.ts';
import type { Edge } from '../../src/http/server.ts';
import { readTokens } from '../../src/http/tokens.ts';
import { ALIKE } from '../pushed-model.ts';
import { startPushedRollouts } from '../pushed-rollouts.ts';
import type { PushedRollout, PushedRollouts } from '../pushed-rollouts.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const NO_TOKENS = readTokens({ httpTokens: undefined, httpTokensFile: undefined });
const TOKENS = readTokens({
  httpTokens: [`ana:${sha256('token-of-ana')}`, `metrics-job:${sha256('token-of-job')}`],
  httpTokensFile: undefined,
});

interface Reply {
  readonly status: number;
  readonly body: Record<string, unknown> & { readonly error: { code: string; message: string; remedy: string } };
}

describe('the HTTP edge', function () {
  this.timeout(60_000);
  let records: RecordStore;
  let rollouts: PushedRollouts;
  let claims: Edge;
  let guarded: Edge;
  let recordsAreDown = false;
  before(async () => {
    records = createInMemoryRecordStore();
    rollouts = await startPushedRollouts(records);
    const whole = createEdgeRecords(records);
    const behind: Behind = {
      client: rollouts.client,
      pages: createPages(whole, createVegaRenderer()),
      records: {
        ...whole,
        logAttempt: async (model, attempt) => {
          if (recordsAreDown) throw new HoldfastError('RECORD_STORE_UNAVAILABLE', 'no answer');
          await whole.logAttempt(model, attempt);
        },
      },
    };
    claims = await startEdge({ host: '127.0.0.1', port: 0, tokens: NO_TOKENS, behind: () => behind });
    guarded = await startEdge({ host: '127.0.0.1', port: 0, tokens: TOKENS, behind: () => behind });
  });
  afterEach(() => void (recordsAreDown = false));
  after(async () => {
    await Promise.all([claims.close(), guarded.close()]);
    await rollouts.stop();
  });

  const ask = async (edge: Edge, method: string, path: string, body?: unknown, headers = {}): Promise<Reply> => {
    const content = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    const response = await fetch(`${edge.url}/v1/rollouts/${path}`, {
      method,
      headers: { ...type, ...headers },
      ...content,
    });
    return { status: response.status, body: (await response.json()) as Reply['body'] };
  };
  const ofAna = { authorization: 'Bearer token-of-ana' };
  const said = { by: 'ana', reason: 'seen enough' };
  const begin = async (model: string, change?: Parameters<PushedRollouts['begin']>[1]): Promise<PushedRollout> => {
    const rollout = await rollouts.begin(model, change);
    await rollout.until(({ exposure }) => exposure === 0.05);
    return rollout;
  };
  const logOf = (model: string): Promise<CommandRecord[]> =>
    records.transaction(model, async (tx) => (await tx.list('command')).map(({ body }) => body));

  it('says where a rollout stands, however its id is written', async () => {
    const rollout = await begin('stands');
    const short = rollout.rolloutId.replace('rollout/', '');
    for (const path of [rollout.rolloutId, short, encodeURIComponent(rollout.rolloutId)]) {
      const { status, body } = await ask(claims, 'GET', path);
      assert.deepEqual([status, body['rolloutId'], body['exposure']], [200, rollout.rolloutId, 0.05]);
    }
  });

  it('gives orders: each once by its content, or by its key where the same words may be meant again', async () => {
    const rollout = await begin('ordered');
    const give = (verb: string, key: string | null, body: object = said): Promise<Reply> =>
      ask(claims, 'POST', `${rollout.rolloutId}/${verb}`, body, key === null ? {} : { 'idempotency-key': key });
    const missing = await give('pause', null);
    assert.deepEqual([missing.status, missing.body.error.code], [400, 'REQUEST_INVALID']);
    assert.match(missing.body.error.remedy, /^Send the header Idempotency-Key/);
    const [paused, again] = [await give('pause', 'p1'), await give('pause', 'p1')];
    assert.equal(paused.status, 200);
    assert.deepEqual(again, paused);
    assert.deepEqual([paused.body['authenticatedAs'], paused.body['by']], [null, 'ana']);
    const second = await give('pause', 'p2');
    assert.deepEqual([second.status, second.body.error.code], [409, 'COMMAND_REFUSED']);
    assert.equal(second.body.error.message, 'the rollout is already paused');
    assert.equal((await give('resume', 'r1')).status, 200);
    const extension = { ...said, step: 1, duration: 'PT6H' };
    assert.equal((await give('extend', 'e1', extension)).status, 200);
    assert.equal((await give('extend', 'e1', extension)).status, 200);
    assert.equal((await rollout.status()).extraCohorts, 2);
    const digest = 'd'.repeat(64);
    const stale = await give('rebasePolicy', null, { ...said, policyDigest: digest, from: 'a'.repeat(64) });
    assert.match(stale.body.error.message, /^the present policy is [0-9a-f]{64}, not a{64}$/);
    const rolledBack = await give('rollback', null);
    assert.equal(rolledBack.status, 200);
    assert.ok(Number(rolledBack.body['zeroAfterMs']) > 0, JSON.stringify(rolledBack.body));
    assert.deepEqual(await give('rollback', null), rolledBack);
    assert.equal((await rollout.until(({ decision }) => decision !== null)).decision?.outcome, 'rolled_back');
    const log = await logOf('ordered');
    assert.deepEqual(log.map(({ command }) => command).sort(), [
      'extend',
      'pause',
      'pause',
      'rebasePolicy',
      'resume',
      'rollback',
    ]);
    assert.ok(log.every(({ channel, authenticatedAs }) => channel === 'http' && authenticatedAs === undefined));
  });

  it('lets a rollback through while the records are down, and nothing else', async () => {
    const rollout = await begin('records-down');
    recordsAreDown = true;
    const paused = await ask(claims, 'POST', `${rollout.rolloutId}/pause`, said, { 'idempotency-key': 'p' });
    assert.deepEqual([paused.status, paused.body.error.code], [503, 'RECORD_STORE_UNAVAILABLE']);
    assert.equal((await ask(claims, 'POST', `${rollout.rolloutId}/rollback`, said)).status, 200);
  });

  describe('with evidence', () => {
    const push = (edge: Edge, rollout: PushedRollout, body: string, headers = {}): Promise<Reply> =>
      ask(edge, 'POST', `${rollout.rolloutId}/evidence?by=metrics-job`, body, {
        'content-type': 'application/x-ndjson',
        ...headers,
      });

    it('records it first, tells the rollout once, and answers for every batch', async () => {
      const rollout = await begin('evidence');
      await rollout.pass(2);
      await rollout.until(({ last }) => last?.cohort === 2);
      const lines = [rollout.batch(1), rollout.batch(2), rollout.batch(2), rollout.batch(3)];
      const body = `${lines.map((line) => JSON.stringify(line)).join('\n')}\nnot json\n`;
      const { status, body: answer } = await push(claims, rollout, body);
      assert.equal(status, 200);
      const receipts = answer['receipts'] as Array<{ result: string; later: boolean; message: string }>;
      assert.deepEqual(
        receipts.map(({ result, later }) => [result, later]),
        [
          ['recorded', false],
          ['recorded', false],
          ['duplicate', false],
          ['refused', true],
          ['refused', false],
        ],
      );
      assert.deepEqual([answer['recorded'], answer['duplicate'], answer['refused'], answer['untold']], [2, 1, 2, null]);
      // At once, without a third cohort.
      await rollout.until(({ exposure }) => exposure === 0.25);
      const told = (await rollout.handle.fetchHistory()).events?.filter(
        ({ workflowExecutionSignaledEventAttributes: signal }) => signal?.signalName === 'evidenceArrived',
      );
      assert.equal(told?.length, 1);
    });

    it('takes a JSON array, and answers 409 where nothing of it was taken', async () => {
      const rollout = await begin('array');
      await rollout.pass(1);
      const array = (batch: object): string => JSON.stringify([batch]);
      assert.equal((await push(claims, rollout, array(rollout.batch(1)))).status, 200);
      assert.equal((await push(claims, rollout, array(rollout.batch(1)))).status, 200);
      const { status, body } = await push(claims, rollout, array({ ...rollout.batch(1), batchId: 'other' }));
      assert.deepEqual([status, body['refused']], [409, 1]);
    });

    for (const [title, make, status, code] of [
      ['no batch', () => '\n', 400, 'REQUEST_INVALID'],
      ['more than a thousand', () => '{}\n'.repeat(1001), 400, 'REQUEST_INVALID'],
      ['more than a mebibyte', () => 'x'.repeat(1024 * 1024 + 1), 413, 'BODY_TOO_LARGE'],
      ['an array that is none', () => '[{]', 400, 'REQUEST_INVALID'],
    ] as const)
      it(`refuses ${title}`, async () => {
        const { status: got, body } = await ask(claims, 'POST', 'shop/00000000-1/evidence?by=job', make());
        assert.deepEqual([got, body.error.code], [status, code]);
      });

    it('is refused for another kind of process, and batch by batch for a rollout that is not there', async () => {
      const one = JSON.stringify({
        batchId: 'a',
        metric: 'refunds',
        cohortStart: '2001-01-03T00:00:00Z',
        counts: ALIKE,
      });
      const other = await ask(claims, 'POST', 'BAD/1/evidence?by=job', one);
      assert.deepEqual([other.status, other.body.error.code], [404, 'PROCESS_NOT_FOUND']);
      const absent = await ask(claims, 'POST', 'shop/00000000-9/evidence?by=job', one);
      assert.deepEqual([absent.status, absent.body['refused']], [409, 1]);
    });
  });

  describe('with tokens', () => {
    for (const [title, headers, code] of [
      ['no token', {}, 'TOKEN_UNKNOWN'],
      ['a token that nobody has', { authorization: 'Bearer token-of-eve' }, 'TOKEN_UNKNOWN'],
      ['a name for a token', { authorization: 'Bearer ana' }, 'TOKEN_UNKNOWN'],
      ['the digest for a token', { authorization: `Bearer ${sha256('token-of-ana')}` }, 'TOKEN_UNKNOWN'],
      ['another scheme', { authorization: 'Basic token-of-ana' }, 'TOKEN_UNKNOWN'],
    ] as const)
      it(`lets nobody in with ${title}, not even to look`, async () => {
        for (const method of ['GET', 'POST']) {
          const path = method === 'GET' ? 'shop/1' : 'shop/1/rollback';
          const { status, body } = await ask(guarded, method, path, method === 'GET' ? undefined : said, headers);
          assert.deepEqual([status, body.error.code], [401, code]);
        }
      });

    it('speaks in the name of the token alone', async () => {
      const rollout = await begin('own-name');
      const path = `${rollout.rolloutId}/pause`;
      const other = await ask(guarded, 'POST', path, { ...said, by: 'ben' }, { ...ofAna, 'idempotency-key': '1' });
      assert.deepEqual([other.status, other.body.error.code], [403, 'NAME_NOT_AUTHENTICATED']);
      assert.equal(other.body.error.message, 'by is "ben", and the token is that of ana');
      const batch = JSON.stringify(rollout.batch(1));
      const evidence = await ask(guarded, 'POST', `${rollout.rolloutId}/evidence?by=metrics-job`, batch, ofAna);
      assert.equal(evidence.status, 403);
      const own = await ask(guarded, 'POST', path, { reason: 'holiday' }, { ...ofAna, 'idempotency-key': '1' });
      assert.deepEqual([own.status, own.body['by'], own.body['authenticatedAs']], [200, 'ana', 'ana']);
      assert.equal((await logOf('own-name'))[0]?.authenticatedAs, 'ana');
    });

    it('makes a yes count where the policy asks for authenticated people; a claim is refused or waits', async () => {
      const rollout = await begin('vouched', (declaration) => ({
        ...declaration,
        rollout: {
          ...declaration.rollout,
          steps: declaration.rollout.steps.map((step) =>
            step.mode === 'canary' && step.approvals !== undefined
              ? { ...step, approvals: { ...step.approvals, authenticated: true } }
              : step,
          ),
        },
      }));
      const grow = async (through: number): Promise<void> => {
        await rollout.pass(through - 1);
        await rollout.push(through - 1);
        await rollout.pass(through);
        await rollout.until(({ last, exposure }) => (last?.cohort ?? 0) >= through || exposure === 1);
      };
      for (let cohort = 2; (await rollout.status()).request === null; cohort += 1) await grow(cohort);
      const { request, bundle, inWords } = await rollout.status();
      assert.match(inWords, /only an approval is missing/);
      const { step, evidenceDigest } = request!;
      const yes = { ...said, step, evidenceDigest, candidate: bundle, role: 'approver' };
      const { judgedCohort } = await rollout.status();
      const claim = await ask(claims, 'POST', `${rollout.rolloutId}/approve`, yes);
      assert.equal(claim.status, 200);
      await grow(judgedCohort + 1);
      const waiting = await rollout.status();
      assert.deepEqual([waiting.exposure, waiting.last?.reasons], [0.25, ['approval']]);
      assert.match(waiting.last?.unmet.at(-1) ?? '', /^1 more that the HTTP edge has authenticated/);
      const words = await rollout.handle.query<string>('explain');
      assert.match(words, /authenticated approval by approver, 1 of 1 given/);
      const vouched = await ask(guarded, 'POST', `${rollout.rolloutId}/approve`, yes, ofAna);
      assert.equal(vouched.status, 200, JSON.stringify(vouched.body));
      // A look that had begun before the yes may judge one more cohort without it.
      for (const more of [2, 3]) if ((await rollout.status()).exposure !== 1) await grow(judgedCohort + more);
      await rollout.until(({ exposure }) => exposure === 1);
    });

    it('reads them from a file as well, and names the line that is none', () => {
      const folder = mkdtempSync(join(tmpdir(), 'holdfast-tokens-'));
      const path = join(folder, 'tokens');
      writeFileSync(path, `# who may speak\n\nben:${sha256('token-of-ben')}\n`);
      const tokens = readTokens({ httpTokens: undefined, httpTokensFile: path });
      assert.deepEqual([tokens.size, tokens.nameOf('bearer token-of-ben')], [1, 'ben']);
      writeFileSync(path, `ben:${sha256('token-of-ben')}\ncleo:token-of-cleo\n`);
      assert.throws(() => readTokens({ httpTokens: undefined, httpTokensFile: path }), {
        code: 'CONFIG_INVALID',
        message: `line 2 of ${path} is not of the form name:sha256`,
      });
      assert.throws(() => readTokens({ httpTokens: undefined, httpTokensFile: join(folder, 'absent') }), {
        code: 'CONFIG_INVALID',
      });
      rmSync(folder, { recursive: true });
    });
  });

  describe('without tokens', () => {
    it('does not listen to other machines', async () => {
      for (const host of ['0.0.0.0', '::', '192.0.2.1'])
        await assert.rejects(startEdge({ host, port: 0, tokens: NO_TOKENS, behind: () => null }), {
          code: 'CONFIG_INVALID',
        });
    });

    it('says that names are claims, and asks for one', async () => {
      const ready = await fetch(`${claims.url}/readyz`);
      assert.deepEqual(await ready.json(), { ready: true, names: 'claims' });
      const { status, body } = await ask(claims, 'POST', 'shop/1/rollback', { reason: 'because' });
      assert.deepEqual([status, body.error.code], [400, 'REQUEST_INVALID']);
      assert.match(body.error.message, /^by is missing/);
    });

    it('takes nothing that a page of another site could send', async () => {
      const plain = await ask(claims, 'POST', 'shop/1/rollback', said, { 'content-type': 'text/plain' });
      assert.deepEqual([plain.status, plain.body.error.code], [400, 'REQUEST_INVALID']);
      const status = await new Promise((resolve, reject) => {
        const options = { headers: { host: 'holdfast.example' } };
        request(`${claims.url}/v1/rollouts/shop/1`, options, ({ statusCode }) => resolve(statusCode))
          .once('error', reject)
          .end();
      });
      assert.equal(status, 400);
    });
  });

  for (const [title, method, path, body, status, code] of [
    ['an unknown order', 'POST', 'shop/1/promote', said, 404, 'ROUTE_UNKNOWN'],
    ['an order of every object', 'POST', 'shop/1/constructor', said, 404, 'ROUTE_UNKNOWN'],
    ['no rollout', 'POST', 'rollback', said, 404, 'ROUTE_UNKNOWN'],
    ['another method', 'PUT', 'shop/1/rollback', said, 404, 'ROUTE_UNKNOWN'],
    ['a broken escape', 'GET', 'shop%2', undefined, 400, 'REQUEST_INVALID'],
    ['a rollout that does not run', 'GET', 'shop/00000000-7', undefined, 404, 'PROCESS_NOT_FOUND'],
    ['an order to a rollout that does not run', 'POST', 'shop/00000000-7/rollback', said, 404, 'PROCESS_NOT_FOUND'],
    ['a body that is not JSON', 'POST', 'shop/1/rollback', '{', 400, 'REQUEST_INVALID'],
    ['a body that is a list', 'POST', 'shop/1/rollback', [], 400, 'REQUEST_INVALID'],
    ['a field nobody knows', 'POST', 'shop/1/rollback', { ...said, force: true }, 400, 'REQUEST_INVALID'],
    ['a channel of its own', 'POST', 'shop/1/rollback', { ...said, channel: 'cli' }, 400, 'REQUEST_INVALID'],
    ['an order id of its own', 'POST', 'shop/1/rollback', { ...said, commandId: 'x' }, 400, 'REQUEST_INVALID'],
    ['an order without a reason', 'POST', 'shop/1/rollback', { by: 'ana' }, 400, 'REQUEST_INVALID'],
    ['more than 16 KiB', 'POST', 'shop/1/rollback', { ...said, reason: 'x'.repeat(16_384) }, 413, 'BODY_TOO_LARGE'],
  ] as const)
    it(`answers ${title} with ${code} and what to do`, async () => {
      const { status: got, body: answer } = await ask(claims, method, path, body);
      assert.deepEqual([got, answer.error.code], [status, code]);
      assert.ok(answer.error.message !== '' && answer.error.remedy !== '');
    });

  it('says 503 until Temporal and the records answer', async () => {
    const early = await startEdge({ host: '127.0.0.1', port: 0, tokens: NO_TOKENS, behind: () => null });
    assert.equal((await fetch(`${early.url}/readyz`)).status, 503);
    assert.equal((await fetch(`${early.url}/healthz`)).status, 200);
    const { status, body } = await ask(early, 'GET', 'shop/1');
    assert.deepEqual([status, body.error.code], [503, 'EDGE_NOT_READY']);
    await early.close();
  });
});
