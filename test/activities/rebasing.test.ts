import assert from 'node:assert/strict';
import { look } from '../../src/activities/judging.ts';
import type { LookInput } from '../../src/activities/judging.ts';
import { recordPolicy } from '../../src/activities/policy-records.ts';
import { rebasePolicy } from '../../src/activities/rebasing.ts';
import { createInMemoryMetricSource } from '../../src/adapters/metric-source/in-memory.ts';
import { createEvidenceIntake } from '../../src/adapters/record-store/evidence-intake.ts';
import { createInMemoryRecordStore } from '../../src/adapters/record-store/in-memory.ts';
import type { RecordStore } from '../../src/adapters/record-store/port.ts';
import { createInMemoryRequestLog } from '../../src/adapters/request-log/in-memory.ts';
import type { ModelDeclaration } from '../../src/contracts/model.ts';
import { policyOf } from '../../src/contracts/policy-record.ts';
import type { MetricPolicy } from '../../src/contracts/rollout-policy.ts';
import type { RebaseAnswer } from '../../src/contracts/workflows.ts';
import type { GivenApproval, Judgement } from '../../src/domain/rollout/states.ts';
import { isoInstant, epochMs, HOUR_MS } from '../../src/domain/time.ts';
import { ALIKE, pushedModel } from '../pushed-model.ts';
import { CANDIDATE, MODEL, putRollout, REFUNDS, ROLLOUT } from '../rollout-on-record.ts';

/** One and a half times the events of the stable. */
const WORSE = { candidateEvents: 145, events: 2000, candidateExposures: 5000, exposures: 100_000 };
const STEP = 1;

type Canary = Extract<ModelDeclaration['rollout']['steps'][number], { mode: 'canary' }>;

/** The ladder of a service that is judged by refunds, with a canary or a metric that is another. */
function modelWith(canary: Partial<Canary> = {}, refunds: Partial<MetricPolicy> = {}): ModelDeclaration {
  const declaration = pushedModel(MODEL);
  const { steps } = declaration.rollout;
  return {
    ...declaration,
    rollout: {
      ...declaration.rollout,
      metrics: [{ ...REFUNDS, ...refunds } as MetricPolicy],
      steps: steps.map((step, index) =>
        index === STEP && step.mode === 'canary' ? { ...step, minSpan: 'P2D', ...canary } : step,
      ),
    },
  };
}

describe('a rollout that is put under another policy', () => {
  let records: RecordStore;
  let policy: string;
  beforeEach(async () => {
    records = createInMemoryRecordStore();
    policy = await putRollout(records, { declaration: modelWith(), step: STEP, watermark: '2001-01-05' });
  });
  const recordedAs = (declaration: ModelDeclaration): Promise<string> =>
    records.transaction(MODEL, (tx) => recordPolicy(tx, policyOf(declaration, 'not-worse')));
  const rebase = (policyDigest: string, from = policy, step = STEP): Promise<RebaseAnswer> =>
    records.transaction(MODEL, (tx) =>
      rebasePolicy(tx, {
        model: MODEL,
        rolloutId: ROLLOUT,
        policyDigest,
        from,
        step,
        exposure: 0.05,
        by: 'ana',
        reason: 'a ratio was too lax',
      }),
    );
  const push = async (cohort: number, counts: object): Promise<void> => {
    const cohortStart = isoInstant(epochMs('2001-01-03') + (cohort - 1) * 3 * HOUR_MS);
    const batch = { batchId: `refunds-${cohort}`, metric: 'refunds', cohortStart, counts };
    const taken = await createEvidenceIntake(records).take(MODEL, ROLLOUT, { batch, by: 'job', channel: 'cli' });
    assert.equal(taken.result, 'recorded', taken.message);
  };
  const lookAt = (cohort: number, changed: Partial<LookInput> = {}): Promise<Judgement> =>
    look(
      { records, requestLog: createInMemoryRequestLog(), metricSource: createInMemoryMetricSource() },
      {
        model: MODEL,
        rolloutId: ROLLOUT,
        run: 'canary',
        afterCohort: cohort - 1,
        afterAgain: 0,
        cohort,
        again: 0,
        mayAdvance: true,
        policyDigest: policy,
        step: STEP,
        extraCohorts: 0,
        approvals: [],
        splitRefused: null,
        ...changed,
      },
    );

  it('goes on where it stood, on record with who, why, from which and to which', async () => {
    const other = await recordedAs(modelWith({ minUnits: 7 }));
    const answer = await rebase(other);
    assert.ok(answer.accepted);
    assert.deepEqual([answer.step, answer.steps[answer.step]?.exposure], [STEP, 0.05]);
    await records.transaction(MODEL, async (tx) => {
      const decision = (await tx.chain('decision', ROLLOUT)).at(-1)?.body;
      assert.deepEqual([decision?.run, decision?.policyDigest], ['operator', other]);
      assert.deepEqual(decision?.reasons, [`re-based from ${policy}`, 'a ratio was too lax']);
      assert.match(decision?.inWords ?? '', /^re-based by ana: a ratio was too lax; policy [0-9a-f]{8} gives way to/);
    });
  });

  it('is the same decision when its answer was lost and it is asked for again', async () => {
    const other = await recordedAs(modelWith({ minUnits: 7 }));
    assert.deepEqual(await rebase(other), await rebase(other));
    const chain = await records.transaction(MODEL, (tx) => tx.chain('decision', ROLLOUT));
    assert.equal(chain.length, 1);
  });

  it('stands on a smaller step where the other ladder has none of its exposure', async () => {
    const answer = await rebase(await recordedAs(modelWith({ exposure: 0.02 })));
    assert.ok(answer.accepted);
    assert.equal(answer.steps[answer.step]?.exposure, 0.02);
  });

  for (const [title, change, reason] of [
    [
      'whose ladder begins above',
      { rollout: modelWith({ exposure: 0.1 }).rollout },
      /no step of this kind at exposure 0\.05/,
    ],
    ['of other cohorts', { cohort: 'PT6H' }, /it has other cohorts: what was measured/],
    [
      'of a label that acting changes',
      { label: { ...modelWith().label, affectsLabel: true } },
      /it has another label or loss/,
    ],
  ] as const)
    it(`refuses a policy ${title}, and keeps its own`, async () => {
      const answer = await rebase(await recordedAs({ ...modelWith(), ...change }));
      assert.equal(answer.accepted, false);
      assert.match('reason' in answer ? answer.reason : '', reason);
      const inForce = await records.transaction(MODEL, (tx) => tx.get('memory', `${ROLLOUT}/policy`));
      assert.equal(inForce?.value, policy);
    });

  it('refuses a policy of another claim, and one that nobody recorded', async () => {
    const improve = await records.transaction(MODEL, (tx) => recordPolicy(tx, policyOf(modelWith(), 'improve')));
    for (const [digest, reason] of [
      [improve, /it judges a claim of "improve", and this candidate claims "not-worse"$/],
      ['a'.repeat(64), /^no policy a{64} is on record; record it first/],
    ] as const) {
      const answer = await rebase(digest);
      assert.match('reason' in answer ? answer.reason : '', reason);
    }
  });

  it('has its recorded evidence judged again: what a stricter policy calls harm rolls back at the next look', async () => {
    for (const cohort of [3, 4, 5]) {
      await push(cohort, WORSE);
      assert.equal((await lookAt(cohort)).verdict, 'continue');
    }
    const strict = await recordedAs(modelWith({}, { harmRatio: 1.05 }));
    assert.ok((await rebase(strict)).accepted);
    await push(6, ALIKE);
    const { verdict, reasons } = await lookAt(6, { policyDigest: strict });
    assert.deepEqual([verdict, reasons], ['rollback', ['refunds']]);
  });

  it('keeps the evidence that was recorded before for its floors', async () => {
    for (const cohort of [3, 4, 5]) {
      await push(cohort, ALIKE);
      assert.deepEqual((await lookAt(cohort)).reasons.slice(0, 1), [cohort === 3 ? 'evidence' : 'floors']);
    }
    const shorter = await recordedAs(modelWith({ minSpan: 'PT6H' }));
    assert.ok((await rebase(shorter)).accepted);
    await push(6, ALIKE);
    assert.equal((await lookAt(6, { policyDigest: shorter })).verdict, 'advance');
  });

  describe('with approvals that somebody must vouch for', () => {
    const GIVEN: GivenApproval = {
      by: 'ana',
      role: 'approver',
      step: STEP,
      candidate: CANDIDATE,
      evidenceDigest: 'e'.repeat(64),
      reason: 'seen enough',
      channel: 'http',
      commandId: 'approve-1',
      cohort: 4,
    };
    const approvals = { roles: ['approver'], quorum: 1, veto: [], authenticated: true };
    let vouching: string;
    beforeEach(async () => {
      vouching = await recordedAs(modelWith({ minSpan: 'PT3H', approvals }));
      for (const cohort of [3, 4]) {
        await push(cohort, ALIKE);
        await lookAt(cohort, { policyDigest: vouching });
      }
    });
    const log = (commandId: string, authenticatedAs?: string): Promise<unknown> =>
      records.transaction(MODEL, (tx) =>
        tx.insert('command', commandId, {
          commandId,
          command: 'approve',
          target: ROLLOUT,
          by: 'ana',
          channel: 'http',
          body: { ...GIVEN, commandId },
          result: 'attempted',
          ...(authenticatedAs === undefined ? {} : { authenticatedAs }),
        }),
      );
    const lookWith = (...given: GivenApproval[]): Promise<Judgement> =>
      lookAt(5, { policyDigest: vouching, approvals: given });

    it('advances on a yes whose giver the HTTP edge has authenticated', async () => {
      await log('approve-1', 'ana');
      assert.equal((await lookWith(GIVEN)).verdict, 'advance');
    });

    it('waits on a yes that is a claim, and says what is wanted', async () => {
      await log('approve-1');
      const { verdict, onlyApprovalMissing, unmet } = await lookWith(GIVEN);
      assert.deepEqual([verdict, onlyApprovalMissing], ['continue', true]);
      assert.match(unmet.at(-1) ?? '', /^1 more that the HTTP edge has authenticated: POST …\/approve/);
    });

    it('waits on a yes that no log knows, and on one that borrows the id of another', async () => {
      await log('approve-1', 'ana');
      const borrowed = { ...GIVEN, evidenceDigest: 'f'.repeat(64) };
      assert.equal((await lookWith({ ...GIVEN, commandId: 'approve-2' }, borrowed)).verdict, 'continue');
    });
  });
});
