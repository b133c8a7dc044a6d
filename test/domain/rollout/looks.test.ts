import assert from 'node:assert/strict';
import { planGateRun } from '../../../src/domain/rollout/gate-runs.ts';
import type { GateRunPlan, LadderPolicy, MetricPolicy } from '../../../src/domain/rollout/gate-runs.ts';
import { judgeAgain, stepServedAt, takeLook } from '../../../src/domain/rollout/looks.ts';
import type { LookBasis, PastLook, StreamCounts } from '../../../src/domain/rollout/looks.ts';
import { STATISTICAL_PRESETS } from '../../../src/domain/rollout/presets.ts';
import { awaitedEvidence, beginGate } from '../../../src/domain/statistics/index.ts';
import type { CountTuple, GateState, LookRecord } from '../../../src/domain/statistics/index.ts';

const HOUR_MS = 3_600_000;
const CALM: CountTuple = [100, 2000, 5000, 100_000];
/** One and a half times the events of the stable: within twice, and far above 1.2 times. */
const WORSE: CountTuple = [145, 2000, 5000, 100_000];

const refunds = (changed: Partial<MetricPolicy> = {}): MetricPolicy =>
  ({
    name: 'refunds',
    shape: 'count',
    observable: ['canary'],
    role: 'required',
    lag: 'PT0S',
    harmRatio: 2,
    safeRatio: 3,
    ...changed,
  }) as MetricPolicy;

function planOf(metrics: readonly MetricPolicy[], exposures: readonly number[] = [0.05, 0.25]): GateRunPlan {
  const step = { minSpan: 'PT2H', minUnits: 8000, deadline: 'P9D', gates: metrics.map(({ name }) => name) };
  const policy: LadderPolicy = {
    marginPerThousand: 4,
    harmBudgetPerThousand: 5,
    errorRatio: 2,
    slices: [],
    metrics,
    steps: [
      { mode: 'offline' },
      ...exposures.map((exposure) => ({ mode: 'canary' as const, exposure, ...step })),
      { mode: 'full', watch: 'PT0S', holdback: 0 },
    ],
  };
  return planGateRun(
    { policy, preset: STATISTICAL_PRESETS.standard, claim: 'not-worse', cohortMs: HOUR_MS, labelLag: 0 },
    'canary',
  );
}

const basisOf = (cohort: number, changed: Partial<LookBasis> = {}): LookBasis => ({
  runStart: 11,
  cohort,
  step: 0,
  exposureBp: 500,
  status: 'ok',
  assigned: { control: 95_000, candidate: 5000 },
  batches: [],
  mayAdvance: true,
  extraCohorts: 0,
  assignmentFaults: [],
  ...changed,
});
const counts = (stream: string, cohort: number, window: CountTuple): StreamCounts => ({
  stream,
  cohort,
  histogram: null,
  window,
});
const rest = (cohort: number): StreamCounts[] => [
  counts('errors', cohort, [0, 0, 5000, 100_000]),
  { stream: 'loss', cohort, histogram: [], window: null },
];
/** Looks as one policy took them: each with the refunds of its own cohort, or of those given. */
const looksBy = (
  plan: GateRunPlan,
  evidence: ReadonlyArray<readonly StreamCounts[]>,
  changed: Partial<LookBasis> = {},
): PastLook[] =>
  evidence.map((given, index) => ({
    basis: basisOf(11 + index, changed),
    evidence: [...rest(11 + index), ...given],
    streams: plan.policy.streams.map(({ id }) => id),
  }));
const next = (
  plan: GateRunPlan,
  state: GateState,
  cohort: number,
  evidence: readonly StreamCounts[],
): { state: GateState; record: LookRecord } =>
  takeLook(plan, state, { basis: basisOf(cohort), evidence: [...rest(cohort), ...evidence] });

describe('a gate that is judged again by another policy', () => {
  const calm = [[counts('refunds', 11, CALM)], [counts('refunds', 12, CALM)]];

  it('stands where the same policy had left it, whatever was decided on the way', () => {
    const plan = planOf([refunds()], [0.05]);
    let state = beginGate(plan.policy);
    const looks = looksBy(plan, calm, { mayAdvance: false });
    for (const look of looks) ({ state } = takeLook(plan, state, look));
    assert.deepEqual(judgeAgain(plan, 0, looks), state);
  });

  it('advances on nothing by itself, and with its next look on all that was recorded', () => {
    const plan = planOf([refunds()]);
    const again = judgeAgain(plan, 0, looksBy(plan, calm));
    assert.deepEqual([again.step, again.terminal], [0, null]);
    const { record } = next(plan, again, 13, [counts('refunds', 13, CALM)]);
    assert.equal(record.decision, 'advance');
  });

  it('finds harm in old evidence by a stricter ratio, and rolls back with its next look', () => {
    const lax = planOf([refunds()]);
    const strict = planOf([refunds({ harmRatio: 1.05 })]);
    const worse = [11, 12, 13].map((cohort) => [counts('refunds', cohort, WORSE)]);
    const looks = looksBy(lax, worse, { mayAdvance: false });
    assert.notEqual(next(lax, judgeAgain(lax, 0, looks), 14, []).record.decision, 'rollback');
    const again = judgeAgain(strict, 0, looks);
    assert.equal(again.terminal, null);
    const { record } = next(strict, again, 14, [counts('refunds', 14, CALM)]);
    assert.deepEqual([record.decision, record.reasons], ['rollback', ['refunds']]);
  });

  it('awaits nothing of a stream in cohorts whose policy did not know it', () => {
    const before = planOf([]);
    const after = planOf([refunds()]);
    const again = judgeAgain(after, 0, looksBy(before, [[], []]));
    assert.deepEqual(awaitedEvidence(again), []);
    assert.equal(next(after, again, 13, [counts('refunds', 13, CALM)]).record.decision, 'continue');
  });

  it('awaits still what the policy before knew and nobody has told yet', () => {
    const plan = planOf([refunds()]);
    const again = judgeAgain(plan, 0, looksBy(plan, [[], []]));
    assert.deepEqual(awaitedEvidence(again), [
      { cohort: 1, streams: ['refunds'] },
      { cohort: 2, streams: ['refunds'] },
    ]);
    const { record } = next(plan, again, 13, [counts('refunds', 13, CALM)]);
    assert.deepEqual([record.decision, record.reasons], ['hold', ['data-pending', 'refunds']]);
  });

  it('awaits a stream that came with the policy between from there on, not from the beginning', () => {
    const first = planOf([]);
    const second = planOf([refunds()]);
    const looks = [...looksBy(first, [[]]), ...looksBy(second, [[], []]).slice(1)];
    assert.deepEqual(awaitedEvidence(judgeAgain(second, 0, looks)), [{ cohort: 2, streams: ['refunds'] }]);
  });

  it('leaves out a stream that the policy no longer knows', () => {
    const plan = planOf([]);
    const again = judgeAgain(plan, 0, looksBy(planOf([refunds()]), calm));
    assert.deepEqual(Object.keys(again.state).sort(), ['errors', 'loss']);
  });

  it('counts units for the step of the exposure they were served at, wherever it stands in the ladder', () => {
    const unitsInStep = (plan: GateRunPlan, step: number): number | undefined =>
      judgeAgain(plan, step, looksBy(planOf([refunds()]), calm)).progress.streams['refunds']?.inStep[0];
    assert.equal(unitsInStep(planOf([refunds()], [0.01, 0.05, 0.25]), 1), 10_000);
    assert.equal(unitsInStep(planOf([refunds()], [0.01, 0.04]), 1), 10_000);
    assert.equal(unitsInStep(planOf([refunds()], [0.25]), 0), 0);
  });
});

describe('the step that units were served at', () => {
  const plan = planOf([refunds()]);
  for (const [title, exposureBp, step] of [
    ['is none below the first exposure: one beyond the last', 499, 2],
    ['is the first at its exposure', 500, 0],
    ['is the first up to the second', 2499, 0],
    ['is the second at its exposure', 2500, 1],
  ] as const)
    it(title, () => assert.equal(stepServedAt(plan, exposureBp), step));
});
