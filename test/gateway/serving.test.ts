import assert from 'node:assert/strict';
import { connect } from 'node:net';
import type { LogRecord, PredictionRecord } from '../../src/contracts/serving.ts';
import { assignArm } from '../../src/domain/assignment.ts';
import { GatewayFixture, LATE_ORIGIN, request, split } from './gateway-fixture.ts';

const T10 = '2001-02-01T10:00:00Z';

describe('the gateway serves predictions', () => {
  let fixture: GatewayFixture;
  beforeEach(async () => {
    fixture = await GatewayFixture.create();
    await fixture.start();
  });
  afterEach(() => fixture.dispose());

  const logged = async (through = '2001-03-01T00:00:00Z'): Promise<LogRecord[]> => {
    await fixture.post(fixture.of('watermark'), { through });
    const segments = (await fixture.get(fixture.of('log/segments'))).body as Array<{ segment: number }>;
    const pages = await Promise.all(segments.map(({ segment }) => fixture.get(fixture.of(`log/segments/${segment}`))));
    return pages.flatMap(({ body }) => body as LogRecord[]);
  };

  it('answers with the declared fallback, as the first stable, before any split', async () => {
    const fallback = await fixture.register();
    const { status, body } = await fixture.post(fixture.of('predictions'), request('r1', T10));
    assert.equal(status, 200);
    assert.deepEqual(body, { requestId: 'r1', prediction: 0.2, bundle: fallback, arm: 'stable' });
  });

  it('assigns each unit of a batch by the split in effect at its event time, and logs it before it answers', async () => {
    await fixture.register();
    const [stable, candidate] = await Promise.all([fixture.constant(0.3), fixture.constant(0.4)]);
    assert.equal((await fixture.put(fixture.of('traffic'), split(1, { stable }))).status, 200);
    const raised = split(2, { stable, candidate, exposure: 0.5, effectiveFrom: T10, mirror: true });
    assert.equal((await fixture.put(fixture.of('traffic'), raised)).status, 200);
    const units = Array.from({ length: 40 }, (_, index) => `unit-${index}`);
    const requests = units.flatMap((unit) => [
      request(`${unit}-before`, '2001-02-01T09:59:59Z', { unit }),
      request(`${unit}-after`, T10, { unit }),
    ]);
    const { body } = await fixture.post(fixture.of('predictions'), { requests });
    for (const [index, unit] of units.entries()) {
      assert.equal(body.answers[2 * index].arm, 'stable');
      assert.equal(body.answers[2 * index + 1].arm, assignArm('flight-delay', 'salt', unit, 0.5));
    }
    const records = (await logged()) as PredictionRecord[];
    assert.equal(records.length, 80);
    const after = records.filter(({ requestId }) => requestId.endsWith('-after'));
    assert.deepEqual([...new Set(after.map((record) => record.stable))], [0.3]);
    assert.deepEqual([...new Set(after.map((record) => record.candidate))], [0.4]);
    assert.deepEqual([...new Set(after.map((record) => record.generation))], [2]);
  });

  it('answers with the fallback when the serving bundle leaves its healthy range, and says so in the log', async () => {
    await fixture.register();
    const stable = await fixture.constant(7, { healthyRange: [0, 1] });
    await fixture.put(fixture.of('traffic'), split(1, { stable }));
    const { body } = await fixture.post(fixture.of('predictions'), request('r1', T10));
    assert.equal(body.arm, 'fallback');
    assert.equal(body.prediction, 0.2);
    const [record] = (await logged()) as PredictionRecord[];
    assert.equal(record!.arm, 'stable');
    assert.equal(record!.served, 'fallback');
    assert.match(record!.stableError!, /prediction 7 is outside the healthy range 0 to 1/);
    assert.equal((await fixture.get('/metrics')).body.models['flight-delay'].errors.stable, 1);
  });

  it('never fails an answer because its shadow failed', async () => {
    await fixture.register();
    const [stable, candidate] = await Promise.all([fixture.constant(0.3), fixture.constant(9)]);
    await fixture.put(fixture.of('traffic'), split(1, { stable, candidate, mirror: true }));
    const { body } = await fixture.post(fixture.of('predictions'), request('r1', T10));
    assert.equal(body.arm, 'stable');
    const [record] = (await logged()) as PredictionRecord[];
    assert.match(record!.candidateError!, /outside the healthy range/);
    assert.equal(record!.stableError, null);
  });

  it('times one request in seven: both scores of it, and no failure', async () => {
    await fixture.register();
    const [stable, candidate] = await Promise.all([fixture.constant(0.3), fixture.constant(9)]);
    await fixture.put(fixture.of('traffic'), split(1, { stable, candidate, mirror: true }));
    const requests = Array.from({ length: 15 }, (_, index) => request(`r${index}`, T10));
    await fixture.post(fixture.of('predictions'), { requests });
    const records = (await logged()) as PredictionRecord[];
    const timed = records.filter((record) => 'stableMs' in record);
    assert.deepEqual(
      timed.map(({ requestId }) => requestId),
      ['r0', 'r7', 'r14'],
    );
    for (const { stableMs, candidateMs } of timed) {
      assert.ok(stableMs! >= 0 && stableMs! < 1_000 && Number.isInteger(Math.round(stableMs! * 1e6) / 1e3));
      assert.equal(candidateMs, null);
    }
  });

  it('serves everyone by the overriding fallback while one is set, and keeps the split beneath it', async () => {
    await fixture.register();
    const [stable, spare] = await Promise.all([fixture.constant(0.3), fixture.constant(0.25)]);
    await fixture.put(fixture.of('traffic'), split(1, { stable }));
    const order = { generation: 1, decisionId: 'incident-1', bundle: spare };
    assert.equal((await fixture.put(fixture.of('fallback'), order)).status, 200);
    const during = (await fixture.post(fixture.of('predictions'), request('r1', T10))).body;
    assert.deepEqual([during.arm, during.prediction], ['fallback', 0.25]);
    const [record] = (await logged()) as PredictionRecord[];
    assert.deepEqual([record!.served, record!.bundle, record!.stable], ['fallback', spare, 0.3]);
    await fixture.put(fixture.of('fallback'), { ...order, generation: 2, bundle: null });
    const afterwards = (await fixture.post(fixture.of('predictions'), request('r2', T10))).body;
    assert.deepEqual([afterwards.arm, afterwards.prediction], ['stable', 0.3]);
  });

  it('answers a request that is sent again the same, and logs it once', async () => {
    await fixture.register();
    const first = await fixture.post(fixture.of('predictions'), { requests: [request('r1', T10), request('r1', T10)] });
    const stable = await fixture.constant(0.3);
    await fixture.put(fixture.of('traffic'), split(1, { stable }));
    const again = await fixture.post(fixture.of('predictions'), request('r1', T10));
    assert.deepEqual(first.body.answers, [again.body, again.body]);
    assert.equal((await logged()).length, 1);
  });

  it('computes outcome-rate features from what had arrived a lag before the request', async () => {
    await fixture.register({ freshFeatures: [LATE_ORIGIN] });
    const outcomes = [
      { requestId: 'a', label: 1, knownAt: '2001-02-01T09:44:59Z', inputs: { origin: 'JFK' } },
      { requestId: 'b', label: 1, knownAt: '2001-02-01T09:46:00Z', inputs: { origin: 'JFK' } },
      { requestId: 'c', label: 1, knownAt: '2001-02-01T09:00:00Z', inputs: { origin: 'LAX' } },
    ];
    const taken = await fixture.post(fixture.of('outcomes'), { outcomes });
    assert.deepEqual(taken.body, { accepted: 3, duplicates: 0, rejected: [] });
    await fixture.post(fixture.of('predictions'), request('r1', '2001-02-01T10:00:30Z'));
    const record = (await logged()).find(({ kind }) => kind === 'prediction') as PredictionRecord;
    assert.equal(record.fresh['lateOrigin'], (1 + 10 * 0.2) / (1 + 10));
    assert.equal(record.freshThrough, Date.parse('2001-02-01T09:46:00Z'));
  });

  it('takes an outcome once for each revision, and accepts one for a request it never saw', async () => {
    await fixture.register();
    const outcome = { requestId: 'elsewhere', label: 1, knownAt: T10, inputs: {} };
    const reply = await fixture.post(fixture.of('outcomes'), {
      outcomes: [outcome, outcome, { ...outcome, revision: 1, label: 0 }],
    });
    assert.deepEqual(reply.body, { accepted: 2, duplicates: 1, rejected: [] });
    assert.equal((await fixture.post(fixture.of('outcomes'), { outcomes: [outcome] })).body.duplicates, 1);
  });

  it('refuses an outcome known before its prediction was asked for, and takes the others of the batch', async () => {
    await fixture.register();
    await fixture.post(fixture.of('predictions'), request('r1', T10));
    const { body } = await fixture.post(fixture.of('outcomes'), {
      outcomes: [
        { requestId: 'r1', label: 1, knownAt: '2001-02-01T09:59:59Z', inputs: {} },
        { requestId: 'r2', label: 1, knownAt: T10, inputs: {} },
      ],
    });
    assert.equal(body.accepted, 1);
    assert.equal(body.rejected[0].code, 'LABEL_BEFORE_PREDICTION');
    assert.equal(body.rejected[0].requestId, 'r1');
  });

  it('counts no candidate request in flight once its answers have left', async () => {
    await fixture.register();
    const [stable, candidate] = await Promise.all([fixture.constant(0.3), fixture.constant(0.4)]);
    await fixture.put(fixture.of('traffic'), split(1, { stable, candidate, exposure: 1, effectiveFrom: T10 }));
    const { body } = await fixture.post(fixture.of('predictions'), request('r1', T10));
    assert.equal(body.arm, 'candidate');
    assert.equal((await fixture.get(fixture.of('traffic'))).body.servingNow.candidateInFlight, 0);
  });

  it('counts no candidate request in flight when its caller went away before the answer', async () => {
    await fixture.register();
    const [stable, candidate] = await Promise.all([fixture.constant(0.3), fixture.constant(0.4)]);
    await fixture.put(fixture.of('traffic'), split(1, { stable, candidate, exposure: 1, effectiveFrom: T10 }));
    const { hostname, port } = new URL(fixture.gateway!.url);
    for (let caller = 0; caller < 20; caller++) {
      const body = JSON.stringify(request(`gone-${caller}`, T10));
      const socket = connect(Number(port), hostname, () => {
        socket.write(
          `POST ${fixture.of('predictions')} HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
        );
        setTimeout(() => socket.resetAndDestroy(), caller % 4);
      });
      await new Promise((closed) => socket.once('close', closed));
    }
    const inFlight = async (): Promise<number> =>
      (await fixture.get(fixture.of('traffic'))).body.servingNow.candidateInFlight as number;
    for (let look = 0; look < 50 && (await inFlight()) > 0; look++) await new Promise((wake) => setTimeout(wake, 20));
    assert.equal(await inFlight(), 0);
  });
});
