import assert from 'node:assert/strict';
import { analyzeCohorts, beginGate, lookAgain, lookAt, StatisticsError } from '../../../src/domain/statistics/index.ts';
import type {
  Cohort,
  Completion,
  DiffHistogram,
  GatePolicy,
  GateState,
  LookOptions,
  StreamPolicy,
} from '../../../src/domain/statistics/index.ts';

const LOSS: StreamPolicy = {
  id: 'loss',
  kind: 'difference',
  weight: 0.5,
  harmMargin: 0,
  safeMargin: 0.02,
  requiredForAdvance: true,
};
const ERRORS: StreamPolicy = { id: 'errors', kind: 'count', weight: 0.5, harmRatio: 1, safeRatio: 1.5 };
const POLICY: GatePolicy = {
  alpha: 0.05,
  beta: 0.05,
  alphaHold: 0.2,
  alphaSrm: 0.001,
  srmConcentration: 1000,
  maxMatch: 20,
  restartEvery: 2,
  steps: [
    { exposureBp: 500, minUnits: 1, minCohorts: 0, maxCohorts: 99 },
    { exposureBp: 5000, minUnits: 1, minCohorts: 0, maxCohorts: 99 },
  ],
  streams: [LOSS, ERRORS],
};
const EVEN: DiffHistogram = [
  [-1, 1, 3],
  [0, 1, 44],
  [1, 1, 3],
];
const CERTIFIED: DiffHistogram = [
  [-1, 1, 20],
  [0, 1, 3960],
  [1, 1, 20],
];

function cohortOf(cohort: number, rest: Partial<Cohort> = {}): Cohort {
  return { cohort, step: 0, exposureBp: 500, status: 'ok', assigned: { control: 950, candidate: 50 }, ...rest };
}

function stateAfter(policy: GatePolicy, cohorts: readonly Cohort[]): GateState {
  return cohorts.reduce((state, cohort) => lookAt(policy, state, cohort).state, beginGate(policy));
}

/** A state as a record gave it, with fields of it, of its progress or of one stream's progress replaced. */
interface Changes {
  state?: Partial<GateState>;
  progress?: Partial<GateState['progress']>;
  loss?: object;
}

describe('a state that no look can have returned', () => {
  const known = stateAfter(POLICY, [
    cohortOf(1, { differences: { loss: EVEN }, counts: { errors: [1, 20, 50, 1000] } }),
    cohortOf(2, { differences: { loss: EVEN } }),
    cohortOf(3, { differences: { loss: EVEN } }),
  ]);
  const lookFrom = ({ state, progress, loss }: Changes, cohort = 4) => {
    const streams = { ...known.progress.streams, loss: { ...known.progress.streams['loss']!, ...loss } };
    return lookAt(
      POLICY,
      { ...known, progress: { ...known.progress, streams, ...progress }, ...state },
      cohortOf(cohort),
    );
  };
  const refuses = (changes: Changes, code: string, cohort?: number) =>
    assert.throws(
      () => lookFrom(changes, cohort),
      (error) => error instanceof StatisticsError && error.code === code,
    );

  it('is none that a look did return', () => {
    assert.equal(lookFrom({}).record.cohort, 4);
  });

  it('stands at a step beyond the last, unless the gate is promoted there', () => {
    assert.equal(lookFrom({ state: { step: 1 } }).state.watermark, 4);
    for (const step of [2, -1, 0.5]) refuses({ state: { step } }, 'STAT_INPUT_INVALID');
    refuses({ state: { step: 2, terminal: 'promoted' } }, 'STAT_GATE_ENDED');
    refuses({ state: { step: 3, terminal: 'promoted' } }, 'STAT_INPUT_INVALID');
  });

  it('stands between two cohorts', () => {
    assert.throws(() => lookFrom({ state: { watermark: 2.5 } }), { message: /watermark of the state is 2.5/ });
    refuses({ state: { watermark: -1 } }, 'STAT_INPUT_INVALID', 0);
    refuses({ progress: { cohortsInStep: -1 } }, 'STAT_INPUT_INVALID');
  });

  it('has maxima of evidence below 0, infinite, or no numbers', () => {
    for (const value of [-1, Infinity, NaN]) {
      refuses({ loss: { lnHarmMax: value } }, 'STAT_INPUT_INVALID');
      refuses({ progress: { lnSrmMax: value } }, 'STAT_INPUT_INVALID');
    }
  });

  it('knows of a stream the counts but not how far they are judged, or the reverse', () => {
    refuses({ state: { state: { errors: known.state['errors']! } } }, 'STAT_INPUT_INVALID');
    refuses({ progress: { streams: { errors: known.progress.streams['errors']! } } }, 'STAT_INPUT_INVALID');
  });

  it('is judged beyond its last cohort, or has more or fewer restart epochs than that', () => {
    refuses({ loss: { prefix: 4 } }, 'STAT_INPUT_INVALID');
    for (const epochs of [[EVEN], [EVEN, EVEN, EVEN]])
      refuses({ state: { state: { ...known.state, loss: { epochs } } } }, 'STAT_INPUT_INVALID');
  });

  it('counts parts of units', () => {
    refuses({ loss: { inStep: [0.5, 1] } }, 'STAT_INPUT_INVALID');
    refuses({ loss: { inRollout: [1, -1] } }, 'STAT_INPUT_INVALID');
    refuses({ loss: { prefix: 0.5 } }, 'STAT_INPUT_INVALID');
  });
});

describe('a cohort that is held', () => {
  it('stays what it is from look to look: a stream that contributed nothing to it is neither awaited nor given counts', () => {
    const slow = { id: 'slow', weight: 0.1, lag: 5, safeMargin: 0.02, kind: 'difference', harmMargin: 0 } as const;
    const policy = { ...POLICY, streams: [{ ...LOSS, weight: 0.4 }, ERRORS, slow] };
    const first = stateAfter(policy, [cohortOf(1)]);
    assert.deepEqual(first.progress.held['1'], {
      step: 0,
      status: 'ok',
      pending: ['slow'],
      differences: { loss: [] },
      counts: {},
    });
    const third = stateAfter(policy, [cohortOf(1), cohortOf(2), cohortOf(3)]);
    assert.deepEqual(third.progress.held['1'], first.progress.held['1']);
  });
});

describe('a second look at the last cohort', () => {
  const policy: GatePolicy = { ...POLICY, steps: [POLICY.steps[0]!], streams: [LOSS] };
  const waiting = stateAfter(policy, [cohortOf(1, { pending: ['loss'] })]);
  const again = (completion: Omit<Completion, 'cohort'>, options: LookOptions = {}) => {
    const { record } = lookAgain(policy, waiting, 'ok', { ...options, completions: [{ cohort: 1, ...completion }] });
    return [record.decision, ...record.reasons].join(' ');
  };

  it('advances as a first one does, unless the people asked are not agreed', () => {
    const differences = { loss: CERTIFIED };
    assert.equal(again({ differences }), 'advance');
    assert.equal(again({ differences }, { mayAdvance: false }), 'continue approval');
  });

  it('is at a cohort that is known or void', () => {
    assert.throws(() => lookAgain(policy, waiting, 'pending' as 'ok'), { code: 'STAT_COHORT_INVALID' });
  });

  it('takes units that were counted later, whole ones', () => {
    for (const wrong of [{ control: -1 }, { candidate: 0.5 }, { exposureBp: 0.5 }])
      assert.throws(() => again({ assigned: { exposureBp: 500, control: 1, candidate: 1, ...wrong } }), {
        code: 'STAT_COUNT_INVALID',
      });
  });
});

describe('an advance', () => {
  it('asks every required stream for its certificate and for its floors', () => {
    const other: StreamPolicy = { ...LOSS, id: 'other' };
    const policy = (minUnits: number, minSpan = 0): GatePolicy => ({
      ...POLICY,
      steps: [{ ...POLICY.steps[0]!, minUnits, minSpan }],
      streams: [LOSS, other],
    });
    const decisionOf = (at: GatePolicy, loss: DiffHistogram, second: DiffHistogram) => {
      const { record } = lookAt(at, beginGate(at), cohortOf(1, { differences: { loss, other: second } }));
      return [record.decision, ...record.reasons].join(' ');
    };
    const more: DiffHistogram = [...CERTIFIED, [1, 2, 1], [-1, 2, 1]];
    assert.equal(decisionOf(policy(4000), CERTIFIED, CERTIFIED), 'advance');
    assert.equal(decisionOf(policy(1), CERTIFIED, EVEN), 'continue evidence');
    assert.equal(decisionOf(policy(1), EVEN, CERTIFIED), 'continue evidence');
    assert.equal(decisionOf(policy(4001), more, CERTIFIED), 'continue floors');
    assert.equal(decisionOf(policy(4001), CERTIFIED, more), 'continue floors');
    assert.equal(decisionOf(policy(4001), more, more), 'advance');
  });
});

describe('the sample ratio of several exposures', () => {
  it('adds up to the same digits whatever order the exposures came in', () => {
    // Where the last recorded digit hangs on the order of the additions.
    const segments = [
      [2500, 1277, 421],
      [100, 8218, 97],
      [500, 16_229, 751],
    ] as const;
    const lnSrmOf = (order: readonly number[]) =>
      analyzeCohorts(
        POLICY,
        order.map((at, i) => {
          const [exposureBp, control, candidate] = segments[at]!;
          return cohortOf(i + 1, { exposureBp, assigned: { control, candidate } });
        }),
      ).decisions[2]!.lnSrm;
    const want = lnSrmOf([1, 2, 0]);
    for (const order of [
      [0, 1, 2],
      [0, 2, 1],
      [2, 0, 1],
    ])
      assert.equal(lnSrmOf(order), want);
  });
});
