import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createTrafficRouter } from '../../../src/adapters/traffic-router/index.ts';
import type { TrafficRouter } from '../../../src/adapters/traffic-router/port.ts';
import { GatewayFixture, MODEL, split } from '../../gateway/gateway-fixture.ts';
import { trafficRouterConformance } from './conformance.ts';

describe('traffic router over HTTP', () => {
  const fixtures: GatewayFixture[] = [];
  const startGateways = async (count: number): Promise<GatewayFixture[]> => {
    const started = await Promise.all(Array.from({ length: count }, () => GatewayFixture.create()));
    fixtures.push(...started);
    for (const [index, fixture] of started.entries()) await fixture.start({ name: `gateway-${index + 1}` });
    return started;
  };
  const routerTo = (gateways: readonly GatewayFixture[]): TrafficRouter =>
    createTrafficRouter({ kind: 'http', urls: gateways.map(({ gateway }) => gateway!.url), timeoutMs: 2_000 });
  afterEach(() => Promise.all(fixtures.splice(0).map((fixture) => fixture.dispose())));

  trafficRouterConformance(async () => {
    const gateways = await startGateways(2);
    const made = await Promise.all(
      gateways.map(async (each) => ({
        fallback: await each.constant(0.2),
        stable: await each.constant(0.3),
        candidate: await each.constant(0.4),
      })),
    );
    return {
      router: routerTo(gateways),
      gateways: 2,
      bundles: made[0]!,
      moveClock: async (through) => {
        for (const each of gateways) await each.post(each.of('watermark'), { through });
      },
    };
  });

  it('reaches every gateway that can be reached, and is not applied until all are', async () => {
    const [first, second] = (await startGateways(2)) as [GatewayFixture, GatewayFixture];
    const router = routerTo([first, second]);
    const fallback = await first.constant(0.2);
    await second.constant(0.2);
    await router.register(MODEL, { freshFeatures: [], fallback });
    const url = first.gateway!.url;
    await first.stop();
    await assert.rejects(router.apply(MODEL, split(1, { stable: fallback })), {
      code: 'GATEWAY_UNREACHABLE',
      kind: 'retryable',
    });
    assert.equal((await second.get(second.of('traffic'))).body.generation, 1);
    await first.start({ port: Number(new URL(url).port) });
    await router.apply(MODEL, split(1, { stable: fallback }));
    assert.deepEqual(
      (await router.observe(MODEL)).map(({ generation }) => generation),
      [1, 1],
    );
  });

  it('puts a refusal before failures that may pass: trying again would not help', async () => {
    const [first, second] = (await startGateways(2)) as [GatewayFixture, GatewayFixture];
    const router = routerTo([first, second]);
    const fallback = await first.constant(0.2);
    await second.constant(0.2);
    await router.register(MODEL, { freshFeatures: [], fallback });
    await router.apply(MODEL, split(2, { stable: fallback }));
    await first.stop();
    await assert.rejects(router.apply(MODEL, split(1, { stable: fallback })), { code: 'GENERATION_STALE' });
  });

  it('says GATEWAY_REFUSED of an answer it does not know, and GATEWAY_UNREACHABLE of a server error', async () => {
    let status = 418;
    const server = createServer((_request, response) => void response.writeHead(status).end('teapot'));
    await new Promise<void>((listening) => void server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as AddressInfo;
    const router = createTrafficRouter({ kind: 'http', urls: [`http://127.0.0.1:${port}`], timeoutMs: 2_000 });
    await assert.rejects(router.observe(MODEL), { code: 'GATEWAY_REFUSED', kind: 'terminal' });
    status = 502;
    await assert.rejects(router.observe(MODEL), { code: 'GATEWAY_UNREACHABLE', kind: 'retryable' });
    await new Promise((closed) => server.close(closed));
  });
});
