import assert from 'node:assert/strict';
import { createTrafficRouter, trafficRouterSchema } from '../../../src/adapters/traffic-router/index.ts';
import { createInMemoryRouter } from '../../../src/adapters/traffic-router/in-memory.ts';
import { epochMs } from '../../../src/domain/time.ts';
import { trafficRouterConformance } from './conformance.ts';

describe('traffic router in memory', () => {
  const bundles = { fallback: 'a'.repeat(64), stable: 'b'.repeat(64), candidate: 'c'.repeat(64) };
  trafficRouterConformance(async () => {
    let clock: number | null = null;
    const loads = (bundle: string): boolean => Object.values(bundles).includes(bundle);
    return {
      router: createInMemoryRouter(2, { clock: () => clock, loads }),
      gateways: 2,
      bundles,
      moveClock: async (to) => void (clock = epochMs(to)),
    };
  });

  it('is one still gateway unless told otherwise', async () => {
    const router = createTrafficRouter(trafficRouterSchema.parse({ kind: 'in-memory' }));
    await router.register('flight-delay', { freshFeatures: [], fallback: bundles.fallback });
    assert.equal((await router.observe('flight-delay')).length, 1);
  });

  it('refuses an unknown kind of router', () => {
    assert.equal(trafficRouterSchema.safeParse({ kind: 'carrier-pigeon' }).success, false);
  });
});
