import assert from 'node:assert/strict';
import { analyzeCohorts, awaitedEvidence, beginGate, lookAt } from '../../../src/domain/statistics/index.ts';
import type {
  Cohort,
  Completion,
  DiffHistogram,
  GatePolicy,
  GateState,
  LookRecord,
} from '../../../src/domain/statistics/index.ts';

const WORKED: GatePolicy = {
  alpha: 0.05,
  beta: 0.05,
  alphaHold: 0.2,
  alphaSrm: 0.001,
  srmConcentration: 1000,
  maxMatch: 20,
  restartEvery: 24,
  steps: [
    { exposureBp: 500, minUnits: 100, minCohorts: 4, maxCohorts: 50 },
    { exposureBp: 5000, minUnits: 100, minCohorts: 4, maxCohorts: 50 },
  ],
  streams: [
    { id: 'loss', kind: 'difference', weight: 0.8, harmMargin: 0, safeMargin: 0.02, lag: 2, requiredForAdvance: true },
    { id: 'errors', kind: 'count', weight: 0.2, harmRatio: 1, safeRatio: null, requiresExposureIntegrity: false },
  ],
};
const EVEN: DiffHistogram = [
  [-1, 1, 2],
  [0, 1, 46],
  [1, 1, 2],
];

function cohortOf(cohort: number, errors: number, rest: Partial<Cohort> = {}): Cohort {
  return {
    cohort,
    step: 0,
    exposureBp: 500,
    status: 'ok',
    assigned: { control: 950, candidate: 50 },
    pending: ['loss'],
    counts: { errors: [errors, errors + 19, 50, 1000] },
    ...rest,
  };
}

/** Looks one cohort at a time, the state passing through JSON in between, as it does in a record. */
function lookThrough(
  policy: GatePolicy,
  cohorts: readonly Cohort[],
  completionsAt: ReadonlyMap<number, Completion[]> = new Map(),
) {
  let state: GateState = beginGate(policy);
  const records: LookRecord[] = [];
  for (const cohort of cohorts) {
    const look = lookAt(policy, JSON.parse(JSON.stringify(state)) as GateState, cohort, {
      completions: completionsAt.get(cohort.cohort) ?? [],
    });
    state = look.state;
    records.push(look.record);
  }
  return { state, records };
}

describe('streams of different speed (9.6)', () => {
  const cohorts = [1, 2, 3, 4, 5, 6, 7, 8].map((cohort) => cohortOf(cohort, cohort === 8 ? 40 : 1));
  /** The label feed delivers two cohorts late and dies after cohort 4. */
  const labels = new Map([3, 4, 5, 6].map((look) => [look, [{ cohort: look - 2, differences: { loss: EVEN } }]]));

  it('judges each stream on its own prefix, holds for dead labels and still rolls a crashing candidate back', () => {
    const { records, state } = lookThrough(WORKED, cohorts, labels);
    assert.deepEqual(
      records.map(({ decision, reasons, prefixes }) => [decision, reasons, prefixes?.['loss']]),
      [
        ['continue', ['evidence'], 0],
        ['continue', ['evidence'], 0],
        ['continue', ['evidence'], 1],
        ['continue', ['evidence'], 2],
        ['continue', ['evidence'], 3],
        ['continue', ['evidence'], 4],
        ['hold', ['data-pending', 'loss'], 4],
        ['rollback', ['errors'], 4],
      ],
    );
    assert.equal(state.terminal, 'rolled-back');
    assert.deepEqual(
      awaitedEvidence(state).map(({ cohort }) => cohort),
      [5, 6, 7, 8],
    );
  });

  it('gives the same looks from the set of cohorts as from the looks taken one by one', () => {
    const complete = cohorts.map((cohort) =>
      cohort.cohort <= 4 ? { ...cohort, pending: [], differences: { loss: EVEN } } : cohort,
    );
    const { decisions, final } = analyzeCohorts(WORKED, complete);
    const { records, state } = lookThrough(WORKED, cohorts, labels);
    assert.deepEqual(decisions, records);
    const { progress: _, ...stateFinal } = state;
    assert.deepEqual(final, stateFinal);
  });

  it('takes the completion of a pending entry, twice or out of order, and refuses a different one', () => {
    const late = { ...cohorts[0]!, pending: [], differences: { loss: EVEN } };
    const both = analyzeCohorts(WORKED, [late, cohorts[1]!, cohorts[0]!, late]);
    assert.equal(both.final.watermark, 2);
    assert.throws(() => analyzeCohorts(WORKED, [late, { ...late, differences: { loss: [[0, 1, 9]] } }]), {
      code: 'conflicting-cohort',
    });
  });
});

describe('approval (row 7)', () => {
  const certified: Cohort = cohortOf(1, 0, {
    pending: [],
    counts: {},
    differences: {
      loss: [
        [-1, 1, 20],
        [0, 1, 3960],
        [1, 1, 20],
      ],
    },
  });
  const policy: GatePolicy = {
    ...WORKED,
    steps: [{ exposureBp: 500, minUnits: 1, minCohorts: 1, maxCohorts: 1 }],
    streams: [{ id: 'loss', kind: 'difference', weight: 1, harmMargin: 0, safeMargin: 0.02, requiredForAdvance: true }],
  };

  it('continues for want of approval while everything else of row 7 is met', () => {
    const { record, state } = lookAt(policy, beginGate(policy), certified, { mayAdvance: false });
    assert.deepEqual([record.decision, record.reasons, state.step], ['continue', ['approval'], 0]);
  });

  it('advances, and promotes after the last step, when the people asked are agreed', () => {
    const { record, state } = lookAt(policy, beginGate(policy), certified);
    assert.deepEqual([record.decision, state.step, state.terminal], ['advance', 1, 'promoted']);
  });
});

describe('shadow (9.7)', () => {
  const policy: GatePolicy = {
    ...WORKED,
    steps: [{ exposureBp: 0, minUnits: 1, minCohorts: 1, maxCohorts: 50, minSpan: 3 }],
    streams: [{ id: 'loss', kind: 'difference', weight: 1, harmMargin: 0, safeMargin: 0.02, requiredForAdvance: true }],
  };
  const day = (cohort: number, worse: number, better: number): Cohort =>
    cohortOf(cohort, 0, {
      exposureBp: 0,
      assigned: { control: 1000, candidate: 0 },
      pending: [],
      counts: {},
      differences: {
        loss: [
          [-1, 1, better],
          [0, 1, 900],
          [1, 1, worse],
        ],
      },
    });

  it('lets a bad day pass that the span outweighs, by the running average', () => {
    const { decisions } = analyzeCohorts(policy, [day(1, 60, 10), day(2, 10, 60), day(3, 10, 60)]);
    assert.deepEqual(
      decisions.map(({ decision }) => decision),
      ['continue', 'continue', 'advance'],
    );
    assert.ok(decisions[0]!.streams!['loss']!.lnHarm > Math.log(20));
  });

  it('rolls back at the end of the span when the average itself is worse', () => {
    const { decisions } = analyzeCohorts(policy, [day(1, 60, 10), day(2, 60, 10), day(3, 60, 10)]);
    assert.deepEqual(
      decisions.map(({ decision }) => decision),
      ['continue', 'continue', 'rollback'],
    );
  });
});
