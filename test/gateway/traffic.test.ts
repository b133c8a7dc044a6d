import assert from 'node:assert/strict';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { LedgerEntry } from '../../src/contracts/serving.ts';
import { startGateway } from '../../src/gateway/server.ts';
import { GatewayFixture, LATE_ORIGIN, request, split } from './gateway-fixture.ts';

const NOON = '2001-02-01T12:00:00Z';

describe('the gateway keeps its split', () => {
  let fixture: GatewayFixture;
  let stable: string;
  let candidate: string;
  beforeEach(async () => {
    fixture = await GatewayFixture.create();
    await fixture.start();
    await fixture.register();
    stable = await fixture.constant(0.3);
    candidate = await fixture.constant(0.4);
    await fixture.put(fixture.of('traffic'), split(1, { stable }));
  });
  afterEach(() => fixture.dispose());

  const ledger = async (): Promise<LedgerEntry[]> => (await fixture.get(fixture.of('ledger'))).body as LedgerEntry[];

  it('refuses a rise once a request of its time was answered, and shows its clock', async () => {
    await fixture.post(fixture.of('predictions'), request('r1', NOON));
    const reply = await fixture.put(
      fixture.of('traffic'),
      split(2, { stable, candidate, exposure: 0.05, effectiveFrom: NOON }),
    );
    assert.equal(reply.status, 409);
    assert.equal(reply.body.error.code, 'EFFECTIVE_FROM_PASSED');
    assert.equal(reply.body.error.details.eventClock, '2001-02-01T12:00:00.001Z');
  });

  it('writes every acceptance and every refusal into the ledger, the same refusal in a row once', async () => {
    const stale = split(1, { stable, salt: 'other' });
    for (let attempt = 0; attempt < 3; attempt++) {
      assert.equal((await fixture.put(fixture.of('traffic'), stale)).body.error.code, 'GENERATION_STALE');
    }
    await fixture.put(fixture.of('fallback'), { generation: 1, decisionId: 'incident', bundle: stable });
    assert.deepEqual(
      (await ledger()).map(({ sequence, kind, accepted }) => [sequence, kind, accepted]),
      [
        [1, 'split', true],
        [2, 'split', false],
        [3, 'fallback', true],
      ],
    );
    const { ledgerAccepted, ledgerRefused } = (await fixture.get('/metrics')).body.models['flight-delay'];
    assert.deepEqual([ledgerAccepted, ledgerRefused], [2, 3]);
  });

  it('has the same split after a restart, with the object store away', async () => {
    await fixture.put(fixture.of('traffic'), split(2, { stable, candidate, exposure: 1, effectiveFrom: NOON }));
    await fixture.put(fixture.of('fallback'), { generation: 7, decisionId: 'incident', bundle: null });
    const before = (await fixture.get(fixture.of('traffic'))).body;
    await fixture.stop();
    await rename(join(fixture.folder, 'objects'), join(fixture.folder, 'away'));
    await fixture.start();
    assert.deepEqual((await fixture.get(fixture.of('traffic'))).body, before);
    const { body } = await fixture.post(fixture.of('predictions'), request('r1', NOON));
    assert.deepEqual([body.arm, body.prediction], ['candidate', 0.4]);
  });

  it('serves by the fallback and is not ready while a bundle of its split cannot be had', async () => {
    await fixture.stop();
    await rename(join(fixture.folder, 'objects'), join(fixture.folder, 'away'));
    await rm(join(fixture.stateDir, 'bundles', stable));
    await fixture.start();
    const ready = await fixture.get('/readyz');
    assert.equal(ready.status, 503);
    assert.deepEqual(ready.body.waitingFor, [`bundle ${stable}`]);
    const { body } = await fixture.post(fixture.of('predictions'), request('r1', NOON));
    assert.deepEqual([body.arm, body.prediction], ['fallback', 0.2]);
    await rename(join(fixture.folder, 'away'), join(fixture.folder, 'objects'));
    await fixture.gateway!.ready;
    while ((await fixture.get('/readyz')).status !== 200) await new Promise((wake) => setTimeout(wake, 50));
    assert.equal((await fixture.post(fixture.of('predictions'), request('r2', NOON))).body.prediction, 0.3);
  });

  it('refuses a bundle of another model, of unregistered features, or with a broken artifact: 422', async () => {
    const fresh = { name: 'lateOrigin', feature: LATE_ORIGIN };
    const linear = { kind: 'constant', version: 1, objective: 'binary', featureNames: ['lateOrigin'], value: 0.2 };
    for (const [bundle, reason] of [
      [await fixture.constant(0.2, { model: 'other' }), /belongs to model other, not flight-delay/],
      [await fixture.bundle(linear, [fresh]), /feature lateOrigin is not registered/],
      [await fixture.bundle({ kind: 'constant', version: 2 }), /version/],
      ['f'.repeat(64), /is not in the object store/],
    ] as const) {
      const reply = await fixture.put(fixture.of('traffic'), split(2, { stable: bundle }));
      assert.equal(reply.status, 422, JSON.stringify(reply.body));
      assert.match(reply.body.error.message, reason);
    }
    assert.equal((await fixture.get(fixture.of('traffic'))).body.generation, 1);
  });

  it('refuses to share its state folder with a second process', async () => {
    const options = {
      name: 'b',
      stateDir: fixture.stateDir,
      objectStore: fixture.store,
      port: 0,
      clock: 'stream',
    } as const;
    await assert.rejects(startGateway(options), { code: 'GATEWAY_STATE_LOCKED' });
  });

  it('rebuilds outcome-rate features from the log at a restart, and for features that are registered later', async () => {
    const outcomes = [{ requestId: 'a', label: 1, knownAt: '2001-02-01T11:00:00Z', inputs: { origin: 'JFK' } }];
    await fixture.post(fixture.of('outcomes'), { outcomes });
    await fixture.post(fixture.of('watermark'), { through: '2001-02-01T11:30:00Z' });
    await fixture.register({ freshFeatures: [LATE_ORIGIN] });
    await fixture.restart();
    await fixture.post(fixture.of('predictions'), request('r1', NOON));
    await fixture.post(fixture.of('watermark'), { through: '2001-02-01T15:00:00Z' });
    const { body } = await fixture.get(fixture.of('log/segments/2'));
    assert.deepEqual(body[0].fresh, { lateOrigin: 3 / 11 });
  });

  it('freezes what its features see in a drill, goes on logging outcomes, and catches up afterwards', async () => {
    await fixture.restart({ drills: true });
    await fixture.register({ freshFeatures: [LATE_ORIGIN] });
    await fixture.post(fixture.of('watermark'), { through: NOON });
    assert.equal((await fixture.post(fixture.of('drill'), { frozenFeatures: true })).status, 200);
    const outcomes = [{ requestId: 'a', label: 1, knownAt: NOON, inputs: { origin: 'JFK' } }];
    assert.equal((await fixture.post(fixture.of('outcomes'), { outcomes })).body.accepted, 1);
    await fixture.post(fixture.of('predictions'), request('frozen', '2001-02-01T13:00:00Z'));
    await fixture.post(fixture.of('drill'), { frozenFeatures: false });
    await fixture.post(fixture.of('predictions'), request('thawed', '2001-02-01T13:00:00Z'));
    await fixture.post(fixture.of('watermark'), { through: '2001-02-01T15:00:00Z' });
    const { body } = await fixture.get(fixture.of('log/segments/2'));
    const fresh = Object.fromEntries(
      (body as Array<{ kind: string; requestId: string; fresh: object }>).map(({ requestId, fresh }) => [
        requestId,
        fresh,
      ]),
    );
    assert.deepEqual([fresh['frozen'], fresh['thawed']], [{ lateOrigin: 0.2 }, { lateOrigin: 3 / 11 }]);
  });

  it('makes a candidate fail, or answer some requests mirrored, in a drill, and lets it be afterwards', async () => {
    await fixture.restart({ drills: true });
    await fixture.put(fixture.of('traffic'), split(2, { stable, candidate, exposure: 1, effectiveFrom: NOON }));
    const answers: unknown[] = [];
    for (const [id, origin, drill] of [
      ['sound', 'EWR', {}],
      ['failing', 'EWR', { candidateFails: true }],
      ['wrong-here', 'EWR', { candidateWrongWhere: { origin: ['EWR'] } }],
      ['right-there', 'JFK', { candidateWrongWhere: { origin: ['EWR'] } }],
      ['healed', 'EWR', {}],
    ] as const) {
      assert.equal((await fixture.post(fixture.of('drill'), drill)).status, 200);
      const { body } = await fixture.post(fixture.of('predictions'), { ...request(id, NOON), inputs: { origin } });
      answers.push([id, body.arm, body.prediction]);
    }
    assert.deepEqual(answers, [
      ['sound', 'candidate', 0.4],
      ['failing', 'fallback', 0.2],
      ['wrong-here', 'candidate', 0.6],
      ['right-there', 'candidate', 0.4],
      ['healed', 'candidate', 0.4],
    ]);
    const { errors } = (await fixture.get('/metrics')).body.models['flight-delay'];
    assert.deepEqual(errors, { stable: 0, candidate: 1, fallback: 0 });
  });

  it('refuses drills unless it was started with them', async () => {
    const reply = await fixture.post(fixture.of('drill'), { frozenFeatures: true });
    assert.deepEqual([reply.status, reply.body.error.code], [403, 'DRILLS_DISABLED']);
  });

  it('closes a segment at each watermark, an empty one too, and ignores a watermark it has passed', async () => {
    await fixture.post(fixture.of('watermark'), { through: NOON });
    const again = await fixture.post(fixture.of('watermark'), { through: '2001-02-01T09:00:00Z' });
    assert.deepEqual(again.body, { watermark: NOON });
    const { body } = await fixture.get(fixture.of('log/segments'));
    assert.deepEqual(body, [{ gateway: 'gateway-1', segment: 1, records: 0, bytes: 0, through: NOON }]);
    await fixture.restart();
    assert.equal((await fixture.get(fixture.of('traffic'))).body.watermark, NOON);
  });

  it('keeps its own time on the wall clock: closes segments by age and takes no watermark', async () => {
    await fixture.restart({ clock: 'wall', segmentAgeMsMax: 1 });
    assert.equal(
      (await fixture.post(fixture.of('watermark'), { through: NOON })).body.error.code,
      'WATERMARK_NOT_TAKEN',
    );
    const { body } = await fixture.post(fixture.of('predictions'), { requestId: 'now', unit: 'u', inputs: {} });
    assert.equal(body.prediction, 0.3);
    let segments: Array<{ records: number }> = [];
    while (!segments.some(({ records }) => records === 1)) {
      await new Promise((wake) => setTimeout(wake, 50));
      segments = (await fixture.get(fixture.of('log/segments'))).body;
    }
  });
});
