import assert from 'node:assert/strict';
import { createPromotionActivities } from '../../src/activities/promotion.ts';
import { experimentationId, promotionId, rolloutId } from '../../src/contracts/names.ts';
import type { CandidateRecord } from '../../src/contracts/records.ts';
import type { RolloutPlan } from '../../src/contracts/workflows.ts';
import { sha256Hex } from '../../src/domain/sha256.ts';
import { DAY_MS, isoInstant } from '../../src/domain/time.ts';
import { MODEL, smallWorld, START } from './small-world.ts';
import type { SmallWorld, WorldOptions } from './small-world.ts';

type NewerCandidate = Record<'ideas' | 'retrains', 'queue' | 'supersede' | 'reject'>;
const underPolicy =
  (newerCandidate: NewerCandidate): NonNullable<WorldOptions['declare']> =>
  (declaration) => ({ ...declaration, rollout: { ...declaration.rollout, newerCandidate } });

describe('the promotion queue', function () {
  this.timeout(30_000);
  let world: SmallWorld;
  const open = async (policy: NewerCandidate = { ideas: 'queue', retrains: 'supersede' }): Promise<void> => {
    world = await smallWorld({ declare: underPolicy(policy) });
    await world.records.transaction(MODEL, (tx) => tx.join(experimentationId(MODEL)));
    await world.arrive(START + DAY_MS, []);
  };
  /** Leaves a candidate as experimentation does. */
  const submit = (idea: string, day: number, over: Partial<CandidateRecord> = {}): Promise<string> => {
    const bundle = sha256Hex(`${idea} of day ${day}`);
    return world.records.transaction(MODEL, async (tx) => {
      await tx.put('candidate', bundle, {
        bundle,
        idea,
        attempt: day,
        claim: 'improve',
        priority: 'idea',
        outcome: 'queued',
        rolloutId: null,
        step: null,
        reason: null,
        exposureHistory: [],
        readyAt: isoInstant(START + day * DAY_MS),
        decidedAt: null,
        ...over,
      });
      await tx.handOff({ id: `candidate/${bundle}`, to: promotionId(MODEL), kind: 'candidateReady', body: { bundle } });
      return bundle;
    });
  };
  const retrain = (day: number): Promise<string> =>
    submit('weekly-retrain', day, { priority: 'retrain', claim: 'not-worse' });
  const next = (sequence: number): Promise<RolloutPlan | null> =>
    world.run(() => createPromotionActivities(world.ports).nextRollout({ model: MODEL, sequence }));
  const candidate = (bundle: string): Promise<CandidateRecord | null> =>
    world.records.transaction(MODEL, (tx) => tx.get('candidate', bundle));
  const finish = async (bundle: string): Promise<void> => {
    const body = (await candidate(bundle))!;
    await world.records.transaction(MODEL, (tx) => tx.put('candidate', bundle, { ...body, outcome: 'promoted' }));
  };
  const told = () => world.records.transaction(MODEL, (tx) => tx.handoffs(promotionId(MODEL)));
  afterEach(() => world.close());

  it('names the rollout to start, puts its candidate in flight, and waits for it', async () => {
    await open();
    const bundle = await submit('fresh', 1);
    const id = rolloutId(MODEL, bundle, 1);
    assert.deepEqual(await next(0), { rolloutId: id, bundle, idea: 'fresh', claim: 'improve' });
    const { outcome, rolloutId: of, step } = (await candidate(bundle))!;
    assert.deepEqual([outcome, of, step], ['in_progress', id, 'offline']);
    const unsettled = await world.records.transaction(MODEL, (tx) => tx.unsettled(START));
    assert.ok(unsettled.includes(id));
  });

  it('gives the same answer to a repeated question, and starts nothing twice', async () => {
    await open();
    await submit('fresh', 1);
    await submit('faster', 2);
    const first = await next(0);
    assert.deepEqual(await next(0), first);
    assert.equal(await next(1), null);
  });

  it('starts one after the other: ideas before retrains, the older first', async () => {
    await open();
    const bundles = {
      retrain: await retrain(1),
      later: await submit('later', 3),
      earlier: await submit('earlier', 2),
    };
    const order: string[] = [];
    for (let sequence = 0; sequence < 3; sequence += 1) {
      const plan = await next(sequence);
      assert.equal(await next(sequence + 1), null, 'one at a time');
      order.push(plan!.bundle);
      await finish(plan!.bundle);
    }
    assert.deepEqual(order, [bundles.earlier, bundles.later, bundles.retrain]);
    assert.equal(await next(3), null);
  });

  it('acknowledges what it was told, also where nothing starts', async () => {
    await open();
    await submit('fresh', 1);
    await next(0);
    await submit('faster', 2);
    assert.equal((await told()).length, 1);
    assert.equal(await next(1), null);
    assert.deepEqual(await told(), []);
  });

  it('lets a newer retrain replace an older one that still waits, by name, and tells experimentation', async () => {
    await open();
    await submit('fresh', 1);
    await next(0);
    const older = await retrain(2);
    const newer = await retrain(3);
    await world.records.transaction(MODEL, (tx) => tx.settle(experimentationId(MODEL), START + DAY_MS));
    assert.equal(await next(1), null);
    const { outcome, reason, decidedAt } = (await candidate(older))!;
    assert.deepEqual(
      [outcome, reason, decidedAt],
      ['superseded', 'a newer one waits: weekly-retrain 3', isoInstant(START + DAY_MS)],
    );
    assert.equal((await candidate(newer))?.outcome, 'queued');
    const unsettled = await world.records.transaction(MODEL, (tx) => tx.unsettled(START + DAY_MS));
    assert.ok(unsettled.includes(experimentationId(MODEL)));
  });

  it('refuses a newer candidate where the policy says so, naming what is in flight', async () => {
    await open({ ideas: 'reject', retrains: 'queue' });
    await submit('fresh', 1);
    await next(0);
    const newer = await submit('faster', 2);
    assert.equal(await next(1), null);
    const { outcome, reason } = (await candidate(newer))!;
    assert.deepEqual([outcome, reason], ['refused', 'the policy rejects newer candidates while fresh is in flight']);
  });
});
