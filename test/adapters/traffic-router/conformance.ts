import assert from 'node:assert/strict';
import type { TrafficRouter } from '../../../src/adapters/traffic-router/port.ts';
import type { PutTraffic, SplitEntry } from '../../../src/contracts/serving.ts';

/** A router to gateways of which the suite can move the event clock. */
export interface RouterUnderTest {
  readonly router: TrafficRouter;
  readonly gateways: number;
  /** Digests of loadable bundles. */
  readonly bundles: { readonly fallback: string; readonly stable: string; readonly candidate: string };
  /** Moves the event clock of every gateway to an instant. */
  moveClock(to: string): Promise<void>;
}

const MODEL = 'flight-delay';
const ABSENT = 'f'.repeat(64);
const NOON = '2001-02-01T12:00:00Z';
const THREE = '2001-02-01T15:00:00Z';

/** Every traffic router passes these. */
export function trafficRouterConformance(make: () => Promise<RouterUnderTest>): void {
  let under: RouterUnderTest;
  beforeEach(async () => {
    under = await make();
    await under.router.register(MODEL, { freshFeatures: [], fallback: under.bundles.fallback });
  });
  const put = (generation: number, entry: Partial<SplitEntry>): PutTraffic => ({
    generation,
    decisionId: `decision-${generation}`,
    entry: {
      effectiveFrom: null,
      stable: under.bundles.stable,
      candidate: null,
      exposure: 0,
      salt: 's',
      mirror: false,
      ...entry,
    },
  });
  const rise = (generation: number, exposure: number, effectiveFrom: string): PutTraffic =>
    put(generation, { candidate: under.bundles.candidate, exposure, effectiveFrom });
  const apply = (change: PutTraffic): Promise<void> => under.router.apply(MODEL, change);

  it('says MODEL_UNKNOWN of a model that was not registered', async () => {
    await assert.rejects(under.router.observe('stranger'), { code: 'MODEL_UNKNOWN' });
    await assert.rejects(under.router.apply('stranger', put(1, {})), { code: 'MODEL_UNKNOWN' });
  });

  it('has the declared fallback as its stable, at generation 0, before the first split', async () => {
    const states = await under.router.observe(MODEL);
    assert.equal(states.length, under.gateways);
    for (const state of states) {
      assert.deepEqual([state.generation, state.entries], [0, []]);
      assert.equal(state.servingNow.stable, under.bundles.fallback);
    }
  });

  it('registers the same model again without a change', async () => {
    await apply(put(1, {}));
    await under.router.register(MODEL, { freshFeatures: [], fallback: under.bundles.fallback });
    assert.equal((await under.router.observe(MODEL))[0]!.generation, 1);
  });

  it('puts a split in force at every gateway, and the same again changes nothing', async () => {
    await apply(put(1, {}));
    const once = await under.router.observe(MODEL);
    await apply(put(1, {}));
    assert.deepEqual(await under.router.observe(MODEL), once);
    for (const state of once) {
      assert.deepEqual([state.generation, state.decisionId], [1, 'decision-1']);
      assert.equal(state.servingNow.stable, under.bundles.stable);
    }
  });

  for (const [title, generation] of [
    ['below the present one', 1],
    ['equal to the present one with other content', 2],
  ] as const)
    it(`refuses a generation ${title}: GENERATION_STALE`, async () => {
      await apply(put(2, {}));
      await assert.rejects(apply(put(generation, { salt: 'other' })), { code: 'GENERATION_STALE', kind: 'terminal' });
      assert.equal((await under.router.observe(MODEL))[0]!.entries[0]!.salt, 's');
    });

  it('refuses a rise that comes after its time: EFFECTIVE_FROM_PASSED', async () => {
    await apply(put(1, {}));
    await under.moveClock(THREE);
    await assert.rejects(apply(rise(2, 0.05, NOON)), { code: 'EFFECTIVE_FROM_PASSED', kind: 'retryable' });
    assert.equal((await under.router.observe(MODEL))[0]!.generation, 1);
  });

  it('takes a rise in time, exposes nobody before it, and keeps the split before it', async () => {
    await apply(put(1, {}));
    await under.moveClock(NOON);
    await apply(rise(2, 0.05, THREE));
    const waiting = (await under.router.observe(MODEL))[0]!;
    assert.deepEqual([waiting.servingNow.exposure, waiting.entries.length], [0, 2]);
    await under.moveClock(THREE);
    const risen = (await under.router.observe(MODEL))[0]!;
    assert.deepEqual([risen.servingNow.exposure, risen.servingNow.candidate], [0.05, under.bundles.candidate]);
  });

  it('takes a fall at once, however late, and drops a rise that has not come', async () => {
    await apply(put(1, {}));
    await under.moveClock(NOON);
    await apply(rise(2, 0.05, THREE));
    await apply(put(3, {}));
    await under.moveClock('2001-02-01T18:00:00Z');
    const [state] = await under.router.observe(MODEL);
    assert.deepEqual([state!.servingNow.exposure, state!.servingNow.candidate, state!.entries.length], [0, null, 1]);
  });

  it('postpones a rise that has not come when the same decision names a later time', async () => {
    await apply(put(1, {}));
    await under.moveClock(NOON);
    await apply(rise(2, 0.05, THREE));
    await apply(rise(2, 0.05, '2001-02-01T18:00:00Z'));
    const [state] = await under.router.observe(MODEL);
    assert.equal(state!.entries.at(-1)!.effectiveFrom, '2001-02-01T18:00:00Z');
    await assert.rejects(apply(rise(2, 0.05, THREE)), { code: 'GENERATION_STALE' });
    await assert.rejects(apply(rise(2, 0.25, '2001-02-02T00:00:00Z')), { code: 'GENERATION_STALE' });
  });

  it('refuses a split that names a bundle which does not load: BUNDLE_NOT_LOADABLE', async () => {
    await assert.rejects(apply(put(1, { stable: ABSENT })), { code: 'BUNDLE_NOT_LOADABLE', kind: 'terminal' });
    assert.equal((await under.router.observe(MODEL))[0]!.generation, 0);
  });

  it('sets and lifts the overriding fallback by a generation of its own, beside the split', async () => {
    await apply(put(5, {}));
    await under.router.fallback(MODEL, { generation: 1, decisionId: 'incident', bundle: under.bundles.fallback });
    const [set] = await under.router.observe(MODEL);
    assert.deepEqual(set!.fallback, { generation: 1, bundle: under.bundles.fallback });
    assert.equal(set!.generation, 5);
    await under.router.fallback(MODEL, { generation: 2, decisionId: 'resolved', bundle: null });
    assert.deepEqual((await under.router.observe(MODEL))[0]!.fallback, { generation: 2, bundle: null });
    const late = { generation: 1, decisionId: 'late', bundle: under.bundles.fallback };
    await assert.rejects(under.router.fallback(MODEL, late), { code: 'GENERATION_STALE' });
  });
}
