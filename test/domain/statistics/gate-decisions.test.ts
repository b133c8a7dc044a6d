import assert from 'node:assert/strict';
import { analyzeCohorts, effectiveSafeMargin } from '../../../src/domain/statistics/index.ts';
import type {
  Cohort,
  DiffHistogram,
  GatePolicy,
  StepPolicy,
  StreamPolicy,
} from '../../../src/domain/statistics/index.ts';

const CERTIFIED: DiffHistogram = [
  [-1, 1, 20],
  [0, 1, 3960],
  [1, 1, 20],
];
const HARMFUL: DiffHistogram = [
  [-1, 1, 5],
  [0, 1, 500],
  [1, 1, 40],
];
const BETTER: DiffHistogram = [
  [-1, 1, 60],
  [0, 1, 500],
  [1, 1, 5],
];
const LITTLE: DiffHistogram = [[0, 1, 10]];

const LOSS = {
  id: 'loss',
  kind: 'difference',
  weight: 1,
  harmMargin: 0,
  safeMargin: 0.02,
  requiredForAdvance: true,
} as const;
const STEP: StepPolicy = { exposureBp: 500, minUnits: 100, minCohorts: 1, maxCohorts: 99 };

function policyOf(stream: Partial<StreamPolicy>, steps: readonly StepPolicy[]): GatePolicy {
  return {
    alpha: 0.05,
    beta: 0.05,
    alphaHold: 0.2,
    alphaSrm: 0.001,
    srmConcentration: 1000,
    maxMatch: 20,
    restartEvery: 0,
    steps,
    streams: [{ ...LOSS, ...stream } as StreamPolicy],
  };
}

/** The decisions over cohorts with these differences, all of step 0 unless said. */
function decisionsOf(
  policy: GatePolicy,
  losses: ReadonlyArray<DiffHistogram | null>,
  rest: Partial<Cohort> = {},
): string[] {
  const exposureBp = policy.steps[0]!.exposureBp;
  const cohorts = losses.map((loss, i): Cohort => ({
    cohort: i + 1,
    step: 0,
    exposureBp,
    status: 'ok',
    assigned: exposureBp === 0 ? { control: 1000, candidate: 0 } : { control: 950, candidate: 50 },
    ...(loss === null ? { pending: ['loss'] } : { differences: { loss } }),
    ...rest,
  }));
  return analyzeCohorts(policy, cohorts).decisions.map(({ decision, reasons }) => [decision, ...reasons].join(' '));
}

describe('the decision order (9.3)', () => {
  it('never advances without a required stream, whatever is certified', () => {
    assert.deepEqual(decisionsOf(policyOf({ requiredForAdvance: false }, [STEP]), [CERTIFIED]), ['continue evidence']);
  });

  for (const requiresExposureIntegrity of [true, false]) {
    it(`rolls back on harm that was certified and has gone (rows 3 and 5, integrity ${requiresExposureIntegrity})`, () => {
      // Labels two cohorts late: harm of cohort 1 is judged at the look of cohort 3, which is void and holds.
      const policy = policyOf({ lag: 2, requiresExposureIntegrity }, [STEP]);
      const cohorts = [HARMFUL, BETTER, LITTLE, LITTLE].map((loss, i): Cohort => ({
        cohort: i + 1,
        step: 0,
        exposureBp: 500,
        status: i === 2 ? 'void' : 'ok',
        assigned: { control: 950, candidate: 50 },
        differences: { loss },
      }));
      const { decisions } = analyzeCohorts(policy, cohorts);
      assert.deepEqual(
        decisions.map(({ decision }) => decision),
        ['continue', 'continue', 'hold', 'rollback'],
      );
      assert.ok(decisions[3]!.streams!['loss']!.lnHarm < 0);
    });
  }

  it('holds, and does not advance, while a certified required stream is overdue', () => {
    const step = { ...STEP, minCohorts: 2 };
    assert.deepEqual(decisionsOf(policyOf({}, [step]), [CERTIFIED, null]), [
      'continue floors',
      'hold data-pending loss',
    ]);
  });

  it('escalates at the deadline of a step, before saying what is overdue', () => {
    const step = { ...STEP, maxCohorts: 2 };
    assert.deepEqual(decisionsOf(policyOf({}, [step]), [LITTLE, LITTLE]), ['continue evidence', 'escalate deadline']);
    assert.deepEqual(decisionsOf(policyOf({}, [step]), [null, null]), ['hold data-pending loss', 'escalate deadline']);
  });

  it('advances at the floor of units, not below', () => {
    const at = (minUnits: number) => decisionsOf(policyOf({}, [{ ...STEP, minUnits }]), [CERTIFIED]);
    assert.deepEqual([at(4001), at(4000), at(3999)], [['continue floors'], ['advance'], ['advance']]);
  });

  it('counts only cohorts of the present step towards its floors', () => {
    for (const floor of ['step', 'rollout'] as const) {
      assert.deepEqual(decisionsOf(policyOf({ floor }, [STEP]), [CERTIFIED], { step: 1 }), ['continue floors']);
    }
  });

  it('holds at suspected harm and lets go by itself when the evidence turns', () => {
    const suspicious: DiffHistogram = [
      [-1, 1, 10],
      [0, 1, 960],
      [1, 1, 26],
    ];
    const decisions = decisionsOf(policyOf({ requiredForAdvance: false }, [STEP]), [suspicious, BETTER]);
    assert.deepEqual(decisions, ['hold loss', 'continue evidence']);
  });
});

describe('floors of slow streams (9.6)', () => {
  /** One certified cohort of step 0, then hardly any: only the whole rollout meets the second step's floor of units. */
  function decisionsWith(stream: Partial<StreamPolicy>): string[] {
    const step = { ...STEP, minCohorts: 0 };
    return decisionsOf(policyOf(stream, [step, { ...step, minUnits: 4000 }]), [CERTIFIED, LITTLE, LITTLE]);
  }

  it('count the step for streams no slower than minCohorts, the whole rollout for slower ones', () => {
    assert.deepEqual(decisionsWith({ lag: 0 }), ['advance', 'continue floors', 'continue floors']);
    assert.deepEqual(decisionsWith({ lag: 1 }), ['continue evidence', 'advance', 'advance']);
  });

  it('count what the stream declares, whatever its lag', () => {
    assert.deepEqual(decisionsWith({ lag: 0, floor: 'rollout' }), ['advance', 'advance']);
    assert.deepEqual(decisionsWith({ lag: 1, floor: 'step' }), ['continue evidence', 'advance', 'continue floors']);
  });
});

describe('shadow and exposure in one policy (9.7)', () => {
  it('does not roll back when exposed for a bad day in shadow that the span outweighed', () => {
    const steps = [{ ...STEP, exposureBp: 0, minSpan: 2 }, STEP];
    const decisions = decisionsOf(policyOf({}, steps), [
      HARMFUL,
      [
        [-1, 1, 200],
        [0, 1, 4000],
        [1, 1, 5],
      ],
      LITTLE,
    ]);
    assert.deepEqual(decisions, ['continue evidence', 'advance', 'continue floors']);
  });
});

describe('the harm budget (9.5)', () => {
  it('certifies at one half at most, however small the next exposure', () => {
    const policy = policyOf({ harmBudget: 0.02 }, [STEP, { ...STEP, exposureBp: 100 }]);
    const stream = policy.streams[0]!;
    assert.ok(stream.kind === 'difference');
    assert.deepEqual([effectiveSafeMargin(policy, stream, 0), effectiveSafeMargin(policy, stream, 1)], [0.5, 0.02]);
  });
});
