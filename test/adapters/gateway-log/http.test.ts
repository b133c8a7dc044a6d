import assert from 'node:assert/strict';
import { createGatewayLog } from '../../../src/adapters/gateway-log/index.ts';
import { GatewayFixture, MODEL, request, split } from '../../gateway/gateway-fixture.ts';

describe('gateway log over HTTP', () => {
  const fixtures: GatewayFixture[] = [];
  const start = async (name: string): Promise<GatewayFixture> => {
    const fixture = await GatewayFixture.create();
    fixtures.push(fixture);
    await fixture.start({ name });
    await fixture.register();
    return fixture;
  };
  const logOf = (gateways: readonly GatewayFixture[]) =>
    createGatewayLog({ kind: 'http', urls: gateways.map(({ gateway }) => gateway!.url), timeoutMs: 5_000 });
  afterEach(() => Promise.all(fixtures.splice(0).map((fixture) => fixture.dispose())));

  it('lists closed segments by gateway after a position, a gateway without any too, and reads their records', async () => {
    const gateways = [await start('north'), await start('south')] as const;
    const [north] = gateways;
    for (const [index, hour] of ['10', '11'].entries()) {
      await north.post(north.of('predictions'), request(`r${index}`, `2001-02-01T${hour}:30:00Z`));
      await north.post(north.of('watermark'), { through: `2001-02-01T${Number(hour) + 1}:00:00Z` });
    }
    const log = logOf(gateways);
    const listed = await log.segments(MODEL, { north: 1 });
    assert.deepEqual(
      listed.map(({ gateway, segments }) => [gateway, segments.map(({ segment, records }) => [segment, records])]),
      [
        ['north', [[2, 1]]],
        ['south', []],
      ],
    );
    const segment = listed[0]!.segments[0]!;
    assert.equal(segment.through, '2001-02-01T12:00:00Z');
    const records = await log.read(MODEL, segment);
    assert.deepEqual(
      records.map(({ requestId }) => requestId),
      ['r1'],
    );
  });

  it('reads ledger lines after a position', async () => {
    const north = await start('north');
    const stable = await north.constant(0.3);
    await north.put(north.of('traffic'), split(1, { stable }));
    await north.put(north.of('traffic'), split(2, { stable }));
    const [ledger] = await logOf([north]).ledger(MODEL, { north: 1 });
    assert.deepEqual(
      ledger!.entries.map(({ sequence, generation }) => [sequence, generation]),
      [[2, 2]],
    );
  });

  it('says SEGMENT_UNKNOWN of a segment that is not closed', async () => {
    const north = await start('north');
    const open = { gateway: 'north', segment: 1, records: 0, bytes: 0, through: '2001-02-01T00:00:00Z' };
    await assert.rejects(logOf([north]).read(MODEL, open), { code: 'SEGMENT_UNKNOWN' });
  });

  it('says GATEWAY_UNREACHABLE while a gateway is down', async () => {
    const north = await start('north');
    const log = logOf([north]);
    await north.stop();
    await assert.rejects(log.segments(MODEL, {}), { code: 'GATEWAY_UNREACHABLE', kind: 'retryable' });
  });

  it('says GATEWAY_NAMES_CLASH when two gateways share a name', async () => {
    const gateways = [await start('north'), await start('north')];
    await assert.rejects(logOf(gateways).segments(MODEL, {}), { code: 'GATEWAY_NAMES_CLASH' });
  });
});
