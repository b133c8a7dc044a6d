import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { LedgerEntry, LogRecord } from '../../src/contracts/serving.ts';
import { GatewayFixture, MODEL, request, send, split } from './gateway-fixture.ts';

const MAIN = fileURLToPath(new URL('../../src/gateway/main.js', import.meta.url));
const KILLS = 6;

describe('a gateway that is killed', () => {
  let fixture: GatewayFixture;
  let child: ChildProcess | null = null;
  let url = '';
  before(async () => {
    fixture = await GatewayFixture.create();
  });
  after(async () => {
    child?.kill('SIGKILL');
    await fixture.dispose();
  });

  const start = async (): Promise<void> => {
    const started = spawn(process.execPath, [MAIN], {
      env: {
        ...process.env,
        HOLDFAST_STATE_DIR: fixture.folder,
        HOLDFAST_GATEWAY_PORT: '0',
        HOLDFAST_GATEWAY_CLOCK: 'stream',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child = started;
    url = await new Promise((resolve, reject) => {
      started.once('exit', (code) => reject(new Error(`the gateway ended with ${code}`)));
      started.stdout.on('data', (chunk: Buffer) => {
        const ready = chunk
          .toString()
          .split('\n')
          .find((line) => line.includes('"msg":"Ready"'));
        if (ready !== undefined) resolve((JSON.parse(ready) as { url: string }).url);
      });
    });
  };
  const kill = async (): Promise<void> => {
    child!.removeAllListeners('exit');
    const gone = new Promise((resolve) => child!.once('exit', resolve));
    child!.kill('SIGKILL');
    await gone;
  };

  it('loses no acknowledged prediction, outcome or change of traffic, whenever it dies', async () => {
    const path = (operation: string): string => `/v1/models/${MODEL}/${operation}`;
    const [fallback, stable] = [await fixture.constant(0.2), await fixture.constant(0.3)];
    const acknowledged = { predictions: [] as string[], outcomes: [] as string[], generation: 0 };
    for (let round = 0; round < KILLS; round++) {
      await start();
      await send(url, 'PUT', `/v1/models/${MODEL}`, { freshFeatures: [], fallback });
      const target = { alive: true };
      const until = async (act: (turn: number) => Promise<void>): Promise<void> => {
        for (let turn = 0; target.alive; turn++) await act(turn).catch(() => undefined);
      };
      const working = Promise.all([
        until(async (turn) => {
          const requests = [0, 1, 2].map((index) => request(`p-${round}-${turn}-${index}`, '2001-02-01T10:00:00Z'));
          const { body } = await send(url, 'POST', path('predictions'), { requests });
          for (const answer of body.answers) acknowledged.predictions.push(answer.requestId);
        }),
        until(async (turn) => {
          const requestId = `o-${round}-${turn}`;
          const outcomes = [{ requestId, label: 1, knownAt: '2001-02-01T11:00:00Z', inputs: {} }];
          const { body } = await send(url, 'POST', path('outcomes'), { outcomes });
          if (body.accepted === 1) acknowledged.outcomes.push(requestId);
        }),
        until(async () => {
          const generation = acknowledged.generation + 1;
          const { status } = await send(url, 'PUT', path('traffic'), split(generation, { stable }));
          if (status === 200) acknowledged.generation = generation;
        }),
      ]);
      await new Promise((wake) => setTimeout(wake, 100 + 37 * round));
      await kill();
      target.alive = false;
      await working;
    }
    await start();
    assert.ok((await send(url, 'GET', path('traffic'))).body.generation >= acknowledged.generation);
    const ledger = (await send(url, 'GET', path('ledger'))).body as LedgerEntry[];
    assert.ok(ledger.length >= acknowledged.generation);
    await send(url, 'POST', path('watermark'), { through: '2001-02-01T12:00:00Z' });
    const records = (await send(url, 'GET', path('log/segments/1'))).body as LogRecord[];
    const logged = (kind: LogRecord['kind']): string[] =>
      records.filter((record) => record.kind === kind).map(({ requestId }) => requestId);
    for (const [kind, ids] of [
      ['prediction', acknowledged.predictions],
      ['outcome', acknowledged.outcomes],
    ] as const) {
      const inTheLog = logged(kind);
      assert.equal(new Set(inTheLog).size, inTheLog.length, `each ${kind} is logged once`);
      assert.deepEqual(
        ids.filter((id) => !inTheLog.includes(id)),
        [],
      );
    }
    assert.ok(acknowledged.predictions.length > 0 && acknowledged.outcomes.length > 0 && acknowledged.generation > 0);
    await kill();
  }).timeout(60_000);

  it('answers a request again the same after it was killed, and logs it once', async () => {
    await start();
    const before = await send(url, 'POST', `/v1/models/${MODEL}/predictions`, request('again', '2001-02-01T13:00:00Z'));
    await kill();
    await start();
    const spare = await fixture.constant(0.9);
    await send(url, 'PUT', `/v1/models/${MODEL}/fallback`, { generation: 1, decisionId: 'i', bundle: spare });
    const after = await send(url, 'POST', `/v1/models/${MODEL}/predictions`, request('again', '2001-02-01T13:00:00Z'));
    assert.deepEqual(after.body, before.body);
    await kill();
  }).timeout(30_000);
});
