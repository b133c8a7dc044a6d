import assert from 'node:assert/strict';
import { planGate } from '../../../src/domain/statistics/gate-plan.ts';
import { decide } from '../../../src/domain/statistics/gate-verdict.ts';
import type { Look, StreamLook } from '../../../src/domain/statistics/gate-verdict.ts';
import type { GatePolicy, StepPolicy, StreamPolicy } from '../../../src/domain/statistics/index.ts';

const STREAM: StreamPolicy = {
  id: 'loss',
  kind: 'difference',
  weight: 1,
  harmMargin: 0,
  safeMargin: 0.02,
  requiredForAdvance: true,
};
const STEP: StepPolicy = { exposureBp: 500, minUnits: 100, minCohorts: 4, maxCohorts: 9 };
/** One unit of the recorded resolution of ln e. */
const TICK = 1e-9;

interface Given {
  stream?: Partial<StreamPolicy>;
  step?: Partial<StepPolicy>;
  seen?: Partial<StreamLook>;
  look?: Partial<Look>;
}

/** A look at which nothing is shown yet, but for what is given. */
function verdict({ stream, step, seen, look }: Given): string {
  const policy: GatePolicy = {
    alpha: 0.05,
    beta: 0.05,
    alphaHold: 0.2,
    alphaSrm: 0.001,
    srmConcentration: 1000,
    maxMatch: 20,
    restartEvery: 24,
    steps: [{ ...STEP, ...step }],
    streams: [{ ...STREAM, ...stream } as StreamPolicy],
  };
  const plan = planGate(policy);
  const { decision, reasons } = decide({
    plan,
    step: 0,
    status: 'ok',
    streams: [
      {
        plan: plan.streams[0]!,
        lnHarm: -1,
        lnHarmMax: 0,
        lnHarmPlain: -1,
        lnSafe: 0,
        isOverdue: false,
        units: 0,
        cohorts: 0,
        ...seen,
      },
    ],
    lnSrmMax: 0,
    assignmentFaults: [],
    cohortsInStep: 4,
    mayAdvance: true,
    ...look,
  });
  return [decision, ...reasons].join(' ');
}

const thresholds = (() => {
  const { streams, srmAt } = planGate({
    alpha: 0.05,
    beta: 0.05,
    alphaHold: 0.2,
    alphaSrm: 0.001,
    srmConcentration: 1000,
    maxMatch: 20,
    restartEvery: 24,
    steps: [STEP],
    streams: [STREAM],
  });
  return { ...streams[0]!, srmAt };
})();

describe('the verdict at its boundaries', () => {
  const gatewaySide = { requiresExposureIntegrity: false };
  const shadow = { exposureBp: 0 };
  for (const [title, at, given, below, reached] of [
    [
      'rolls back on harm that needs no assignment (row 3)',
      thresholds.rollbackAt,
      (lnHarmMax: number) => ({ stream: gatewaySide, seen: { lnHarmMax }, look: { lnSrmMax: 99 } }),
      'hold srm',
      'rollback loss',
    ],
    [
      'holds on a broken sample ratio (row 4)',
      thresholds.srmAt,
      (lnSrmMax: number) => ({ look: { lnSrmMax } }),
      'continue evidence',
      'hold srm',
    ],
    [
      'rolls back on harm (row 5)',
      thresholds.rollbackAt,
      (lnHarmMax: number) => ({ seen: { lnHarmMax } }),
      'continue evidence',
      'rollback loss',
    ],
    [
      'rolls back in shadow by the running average (row 5)',
      thresholds.rollbackAt,
      (lnHarmPlain: number) => ({ step: shadow, seen: { lnHarmPlain } }),
      'hold loss',
      'rollback loss',
    ],
    [
      'holds on suspected harm (row 6)',
      thresholds.holdAt,
      (lnHarm: number) => ({ step: { minSpan: 5 }, seen: { lnHarm } }),
      'continue evidence',
      'hold loss',
    ],
    [
      'holds in shadow by the running average (row 6)',
      thresholds.holdAt,
      (lnHarmPlain: number) => ({ step: shadow, seen: { lnHarmPlain } }),
      'continue evidence',
      'hold loss',
    ],
    [
      'advances on a certificate (row 7)',
      thresholds.safeAt,
      (lnSafe: number) => ({ seen: { lnSafe, units: 100 } }),
      'continue evidence',
      'advance',
    ],
  ] as Array<[string, number, (value: number) => Given, string, string]>) {
    it(title, () => {
      assert.deepEqual(
        [at - TICK, at, at + TICK].map((value) => verdict(given(value))),
        [below, reached, reached],
      );
    });
  }

  const certified = { lnSafe: 9, units: 100, cohorts: 3 };
  for (const [title, at, given, below, reached] of [
    [
      'advances at the floor of units',
      100,
      (units: number) => ({ seen: { ...certified, units } }),
      'continue floors',
      'advance',
    ],
    [
      'advances at the floor of cohorts',
      4,
      (cohortsInStep: number) => ({ seen: certified, look: { cohortsInStep } }),
      'continue floors',
      'advance',
    ],
    [
      'advances when the span is covered',
      3,
      (cohorts: number) => ({ step: { minSpan: 3 }, seen: { ...certified, cohorts } }),
      'continue floors',
      'advance',
    ],
    [
      'judges harm in shadow when the span is covered',
      3,
      (cohorts: number) => ({ step: { ...shadow, minSpan: 3 }, seen: { cohorts, lnHarmPlain: 9 } }),
      'continue evidence',
      'rollback loss',
    ],
    [
      'escalates at the deadline of the step (row 8)',
      9,
      (cohortsInStep: number) => ({ look: { cohortsInStep } }),
      'continue evidence',
      'escalate deadline',
    ],
  ] as Array<[string, number, (value: number) => Given, string, string]>) {
    it(title, () => {
      assert.deepEqual(
        [at - 1, at, at + 1].map((value) => verdict(given(value))),
        [below, reached, reached],
      );
    });
  }

  it('asks for no span that the step does not declare', () => {
    assert.equal(verdict({ seen: { ...certified, cohorts: 0 } }), 'advance');
    assert.equal(verdict({ step: shadow, seen: { cohorts: 0, lnHarmPlain: 9 } }), 'rollback loss');
  });

  it('says what is missing in the order of the rows: approval, then the deadline, then what is overdue', () => {
    assert.equal(verdict({ seen: certified, look: { mayAdvance: false, cohortsInStep: 9 } }), 'continue approval');
    assert.equal(verdict({ seen: { ...certified, isOverdue: true }, look: { cohortsInStep: 9 } }), 'escalate deadline');
    assert.equal(verdict({ seen: { ...certified, isOverdue: true } }), 'hold data-pending loss');
  });

  it('leaves a stream of weight 0 out of every judgement of harm', () => {
    assert.equal(
      verdict({ stream: { weight: 0 }, seen: { lnHarm: 99, lnHarmMax: 99, lnHarmPlain: 99 } }),
      'continue evidence',
    );
  });
});
