import assert from 'node:assert/strict';
import { policyOnRecord } from '../../src/activities/policy-records.ts';
import type { RecordStore } from '../../src/adapters/record-store/port.ts';
import { HoldfastError } from '../../src/contracts/errors.ts';
import { gateRunPlan } from '../../src/domain/rollout/recorded-policy.ts';
import { takeLook } from '../../src/domain/rollout/looks.ts';
import { beginGate } from '../../src/domain/statistics/index.ts';
import type { Judgement } from '../../src/domain/rollout/states.ts';
import { HOUR_MS, isoInstant } from '../../src/domain/time.ts';
import { LABEL_LAG, ROLLOUT, rolloutDesk, shortLadder } from './rollout-desk.ts';
import type { PairedCohort, RolloutDesk } from './rollout-desk.ts';
import { COHORT_MS, MODEL, smallWorld, START } from './small-world.ts';
import type { SmallWorld } from './small-world.ts';

const SHADOW = { generation: 4 };

describe('a look of the gate', function () {
  this.timeout(30_000);
  let world: SmallWorld;
  let desk: RolloutDesk;
  /** Serves shadow cohorts one after the other, with a look after each, until the run ends. */
  const looks = async (from: number, to: number, known: Partial<PairedCohort> = {}): Promise<Judgement[]> => {
    const taken: Judgement[] = [];
    for (let cohort = from; cohort <= to; cohort += 1) {
      await desk.serve(cohort, { ...SHADOW, ...known });
      taken.push(await desk.look(cohort - 1));
      if (['advance', 'rollback'].includes(taken.at(-1)!.verdict)) break;
    }
    return taken;
  };
  const last = async (...range: Parameters<typeof looks>): Promise<Judgement> => (await looks(...range)).at(-1)!;

  beforeEach(async () => {
    world = await smallWorld({ declare: shortLadder });
    desk = await rolloutDesk(world);
    await desk.climbTo(1);
  });
  afterEach(() => world.close());

  describe('records', () => {
    it('the errors of its cohort at once, and the loss of a cohort when its labels have matured', async () => {
      await looks(1, LABEL_LAG);
      assert.deepEqual(
        (await desk.evidence('errors')).map(({ cohort }) => cohort),
        [1, 2, 3, 4],
      );
      assert.deepEqual(await desk.evidence('loss'), []);
      await looks(LABEL_LAG + 1, LABEL_LAG + 1);
      const [loss, ...none] = await desk.evidence('loss');
      assert.deepEqual(none, []);
      // 8 of 40 labels are 1: 0.8² − 0.5² = 0.39; the others 0.2² − 0.5² = −0.21.
      assert.deepEqual(loss, {
        batchId: `${ROLLOUT.rolloutId}/shadow/loss/1`,
        cohort: 1,
        stream: 'loss',
        histogram: [
          [-21, 100, 32],
          [39, 100, 8],
        ],
        window: null,
        units: 40,
      });
    });

    it('its failures to score by arm', async () => {
      await looks(1, 1, { candidateError: 'input amount is missing', positive: null });
      const [errors] = await desk.evidence('errors');
      // Failures and requests of the candidate, each beside those of both arms.
      assert.deepEqual(errors?.window, [40, 40, 40, 80]);
    });

    it('one decision each, chained, complete enough to be judged again from the record alone (P5)', async () => {
      const taken = await looks(1, 12);
      assert.equal(taken.at(-1)?.verdict, 'advance');
      await world.records.transaction(MODEL, async (tx) => {
        const chain = await tx.chain('decision', ROLLOUT.rolloutId);
        assert.deepEqual(
          chain.map(({ key }) => key),
          taken.map(({ decisionId }) => decisionId),
        );
        const [first] = chain;
        const policy = await policyOnRecord(tx, first!.body.policyDigest);
        const plan = gateRunPlan(policy, 'shadow');
        let state = beginGate(plan.policy);
        let previousDigest = '0'.repeat(64);
        for (const entry of chain) {
          assert.equal(entry.previousDigest, previousDigest);
          previousDigest = entry.digest;
          const { basis, look, verdict } = entry.body;
          const evidence = (await tx.list('evidence')).map(({ body }) => body);
          const counted = evidence.filter(({ batchId }) => basis!.batches.includes(batchId));
          const again = takeLook(plan, state, { basis: basis!, evidence: counted });
          ({ state } = again);
          assert.deepEqual(again.record, look);
          assert.equal(again.record.decision, verdict);
        }
      });
    });
  });

  describe('of one cohort is taken once', () => {
    const asked = (): Promise<Judgement> => desk.look(0);
    const decided = async (): Promise<number> => (await desk.decisions()).length;

    it('however often it is asked for, also when more labels have come since', async () => {
      const [first] = await looks(1, 1);
      await world.arrive(START + 20 * COHORT_MS, []);
      assert.deepEqual(await asked(), first);
      assert.equal(await decided(), 1);
    });

    it('when the attempt dies between measuring and recording', async () => {
      await desk.serve(1, SHADOW);
      let dies = true;
      const requestLog = {
        ...world.requestLog,
        readUnits: async (span: Parameters<typeof world.requestLog.readUnits>[0]) => {
          const units = await world.requestLog.readUnits(span);
          if (dies) throw new Error('the worker was killed');
          return units;
        },
      };
      desk = await rolloutDesk(world, { ...world.ports, requestLog });
      await assert.rejects(asked, /killed/);
      assert.equal(await decided(), 0);
      dies = false;
      assert.equal((await asked()).cohort, 1);
      assert.equal(await decided(), 1);
    });

    it('when it was recorded and its answer was lost', async () => {
      await desk.serve(1, SHADOW);
      let lost = 0;
      const records = Object.create(world.records) as RecordStore;
      records.waitForChange = (model, timeoutMs) => world.records.waitForChange(model, timeoutMs);
      records.transaction = async (model, work) => {
        const before = await decided();
        const answer = await world.records.transaction(model, work);
        if ((await decided()) === before) return answer;
        lost += 1;
        throw new HoldfastError('RECORD_STORE_UNAVAILABLE', 'the connection broke after the commit');
      };
      desk = await rolloutDesk(world, { ...world.ports, records });
      await assert.rejects(asked, /after the commit/);
      assert.equal((await asked()).cohort, 1);
      assert.deepEqual([lost, await decided()], [1, 1]);
    });

    it('when two attempts measure at the same time and see different labels', async () => {
      await looks(1, LABEL_LAG);
      await desk.serve(LABEL_LAG + 1, SHADOW);
      let measured = (): void => undefined;
      const hasMeasured = new Promise<void>((resolve) => (measured = resolve));
      let goOn = (): void => undefined;
      const mayGoOn = new Promise<void>((resolve) => (goOn = resolve));
      const requestLog = {
        ...world.requestLog,
        readUnits: async (span: Parameters<typeof world.requestLog.readUnits>[0]) => {
          const units = await world.requestLog.readUnits(span);
          measured();
          await mayGoOn;
          return units;
        },
      };
      const slow = await rolloutDesk(world, { ...world.ports, requestLog });
      const first = slow.look(LABEL_LAG, { mayAdvance: false });
      await hasMeasured;
      // By now a second cohort has matured, and advancing has been allowed.
      await world.arrive(START + (LABEL_LAG + 2) * COHORT_MS, []);
      const second = await desk.look(LABEL_LAG);
      goOn();
      assert.deepEqual(await first, second);
      assert.equal(await decided(), LABEL_LAG + 1);
    });
  });

  describe('waits', () => {
    it('for the end of its cohort, and lets event time go on meanwhile', async () => {
      await world.arrive(START + COHORT_MS - 1, []);
      const input = await desk.lookInput(0);
      const waiting = (): Promise<unknown> => desk.activities.judgeNext(input);
      assert.equal(await world.finds(ROLLOUT.rolloutId, waiting), 'nothing');
      await world.arrive(START + COHORT_MS, []);
      assert.equal((await desk.look(0)).cohort, 1);
    });

    it('with whom to tell, as the model’s file has it when the look is answered', async () => {
      await desk.serve(1, SHADOW);
      const answer = async (): Promise<unknown> => {
        const found = await desk.activities.judgeNext(await desk.lookInput(0));
        return found.kind === 'judged' && found.notifications;
      };
      assert.equal(await world.run(answer), null);
      await world.records.transaction(ROLLOUT.model, async (tx) => {
        const record = await tx.get('model', 'declaration');
        assert.ok(record !== null);
        const channel = { kind: 'slack', id: 'team', urlFrom: 'HOLDFAST_SECRET_SLACK', onlyUnanswered: false } as const;
        const notifications = { channels: [channel], escalateAfter: 'PT4H' };
        await tx.put('model', 'declaration', { ...record, declaration: { ...record.declaration, notifications } });
      });
      assert.deepEqual(await world.run(answer), { escalateAfterMs: 4 * 3_600_000 });
    });

    it('no longer once a later message has begun a look of its own', async () => {
      const earlier = await desk.lookInput(0, { turn: 4 });
      const ended = assert.rejects(
        world.run(() => desk.activities.judgeNext(earlier)),
        { type: 'TURN_PASSED', nonRetryable: true },
      );
      const later = await desk.lookInput(0, { turn: 5 });
      assert.equal(await world.finds(ROLLOUT.rolloutId, () => desk.activities.judgeNext(later)), 'nothing');
      await ended;
      await desk.serve(1, SHADOW);
      await assert.rejects(desk.look(0, { turn: 4 }), { type: 'TURN_PASSED' });
      assert.equal((await desk.look(0, { turn: 5 })).cohort, 1);
    });
  });

  describe('says', () => {
    it('advance once the difference is certified over the declared span and units, not before', async () => {
      const judgements = await looks(1, 12);
      const advance = judgements.at(-1)!;
      assert.equal(advance.verdict, 'advance');
      assert.ok(advance.cohort >= LABEL_LAG + 2, `advanced after cohort ${advance.cohort}`);
      assert.ok(judgements.slice(0, -1).every(({ verdict }) => verdict === 'continue'));
      // A rise that is decided after a cohort takes effect one whole cohort later.
      assert.equal(advance.effectiveCohort, advance.cohort + 2);
    });

    it('that only the approval is missing where advancing is not allowed yet', async () => {
      for (let cohort = 1; cohort <= 12; cohort += 1) await desk.serve(cohort, SHADOW);
      let judged = await desk.look(0, { mayAdvance: false });
      for (let cohort = 2; cohort <= 12 && !judged.onlyApprovalMissing; cohort += 1)
        judged = await desk.look(cohort - 1, { mayAdvance: false });
      assert.deepEqual([judged.verdict, judged.reasons], ['continue', ['approval']]);
    });

    it('rollback for harm in shadow once the span has passed', async () => {
      const judgements = await looks(1, 12, { stable: 0.2, candidate: 0.9 });
      const { verdict, reasons } = judgements.at(-1)!;
      assert.deepEqual([verdict, reasons], ['rollback', ['loss']]);
      assert.ok(judgements.length >= LABEL_LAG + 2);
    });

    it('hold, by name, where labels are overdue, and goes on counting errors (P2)', async () => {
      const judgements = await looks(1, LABEL_LAG + 3, { positive: null });
      assert.ok(judgements.slice(0, LABEL_LAG).every(({ verdict }) => verdict === 'continue'));
      const overdue = judgements.at(-1)!;
      assert.deepEqual([overdue.verdict, overdue.reasons], ['hold', ['data-pending', 'loss']]);
      assert.deepEqual(await desk.evidence('loss'), []);
      assert.equal((await desk.evidence('errors')).length, LABEL_LAG + 3);
    });

    it('rollback for a candidate that crashes although no label ever comes', async () => {
      const judged = await last(1, 4, { positive: null, candidateError: 'crashed' });
      assert.deepEqual([judged.verdict, judged.reasons], ['rollback', ['errors']]);
    });

    it('hold for a cohort in which something else answered for a healthy stable, and never counts its losses', async () => {
      await looks(1, 1);
      const voided = await last(2, 2, { overridden: true, stable: 0.2, candidate: 0.9 });
      assert.deepEqual([voided.verdict, voided.reasons], ['hold', ['cohort-void']]);
      const after = await looks(3, 12);
      assert.ok(after.slice(0, -1).every(({ verdict }) => verdict === 'continue'));
      assert.equal(after.at(-1)?.verdict, 'advance');
    });

    it('hold while units were assigned by a split that is not the rollout’s', async () => {
      const foreign = await last(1, 1, { generation: 99, candidates: 20 });
      assert.equal(foreign.verdict, 'hold');
      assert.deepEqual(foreign.assignmentFaults, ['foreign-split']);
    });
  });

  describe('of labels that were not there in time', () => {
    it('takes what has come since, where the feed was broken when they should have matured', async () => {
      await looks(1, LABEL_LAG + 1, { labelDelayMs: 30 * HOUR_MS });
      assert.deepEqual(await desk.evidence('loss'), []);
      const units = 40;
      // All labels of the first two cohorts have come, days late.
      await world.arrive(START + 40 * COHORT_MS, []);
      await desk.look(LABEL_LAG + 1);
      const late = await desk.evidence('loss');
      assert.deepEqual(late.map(({ cohort, units: entered }) => [cohort, entered]).slice(0, 2), [
        [1, units],
        [2, units],
      ]);
    });
  });

  it('under exposure judges its own run, from the first cohort of it', async () => {
    const { effectiveCohort } = await desk.climbTo(2, { effectiveCohort: 3 });
    assert.equal(effectiveCohort, 3);
    for (let cohort = 1; cohort <= 3; cohort += 1)
      await desk.serve(cohort, { generation: cohort < 3 ? 4 : 5, candidates: cohort < 3 ? 0 : 4 });
    const judged = await desk.look(2, { run: 'canary', step: 2 });
    assert.deepEqual([judged.run, judged.cohort, judged.eventTime], ['canary', 3, isoInstant(START + 3 * COHORT_MS)]);
    assert.deepEqual((await desk.decisions()).at(-1)?.basis?.assigned, { control: 36, candidate: 4 });
  });
});
