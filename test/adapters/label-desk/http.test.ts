import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGatewayLog } from '../../../src/adapters/gateway-log/index.ts';
import { createLabelDesk } from '../../../src/adapters/label-desk/index.ts';
import type { LabelDesk } from '../../../src/adapters/label-desk/port.ts';
import { PEOPLE_REVISION } from '../../../src/contracts/serving.ts';
import type { OutcomeRecord } from '../../../src/contracts/serving.ts';
import { GatewayFixture, MODEL } from '../../gateway/gateway-fixture.ts';
import { labelDeskConformance } from './conformance.ts';

describe('label desk over HTTP', () => {
  const fixtures: GatewayFixture[] = [];
  const startGateway = async (): Promise<GatewayFixture> => {
    const fixture = await GatewayFixture.create();
    fixtures.push(fixture);
    await fixture.start({ name: `gateway-${fixtures.length}` });
    await fixture.register({ freshFeatures: [], fallback: await fixture.constant(0.2) });
    return fixture;
  };
  const deskTo = (...urls: readonly string[]): LabelDesk =>
    createLabelDesk({ kind: 'http', urls: [...urls], timeoutMs: 2_000 });
  /** What the log of a gateway holds when its segment is closed. */
  const outcomesOf = async (fixture: GatewayFixture, through: string): Promise<OutcomeRecord[]> => {
    await fixture.post(fixture.of('watermark'), { through });
    const log = createGatewayLog({ kind: 'http', urls: [fixture.gateway!.url], timeoutMs: 2_000 });
    const [closed] = await log.segments(MODEL, {});
    const segments = await Promise.all((closed?.segments ?? []).map((segment) => log.read(MODEL, segment)));
    return segments.flat().flatMap((record) => (record.kind === 'outcome' ? [record] : []));
  };
  afterEach(() => Promise.all(fixtures.splice(0).map((fixture) => fixture.dispose())));

  labelDeskConformance(async () => {
    const fixture = await startGateway();
    const taken = (): Promise<OutcomeRecord[]> => outcomesOf(fixture, '2001-02-25T06:00:00Z');
    return { desk: deskTo(fixture.gateway!.url), model: MODEL, taken };
  });

  it('marks them as labels by people, known from when they came, and leaves room for the world’s own', async () => {
    const fixture = await startGateway();
    await fixture.post(fixture.of('watermark'), { through: '2001-02-25T03:00:00Z' });
    await deskTo(fixture.gateway!.url).deliver(MODEL, [{ requestId: 'r', label: 1, inputs: {} }]);
    const world = { requestId: 'r', label: 0, knownAt: '2001-02-25T04:00:00Z', inputs: {} };
    const reply = await fixture.post(fixture.of('outcomes'), { outcomes: [world] });
    assert.equal(reply.body.accepted, 1);
    const outcomes = await outcomesOf(fixture, '2001-02-25T06:00:00Z');
    assert.deepEqual(
      outcomes.map(({ revision, label, knownAt }) => [revision, label, new Date(knownAt).toISOString()]),
      [
        [PEOPLE_REVISION, 1, '2001-02-25T03:00:00.000Z'],
        [0, 0, '2001-02-25T04:00:00.000Z'],
      ],
    );
  });

  it('turns to the next gateway where one does not answer, and says so when none does', async () => {
    const [first, second] = [await startGateway(), await startGateway()];
    const urls = [first.gateway!.url, second.gateway!.url];
    await first.stop();
    const labels = [{ requestId: 'r', label: 1, inputs: {} }];
    assert.equal((await deskTo(...urls).deliver(MODEL, labels)).accepted, 1);
    await second.stop();
    await assert.rejects(deskTo(...urls).deliver(MODEL, labels), { code: 'GATEWAY_UNREACHABLE', kind: 'retryable' });
  });

  it('waits for a gateway that does not know the model yet', async () => {
    const fixture = await startGateway();
    const labels = [{ requestId: 'r', label: 1, inputs: {} }];
    await assert.rejects(deskTo(fixture.gateway!.url).deliver('unknown', labels), {
      code: 'GATEWAY_UNREACHABLE',
      message: /MODEL_UNKNOWN/,
    });
  });

  it('says which label was refused, and why; the others are taken', async () => {
    const server = createServer((_request, response) => {
      const rejected = [{ index: 1, requestId: 'b', code: 'LABEL_BEFORE_PREDICTION', message: 'too early' }];
      response.end(JSON.stringify({ accepted: 1, duplicates: 0, rejected }));
    });
    await new Promise<void>((listening) => void server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as AddressInfo;
    const labels = ['a', 'b'].map((requestId) => ({ requestId, label: 1, inputs: {} }));
    assert.deepEqual(await deskTo(`http://127.0.0.1:${port}`).deliver(MODEL, labels), {
      accepted: 1,
      duplicates: 0,
      refused: [{ requestId: 'b', reason: 'LABEL_BEFORE_PREDICTION: too early' }],
    });
    await new Promise((closed) => server.close(closed));
  });
});
