import assert from 'node:assert/strict';
import {
  analyzeCohorts,
  awaitedEvidence,
  beginGate,
  effectiveSafeMargin,
  logECounts,
  logEHarmRestart,
  logEValue,
  lookAt,
  mergeHistograms,
} from '../../../src/domain/statistics/index.ts';
import type {
  Cohort,
  Completion,
  DiffHistogram,
  DifferenceStreamPolicy,
  GatePolicy,
  GateState,
  LookRecord,
  StreamPolicy,
} from '../../../src/domain/statistics/index.ts';

const LOSS: DifferenceStreamPolicy = {
  id: 'loss',
  kind: 'difference',
  weight: 0.5,
  harmMargin: 0,
  safeMargin: 0.02,
  requiredForAdvance: true,
};
const ERRORS: StreamPolicy = { id: 'errors', kind: 'count', weight: 0.5, harmRatio: 1, safeRatio: 1.5 };
const EVEN: DiffHistogram = [
  [-1, 1, 3],
  [0, 1, 44],
  [1, 1, 3],
];
const WORSE: DiffHistogram = [
  [-1, 1, 2],
  [0, 1, 44],
  [1, 1, 6],
];
const CERTIFIED: DiffHistogram = [
  [-1, 1, 20],
  [0, 1, 3960],
  [1, 1, 20],
];
const STEP = { exposureBp: 500, minUnits: 1, minCohorts: 0, maxCohorts: 99 };

function policyOf(streams: readonly StreamPolicy[], changes: Partial<GatePolicy> = {}): GatePolicy {
  return {
    alpha: 0.05,
    beta: 0.05,
    alphaHold: 0.2,
    alphaSrm: 0.001,
    srmConcentration: 1000,
    maxMatch: 20,
    restartEvery: 1,
    steps: [STEP],
    streams,
    ...changes,
  };
}

function cohortOf(cohort: number, rest: Partial<Cohort> = {}): Cohort {
  return { cohort, step: 0, exposureBp: 500, status: 'ok', assigned: { control: 950, candidate: 50 }, ...rest };
}

/** Looks one by one, the state through JSON in between; completions by the cohort at whose look they come. */
function looks(
  policy: GatePolicy,
  cohorts: readonly Cohort[],
  completions: Record<number, Completion[]> = {},
): { records: LookRecord[]; state: GateState } {
  let state = beginGate(policy);
  const records = cohorts.map((cohort) => {
    const look = lookAt(policy, JSON.parse(JSON.stringify(state)) as GateState, cohort, {
      completions: completions[cohort.cohort] ?? [],
    });
    state = look.state;
    return look.record;
  });
  return { records, state };
}

function assertNear(got: number, want: number): void {
  assert.ok(Math.abs(got - want) <= 1e-9, `${got} for ${want}`);
}

const words = ({ decision, reasons }: LookRecord) => [decision, ...reasons].join(' ');

describe('the state of a gate', () => {
  it('begins empty: no epochs, no windows, nothing counted, with or without restarts', () => {
    for (const restartEvery of [0, 24]) {
      const policy = policyOf([LOSS, ERRORS], { restartEvery });
      const { state, progress } = beginGate(policy);
      assert.deepEqual(state, { loss: { epochs: [] }, errors: { windows: {} } });
      assert.deepEqual(progress.streams['loss'], { prefix: 0, lnHarmMax: 0, inStep: [0, 0], inRollout: [0, 0] });
      assert.deepEqual(analyzeCohorts(policy, []).final.state, state);
    }
  });

  it('counts units and cohorts of the step and of the rollout, and forgets the step when it advances', () => {
    const policy = policyOf([LOSS, ERRORS], { restartEvery: 0, steps: [STEP, { ...STEP, minUnits: 5000 }] });
    const given = [
      cohortOf(1, { differences: { loss: EVEN }, counts: { errors: [1, 20, 50, 1000] } }),
      cohortOf(2, { status: 'void', differences: { loss: EVEN } }),
      cohortOf(3, { step: 1, differences: { loss: EVEN } }),
    ];
    const before = looks(policy, given).state.progress.streams;
    assert.deepEqual(before['loss'], { prefix: 3, lnHarmMax: 0, inStep: [50, 1], inRollout: [100, 2] });
    assert.deepEqual(before['errors']!.inRollout, [50, 2]);
    const advanced = looks(policy, [...given, cohortOf(4, { differences: { loss: CERTIFIED } })]);
    assert.equal(words(advanced.records[3]!), 'advance');
    assert.deepEqual(advanced.state.progress.streams['loss']!.inStep, [0, 0]);
    const after = looks(policy, [
      ...given,
      cohortOf(4, { differences: { loss: CERTIFIED } }),
      cohortOf(5, { step: 1, differences: { loss: CERTIFIED } }),
    ]);
    assert.equal(words(after.records[4]!), 'continue floors');
    assert.deepEqual(after.state.progress.streams['loss'], {
      prefix: 5,
      lnHarmMax: 0,
      inStep: [4000, 1],
      inRollout: [8100, 4],
    });
  });

  it('keeps one histogram a restart epoch: equal differences of its cohorts are one entry, in canonical order', () => {
    const policy = policyOf([LOSS], { restartEvery: 2 });
    const extra: DiffHistogram = [
      [-1, 2, 1],
      [0, 1, 5],
      [1, 2, 2],
    ];
    const { state } = looks(
      policy,
      [EVEN, extra, WORSE].map((loss, i) => cohortOf(i + 1, { differences: { loss } })),
    );
    assert.deepEqual(state.state['loss'], { epochs: [mergeHistograms(EVEN, extra), WORSE] });
  });

  it('awaits nothing for a stream that was given before it matured', () => {
    const early = policyOf([{ ...LOSS, lag: 3 }]);
    const { state } = looks(early, [cohortOf(1, { differences: { loss: EVEN } }), cohortOf(2)]);
    assert.deepEqual(Object.keys(state.progress.held), ['1', '2']);
    assert.deepEqual(awaitedEvidence(state), [{ cohort: 2, streams: ['loss'] }]);
  });

  it('holds no cohort that every stream is judged on', () => {
    const { state } = looks(policyOf([LOSS]), [cohortOf(1, { differences: { loss: EVEN } })]);
    assert.deepEqual(state.progress.held, {});
  });

  it('goes on from a record of any restart epoch as if it had never stopped', () => {
    const policy = policyOf([LOSS, { ...ERRORS, weight: 0.4 }], { alphaHold: 0.999, alpha: 1e-9 });
    const cohorts = [
      cohortOf(1, { differences: { loss: WORSE }, counts: { errors: [4, 20, 50, 1000] } }),
      cohortOf(2, { differences: { loss: WORSE } }),
      cohortOf(3, { pending: ['errors', 'loss'] }),
      cohortOf(4, { pending: ['errors', 'loss'] }),
    ];
    const { records, state } = looks(policy, cohorts);
    const { decisions, final } = analyzeCohorts(policy, cohorts);
    assert.deepEqual(records, decisions);
    const { progress: _, ...stateFinal } = state;
    assert.deepEqual(stateFinal, final);
    const window = { candidateEvents: 4, events: 20, candidateExposures: 50, exposures: 1000 };
    const late = 0.75 * Math.exp(logECounts([window], 1, 'harm')) + 1 / 8 + 1 / 8;
    assertNear(records[3]!.streams!['errors']!.lnHarm, Math.log(late));
    assertNear(records[3]!.streams!['loss']!.lnHarm, logEHarmRestart([WORSE, WORSE], 0));
  });
});

describe('evidence that comes later', () => {
  const late = policyOf([
    { ...LOSS, lag: 1 },
    { ...ERRORS, lag: 1 },
  ]);
  const waiting = [1, 2, 3].map((cohort) => cohortOf(cohort, { pending: ['errors', 'loss'] }));
  const evidence = (cohort: number): Completion => ({
    cohort,
    differences: { loss: EVEN },
    counts: { errors: [1, 20, 50, 1000] },
  });

  it('is awaited oldest first, and only where something is missing', () => {
    const { state } = looks(late, waiting, {
      2: [{ cohort: 1, differences: { loss: EVEN } }],
      3: [{ cohort: 1, counts: { errors: [1, 20, 50, 1000] } }],
    });
    const awaited = [
      { cohort: 2, streams: ['loss', 'errors'] },
      { cohort: 3, streams: ['loss', 'errors'] },
    ];
    assert.deepEqual(awaitedEvidence(state), awaited);
    const held = Object.entries(state.progress.held).reverse();
    const shuffledState = {
      ...state,
      progress: { ...state.progress, held: Object.fromEntries(held.map(([cohort, value]) => [`0${cohort}`, value])) },
    };
    assert.deepEqual(awaitedEvidence(shuffledState), awaited);
    assert.deepEqual(
      awaitedEvidence(looks(late, waiting, { 2: [evidence(1)], 3: [evidence(2)] }).state).map(({ cohort }) => cohort),
      [3],
    );
  });

  it('keeps what came of a cohort until its other streams are complete, through JSON', () => {
    const early: Completion[] = [
      { cohort: 1, counts: { errors: [3, 20, 50, 1000] } },
      { cohort: 2, counts: { errors: [2, 20, 50, 1000] } },
    ];
    const { state } = looks(late, waiting, { 3: early });
    assert.deepEqual(state.progress.held['2']!.counts, { errors: [2, 20, 50, 1000] });
    const { records } = looks(late, [...waiting, cohortOf(4, { pending: ['errors', 'loss'] })], {
      3: early,
      4: [
        { cohort: 1, differences: { loss: WORSE } },
        { cohort: 2, differences: { loss: WORSE } },
      ],
    });
    assertNear(records[3]!.streams!['loss']!.lnHarm, logEHarmRestart([WORSE, WORSE], 0));
    assert.deepEqual(records[3]!.prefixes, { errors: 2, loss: 2 });
  });

  it('may be given twice while it is held, not with another content, nor once it is judged', () => {
    const twice = {
      2: [
        { cohort: 1, differences: { loss: EVEN } },
        { cohort: 1, differences: { loss: EVEN } },
      ],
    };
    assert.deepEqual(looks(late, waiting, twice).records[1]!.prefixes, { errors: 0, loss: 1 });
    const changed = {
      2: [
        { cohort: 1, differences: { loss: EVEN } },
        { cohort: 1, differences: { loss: WORSE } },
      ],
    };
    assert.throws(() => looks(late, waiting, changed), { code: 'conflicting-cohort' });
    assert.throws(() => looks(late, waiting, { 2: [evidence(1)], 3: [evidence(1)] }), { code: 'conflicting-cohort' });
  });

  it('may be that of the cohort looked at last, not of one to come', () => {
    assert.deepEqual(looks(late, waiting, { 3: [evidence(2)] }).records[2]!.prefixes, { errors: 0, loss: 0 });
    assert.throws(() => looks(late, waiting, { 2: [evidence(2)] }), { code: 'STAT_COHORT_ORDER' });
  });

  it('completes a cohort whichever of its deliveries comes first, a wholly pending one included', () => {
    const known = cohortOf(1, { differences: { loss: WORSE } });
    const policy = policyOf([LOSS]);
    const want = analyzeCohorts(policy, [known]);
    for (const other of [cohortOf(1, { status: 'pending' }), cohortOf(1, { pending: ['loss'] })]) {
      assert.deepEqual(analyzeCohorts(policy, [known, other]), want);
      assert.deepEqual(analyzeCohorts(policy, [other, known]), want);
    }
  });
});

describe('what a record tells', () => {
  it('lists streams by id, and prefixes only when a stream is behind', () => {
    const streams = ['zeta', 'alpha', 'mid'].map((id): StreamPolicy => ({ ...LOSS, id, weight: 0.3 }));
    const differences = { zeta: EVEN, alpha: EVEN, mid: EVEN };
    const { decisions } = analyzeCohorts(policyOf(streams), [
      cohortOf(1, { differences }),
      cohortOf(2, { differences, pending: ['zeta'] }),
    ]);
    assert.deepEqual(Object.keys(decisions[0]!.streams!), ['alpha', 'mid', 'zeta']);
    assert.ok(!('prefixes' in decisions[0]!));
    assert.equal(JSON.stringify(decisions[1]!.prefixes), '{"alpha":2,"mid":2,"zeta":1}');
  });

  it('gives the running average in shadow, and there only', () => {
    const cohorts = (exposureBp: number) =>
      [WORSE, EVEN].map((loss, i) =>
        cohortOf(i + 1, {
          exposureBp,
          assigned: { control: 1000, candidate: exposureBp === 0 ? 0 : 53 },
          differences: { loss },
          counts: { errors: [4, 20, 50, 1000] },
        }),
      );
    const recordOf = (exposureBp: number) =>
      analyzeCohorts(
        policyOf([LOSS, ERRORS], { steps: [{ ...STEP, exposureBp, minCohorts: 9, minSpan: 9 }] }),
        cohorts(exposureBp),
      ).decisions[1]!.streams!;
    assert.deepEqual(Object.keys(recordOf(500)['loss']!), ['lnHarm', 'lnHarmMax', 'lnSafe']);
    const { loss, errors } = recordOf(0);
    assertNear(loss!.lnHarmPlain!, logEValue(mergeHistograms(WORSE, EVEN), 0, 'harm'));
    assertNear(loss!.lnHarm, logEHarmRestart([WORSE, EVEN], 0));
    const window = { candidateEvents: 4, events: 20, candidateExposures: 50, exposures: 1000 };
    assertNear(errors!.lnHarmPlain!, logECounts([window, window], 1, 'harm'));
  });

  it('tests counts without restarts when the policy has none', () => {
    const window = { candidateEvents: 4, events: 20, candidateExposures: 50, exposures: 1000 };
    const { decisions } = analyzeCohorts(policyOf([ERRORS], { restartEvery: 0 }), [
      cohortOf(1, { counts: { errors: [4, 20, 50, 1000] } }),
    ]);
    assertNear(decisions[0]!.streams!['errors']!.lnHarm, logECounts([window], 1, 'harm'));
  });

  it('gives safe evidence at the margin of the present step, over all cohorts, when a harm budget moves it', () => {
    const budget: DifferenceStreamPolicy = { ...LOSS, safeMargin: null, harmBudget: 0.02 };
    const policy = policyOf([budget], { steps: [STEP, { ...STEP, exposureBp: 5000, minUnits: 9999 }] });
    const given = [EVEN, EVEN, CERTIFIED, EVEN, EVEN];
    const { decisions } = analyzeCohorts(
      policy,
      given.map((loss, i) => cohortOf(i + 1, { differences: { loss } })),
    );
    assert.deepEqual(
      decisions.map(({ step }) => step),
      [0, 0, 0, 1, 1],
    );
    for (const [i, { step, streams }] of decisions.entries()) {
      const margin = effectiveSafeMargin(policy, budget, step)!;
      assertNear(streams!['loss']!.lnSafe!, logEValue(mergeHistograms(...given.slice(0, i + 1)), margin, 'safe'));
    }
  });

  it('caps what is infinite at 1e9, which JSON can carry', () => {
    const shadow = policyOf([LOSS], { steps: [{ ...STEP, exposureBp: 0 }] });
    const { decisions } = analyzeCohorts(shadow, [
      cohortOf(1, { exposureBp: 0, assigned: { control: 1000, candidate: 1 }, differences: { loss: EVEN } }),
    ]);
    assert.deepEqual([Math.round(decisions[0]!.lnSrm!), words(decisions[0]!)], [1e9, 'hold srm']);
  });

  it('never rolls back for a stream of weight 0, not for infinite evidence either', () => {
    const silent: StreamPolicy = { ...ERRORS, weight: 0, harmRatio: 1e-308 };
    const { decisions } = analyzeCohorts(policyOf([silent]), [
      cohortOf(1, { counts: { errors: [20, 20, 1, 2 ** 40] } }),
    ]);
    assert.equal(Math.round(decisions[0]!.streams!['errors']!.lnHarm), 1e9);
    assert.equal(words(decisions[0]!), 'continue evidence');
  });
});

describe('floors of a count stream', () => {
  it('count exposures of the candidate in cohorts of the present step', () => {
    const stream: StreamPolicy = { ...ERRORS, requiredForAdvance: true, safeRatio: 4, harmRatio: 3 };
    const counts = { errors: [60, 1200, 5000, 100_000] as const };
    const at = (minUnits: number, step = 0) =>
      words(
        analyzeCohorts(policyOf([stream], { steps: [{ ...STEP, minUnits }] }), [
          cohortOf(1, { step, assigned: { control: 95_000, candidate: 5000 }, counts }),
        ]).decisions[0]!,
      );
    assert.deepEqual(
      [at(5001), at(5000), at(4999), at(1, 1)],
      ['continue floors', 'advance', 'advance', 'continue floors'],
    );
  });
});
