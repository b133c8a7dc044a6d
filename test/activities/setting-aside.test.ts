import assert from 'node:assert/strict';
import { createPromotionActivities } from '../../src/activities/promotion.ts';
import type { TrafficRouter } from '../../src/adapters/traffic-router/port.ts';
import { ROLLOUT, rolloutDesk, shortLadder } from './rollout-desk.ts';
import { MODEL, smallWorld } from './small-world.ts';

describe('a rollout that was ended from outside', function () {
  this.timeout(30_000);

  it('leaves the gateways under one generation, however often that is tried', async () => {
    const world = await smallWorld({ declare: shortLadder, routedGateways: 2 });
    const desk = await rolloutDesk(world);
    const order = await desk.split(1);
    await world.run(() => desk.activities.setExposure(order));
    const [before] = await world.router.observe(MODEL);
    let deaths = 1;
    const apply: TrafficRouter['apply'] = async (model, put) => {
      await world.router.apply(model, put);
      if (deaths-- > 0) throw new Error('the worker dies before it can report');
    };
    const dying = createPromotionActivities({ ...world.ports, trafficRouter: { ...world.router, apply } });
    await assert.rejects(
      world.run(() => dying.setRolloutAside(ROLLOUT)),
      /dies before it can report/,
    );
    assert.deepEqual(await world.run(() => dying.setRolloutAside(ROLLOUT)), { outcome: 'withdrawn' });
    const states = await world.router.observe(MODEL);
    assert.deepEqual(
      states.map(({ generation, decisionId }) => [generation, decisionId]),
      [1, 2].map(() => [(before?.generation ?? 0) + 1, `${ROLLOUT.rolloutId}/set-aside`]),
    );
    await world.close();
  });
});
