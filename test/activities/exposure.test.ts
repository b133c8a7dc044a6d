import assert from 'node:assert/strict';
import { createRolloutActivities } from '../../src/activities/rollout.ts';
import { createInMemoryRouter } from '../../src/adapters/traffic-router/in-memory.ts';
import type { TrafficRouter } from '../../src/adapters/traffic-router/port.ts';
import { HoldfastError } from '../../src/contracts/errors.ts';
import { promotionId } from '../../src/contracts/names.ts';
import type { PutTraffic } from '../../src/contracts/serving.ts';
import type { RolloutActivities } from '../../src/contracts/workflows.ts';
import { DAY_MS, isoInstant } from '../../src/domain/time.ts';
import { CANDIDATE, ROLLOUT, rolloutDesk, shortLadder } from './rollout-desk.ts';
import type { RolloutDesk } from './rollout-desk.ts';
import { COHORT_MS, CONSTANT, MODEL, smallWorld, START, STATIC } from './small-world.ts';
import type { SmallWorld } from './small-world.ts';

const boundary = (cohort: number): string => isoInstant(START + (cohort - 1) * COHORT_MS);

describe('exposure', function () {
  this.timeout(30_000);
  let world: SmallWorld;
  let desk: RolloutDesk;
  let set: (order: Parameters<RolloutActivities['setExposure']>[0]) => ReturnType<RolloutActivities['setExposure']>;
  let back: typeof set;
  const splits = async (): Promise<Array<string | null>> =>
    (await world.router.observe(MODEL)).map(({ entries }) => entries.at(-1)?.effectiveFrom ?? null);
  const foreign = (over: Partial<PutTraffic['entry']> = {}): PutTraffic => ({
    generation: 50,
    decisionId: 'by-hand',
    entry: { effectiveFrom: null, stable: STATIC, candidate: null, exposure: 0, salt: '', mirror: false, ...over },
  });

  beforeEach(async () => {
    world = await smallWorld({ declare: shortLadder, routedGateways: 2 });
    desk = await rolloutDesk(world);
    set = (order) => world.run(() => desk.activities.setExposure(order));
    back = (order) => world.run(() => desk.activities.returnToStable(order));
  });
  afterEach(() => world.close());

  describe('is set', () => {
    it('from the next whole cohort on where none is named', async () => {
      world.clock = START + 2 * COHORT_MS + 1;
      const applied = await set(await desk.split(1));
      assert.deepEqual(applied, { effectiveCohort: 4, effectiveFrom: boundary(4), gateways: 2 });
      assert.deepEqual(await splits(), [boundary(4), boundary(4)]);
    });

    it('from the first cohort on before there is any traffic', async () => {
      assert.equal((await set(await desk.split(1))).effectiveCohort, 1);
    });

    for (const [title, clock, expected] of [
      ['from the cohort that was decided, while it has not begun', START + 6 * COHORT_MS - 1, 9],
      ['from the next one, where the cohort that was decided has begun', START + 8 * COHORT_MS + 1, 10],
      ['from the next one, where the cohort that was decided begins just now', START + 8 * COHORT_MS, 10],
    ] as const)
      it(title, async () => {
        world.clock = clock;
        assert.equal((await set(await desk.split(1, { effectiveCohort: 9 }))).effectiveCohort, expected);
      });

    it('after what a gateway has answered, however far that is ahead of what it was promised', async () => {
      world.clock = START + 7 * COHORT_MS + 1;
      const router: TrafficRouter = {
        ...world.router,
        observe: async (model) => {
          const states = await world.router.observe(model);
          return states.map((state) => ({ ...state, watermark: isoInstant(START) }));
        },
      };
      const rollout = createRolloutActivities({ ...world.ports, trafficRouter: router });
      const order = await desk.split(1, { effectiveCohort: 3 });
      assert.equal((await world.run(() => rollout.setExposure(order))).effectiveCohort, 9);
    });

    it('once: asked again, it says from when, and orders nothing anew', async () => {
      world.clock = START;
      const order = await desk.split(1);
      const applied = await set(order);
      world.clock = START + 5 * COHORT_MS;
      assert.deepEqual(await set(order), applied);
      assert.deepEqual(await splits(), [boundary(1), boundary(1)]);
    });

    describe('where one gateway missed it', () => {
      const clocks = { first: START + 1, second: START + 1 };
      let second: TrafficRouter;
      let isReachable: boolean;
      let whole: TrafficRouter;

      beforeEach(async () => {
        clocks.second = START + 1;
        isReachable = false;
        const loads = (): boolean => true;
        const first = createInMemoryRouter(1, { clock: () => clocks.first, loads });
        second = createInMemoryRouter(1, { clock: () => clocks.second, loads });
        for (const router of [first, second]) {
          await router.register(MODEL, { freshFeatures: [], fallback: CONSTANT });
          await router.apply(MODEL, { ...foreign(), generation: 3 });
        }
        whole = {
          ...first,
          apply: async (model, put) => {
            await first.apply(model, put);
            if (!isReachable) throw new HoldfastError('GATEWAY_UNREACHABLE', 'the second gateway does not answer');
            await second.apply(model, put);
          },
          observe: async (model) => [...(await first.observe(model)), ...(await second.observe(model))],
        };
      });

      for (const [title, clockMeanwhile, cohort] of [
        ['completes it there when that one can be reached again', START + 2, 2],
        ['puts it off for all, where that one has answered beyond it meanwhile', START + 3 * COHORT_MS + 1, 5],
      ] as const)
        it(title, async () => {
          const rollout = createRolloutActivities({ ...world.ports, trafficRouter: whole });
          const order = await desk.split(1);
          const attempt = () => world.run(() => rollout.setExposure(order));
          await assert.rejects(attempt(), { code: 'GATEWAY_UNREACHABLE' });
          isReachable = true;
          clocks.second = clockMeanwhile;
          assert.deepEqual(await attempt(), { effectiveCohort: cohort, effectiveFrom: boundary(cohort), gateways: 2 });
          const states = await whole.observe(MODEL);
          assert.deepEqual(
            states.map(({ entries }) => entries.at(-1)?.effectiveFrom),
            [boundary(cohort), boundary(cohort)],
          );
        });
    });

    it('never by a late order: generations fence it', async () => {
      const late = await desk.split(2);
      await back(await desk.split(3, { candidate: null, exposure: 0 }));
      await assert.rejects(set(late), { code: 'GENERATION_STALE', kind: 'terminal' });
      await assert.rejects(set({ ...late, generation: late.generation + 1, decisionId: 'other' }), {
        code: 'GENERATION_STALE',
      });
      assert.deepEqual(await splits(), [null, null]);
    });
  });

  describe('returns to stable', () => {
    const way = () => desk.split(2, { candidate: null, exposure: 0, decisionId: 'back' });

    it('at once and for all gateways, and says so again when asked again', async () => {
      await desk.climbTo(1);
      world.clock = START + 3 * COHORT_MS;
      const order = await way();
      const zero = { effectiveCohort: 4, effectiveFrom: boundary(4), gateways: 2 };
      assert.deepEqual(await back(order), zero);
      assert.deepEqual(await back(order), zero);
      const states = await world.router.observe(MODEL);
      assert.ok(states.every(({ servingNow }) => servingNow.candidate === null && servingNow.exposure === 0));
    });

    it('is not there while a request of the candidate is in flight', async () => {
      await desk.climbTo(1);
      let inFlight = 3;
      const router: TrafficRouter = {
        ...world.router,
        observe: async (model) =>
          (await world.router.observe(model)).map((state) => ({
            ...state,
            servingNow: { ...state.servingNow, candidateInFlight: inFlight },
          })),
      };
      const rollout = createRolloutActivities({ ...world.ports, trafficRouter: router });
      const order = await way();
      await assert.rejects(
        world.run(() => rollout.returnToStable(order)),
        /6 requests of the candidate in flight/,
      );
      // Answered meanwhile: the call that is under way says so, and not a second later the next one.
      const back = world.run(() => rollout.returnToStable(order));
      setTimeout(() => (inFlight = 0), 50);
      assert.equal((await back).gateways, 2);
    });

    it('above a later split that still names the candidate, whoever wrote it', async () => {
      await desk.climbTo(2);
      const candidate = { candidate: CANDIDATE, exposure: 0.04, salt: 'by-hand' };
      await world.router.apply(MODEL, foreign(candidate));
      await back(await desk.split(3, { candidate: null, exposure: 0 }));
      const states = await world.router.observe(MODEL);
      assert.deepEqual(
        states.map(({ generation, entries }) => [generation, entries.at(-1)?.candidate]),
        [
          [51, null],
          [51, null],
        ],
      );
    });

    it('leaves a later split alone that does not name the candidate', async () => {
      await desk.climbTo(2);
      await world.router.apply(MODEL, foreign());
      assert.equal((await back(await desk.split(3, { candidate: null, exposure: 0 }))).gateways, 2);
      assert.ok((await world.router.observe(MODEL)).every(({ decisionId }) => decisionId === 'by-hand'));
    });

    it('goes on being tried where no repetition would mend it elsewhere: somebody may be exposed', async () => {
      const router: TrafficRouter = {
        ...world.router,
        apply: async () => {
          throw new HoldfastError('BUNDLE_NOT_LOADABLE', 'the stable bundle does not load');
        },
      };
      const rollout = createRolloutActivities({ ...world.ports, trafficRouter: router });
      const order = await way();
      // No error of ours: those of kind terminal are not retried.
      await assert.rejects(
        world.run(() => rollout.returnToStable(order)),
        (error) => !(error instanceof HoldfastError) && /the stable bundle does not load/.test(String(error)),
      );
    });
  });
});

describe('a rollout on record', function () {
  this.timeout(30_000);
  let world: SmallWorld;
  let desk: RolloutDesk;
  const candidate = () => world.records.transaction(MODEL, (tx) => tx.get('candidate', CANDIDATE));

  beforeEach(async () => {
    world = await smallWorld({ declare: shortLadder, routedGateways: 2 });
    desk = await rolloutDesk(world);
  });
  afterEach(() => world.close());

  describe('begins', () => {
    it('against what the gateways really serve, whatever the records say', async () => {
      await world.records.transaction(MODEL, (tx) =>
        tx.put('stable', '000009', { bundle: CONSTANT, idea: 'wrong', since: boundary(1), rolloutId: null }),
      );
      const { stable, generationBase, salt } = await desk.begin();
      assert.deepEqual([stable, generationBase, salt], [STATIC, 3, ROLLOUT.rolloutId]);
    });

    it('only when all gateways agree', async () => {
      const router: TrafficRouter = {
        ...world.router,
        observe: async (model) => {
          const [first, second] = await world.router.observe(model);
          return [first!, { ...second!, entries: [{ ...second!.entries[0]!, stable: CONSTANT }] }];
        },
      };
      const rollout = createRolloutActivities({ ...world.ports, trafficRouter: router });
      await assert.rejects(
        world.run(() => rollout.beginRollout(ROLLOUT)),
        new RegExp(`the gateways do not agree on one stable bundle: ${STATIC}, ${CONSTANT}; look again when they do`),
      );
    });

    it('once: a policy and people that are declared anew do not change one in flight', async () => {
      const brief = await desk.begin();
      await world.records.transaction(MODEL, async (tx) => {
        const model = (await tx.get('model', 'declaration'))!;
        const { rollout } = model.declaration;
        await tx.put('model', 'declaration', {
          ...model,
          declaration: { ...model.declaration, people: {}, rollout: { ...rollout, steps: rollout.steps.slice(0, 3) } },
        });
      });
      assert.deepEqual(await desk.begin(), brief);
    });
  });

  it('keeps every change of exposure once, with the decision it rests on', async () => {
    for (const step of [1, 2]) {
      await desk.climbTo(step, { effectiveCohort: 2 * step });
      await desk.climbTo(step, { effectiveCohort: 2 * step });
    }
    assert.deepEqual(
      (await candidate())?.exposureHistory.map(({ mode, exposure, eventTime, decisionId }) => [
        mode,
        exposure,
        eventTime,
        decisionId,
      ]),
      [
        ['shadow', 0, boundary(2), 'decision-1'],
        ['canary', 0.1, boundary(4), 'decision-2'],
      ],
    );
    const schedule = await world.records.transaction(MODEL, (tx) => tx.get('schedule', ROLLOUT.rolloutId));
    assert.deepEqual(
      schedule?.entries.map(({ cohort, step }) => [cohort, step]),
      [
        [2, 1],
        [4, 2],
      ],
    );
  });

  it('shows what waits for people, until it is answered or a later word has come', async () => {
    const request = {
      step: 3,
      evidenceDigest: 'e'.repeat(64),
      since: boundary(5),
      sinceCohort: 5,
      roles: ['approver'],
      quorum: 1,
      approvals: [],
    };
    const { model, rolloutId, idea } = ROLLOUT;
    const announce = (turn: number, open: boolean): Promise<void> =>
      world.run(() =>
        desk.activities.announceRequest({
          model,
          rolloutId,
          candidate: CANDIDATE,
          idea,
          turn,
          request: open ? request : null,
        }),
      );
    const shown = () => world.records.transaction(MODEL, (tx) => tx.get('approvalRequest', rolloutId));
    await announce(4, true);
    assert.deepEqual([(await shown())?.evidenceDigest, (await shown())?.open], [request.evidenceDigest, true]);
    await announce(5, false);
    assert.equal(await shown(), null);
    await assert.rejects(announce(4, true), { type: 'TURN_PASSED' });
    assert.equal(await shown(), null);
  });

  describe('ends', () => {
    const finish = (over: Partial<Parameters<RolloutActivities['finishRollout']>[0]>) =>
      world.run(() =>
        desk.activities.finishRollout({
          ...ROLLOUT,
          outcome: 'rolled_back',
          step: 'canary',
          stepIndex: 2,
          reason: 'harm',
          by: null,
          effectiveFrom: null,
          zeroAfterMs: null,
          ...over,
        }),
      );
    const told = () => world.records.transaction(MODEL, (tx) => tx.handoffs(promotionId(MODEL)));
    const stables = () =>
      world.records.transaction(MODEL, async (tx) => (await tx.list('stable')).map(({ body }) => body));

    it('with its outcome, its fall, and a word to promotion, however often that is recorded', async () => {
      await desk.climbTo(1);
      await desk.climbTo(2);
      await world.arrive(START + DAY_MS, []);
      const first = await finish({ zeroAfterMs: 84 });
      assert.deepEqual(await finish({ outcome: 'withdrawn', reason: 'a second time' }), first);
      const { outcome, reason, step, exposureHistory, decidedAt, zeroAfterMs } = (await candidate())!;
      assert.deepEqual(
        [outcome, reason, step, decidedAt, zeroAfterMs],
        ['rolled_back', 'harm', 'canary', isoInstant(START + DAY_MS), 84],
      );
      assert.deepEqual(
        exposureHistory.map(({ mode, exposure }) => [mode, exposure]),
        [
          ['shadow', 0],
          ['canary', 0.1],
          ['back', 0],
        ],
      );
      assert.deepEqual(
        (await told()).map(({ id, kind }) => [id, kind]),
        [[first.handoffId, 'rolloutFinished']],
      );
      assert.equal((await stables()).length, 2);
    });

    it('with a new stable where it was promoted, once', async () => {
      await desk.climbTo(1);
      const promoted = { outcome: 'promoted', effectiveFrom: boundary(9) } as const;
      await finish(promoted);
      await finish(promoted);
      const known = await stables();
      assert.deepEqual(known.slice(2), [
        { bundle: CANDIDATE, idea: 'fresh', since: boundary(9), rolloutId: ROLLOUT.rolloutId },
      ]);
      assert.equal((await candidate())?.exposureHistory.at(-1)?.mode, 'shadow');
    });

    it('and then nothing that still waits can look or announce any more', async () => {
      await finish({});
      await assert.rejects(desk.look(0, { turn: 1_000 }), { type: 'TURN_PASSED' });
      const unsettled = await world.records.transaction(MODEL, (tx) => tx.unsettled(START + DAY_MS));
      assert.ok(!unsettled.includes(ROLLOUT.rolloutId));
    });
  });
});
