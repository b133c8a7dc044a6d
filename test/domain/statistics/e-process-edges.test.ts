import assert from 'node:assert/strict';
import { logAddExp, logSumExp, logSumExpOfSums } from '../../../src/domain/statistics/log-sum-exp.ts';
import {
  adjustRunningMax,
  beginGate,
  beginSrDetector,
  eBenjaminiHochberg,
  eBonferroni,
  effectiveSafeMargin,
  eHolm,
  etaGrid,
  isSrAlarm,
  logECounts,
  logEValue,
  logSrStatistic,
  logWeightedMean,
  StatisticsError,
  updateSrDetector,
} from '../../../src/domain/statistics/index.ts';
import type { DifferenceStreamPolicy, GatePolicy, StreamPolicy } from '../../../src/domain/statistics/index.ts';

const refuses = (code: string, act: () => unknown) =>
  assert.throws(act, (error) => error instanceof StatisticsError && error.code === code);

describe('sums of exponentials', () => {
  it('stay infinite where a term is, and nothing where all are', () => {
    const [none, all] = [new Float64Array([-Infinity, -Infinity]), new Float64Array([1, Infinity])];
    assert.deepEqual([logSumExp(none), logSumExp(all), logSumExp([])], [-Infinity, Infinity, -Infinity]);
    const zeros = new Float64Array(2);
    assert.deepEqual([logSumExpOfSums(none, zeros), logSumExpOfSums(zeros, all)], [-Infinity, Infinity]);
    assert.deepEqual(
      [logAddExp(Infinity, Infinity), logAddExp(-Infinity, -Infinity), logAddExp(-Infinity, 2)],
      [Infinity, -Infinity, 2],
    );
  });

  it('keep terms that are small but count', () => {
    const want = Math.log1p(Math.exp(-30));
    for (const got of [logSumExp([0, -30]), logSumExpOfSums(new Float64Array([0, -20]), new Float64Array([0, -10]))])
      assert.ok(Math.abs(got - want) < 1e-15, `${got} for ${want}`);
  });
});

describe('multiplicity at its boundaries', () => {
  const at = -Math.log(0.05);

  it('rejects at the threshold itself', () => {
    for (const [value, want] of [
      [at - 1e-12, false],
      [at, true],
      [at + 1e-12, true],
    ] as const) {
      assert.deepEqual(eBonferroni([value], [1], 0.05), [want]);
      assert.deepEqual(eHolm([value], [1], 0.05), [want]);
      assert.deepEqual(eBenjaminiHochberg([value + Math.log(1 / 0.05) - at], 0.05), [want]);
    }
    assert.deepEqual(eBenjaminiHochberg([Math.log(1 / 0.05)], 0.05), [true]);
  });

  it('never rejects at weight 0, whatever the evidence, and lets such a stream stand in nobody’s way', () => {
    assert.deepEqual(eBonferroni([Infinity, 9], [0, 1], 0.05), [false, true]);
    assert.deepEqual(eHolm([Infinity, 9], [0, 1], 0.05), [false, true]);
  });

  it('takes evidence of nothing, and weights that miss 1 by rounding', () => {
    assert.deepEqual(eBonferroni([-Infinity, 9], [1, 1e-9], 0.05), [false, false]);
    assert.equal(logWeightedMean([-Infinity, 9], [1, 0]), -Infinity);
    assert.equal(logWeightedMean([Infinity, 9], [0, 1]), 9);
    assert.equal(adjustRunningMax(0), -Infinity);
  });

  it('refuses what does not fit together', () => {
    for (const act of [eBonferroni, eHolm]) {
      refuses('STAT_LENGTH_MISMATCH', () => act([1, 2], [1], 0.05));
      refuses('STAT_WEIGHTS_SUM', () => act([1], [1 + 2e-9], 0.05));
      refuses('STAT_WEIGHTS_SUM', () => act([1, 2], [-0.1, 0.5], 0.05));
      refuses('STAT_INPUT_INVALID', () => act([NaN], [1], 0.05));
      refuses('STAT_ALPHA_RANGE', () => act([1], [1], 1));
    }
    refuses('STAT_LENGTH_MISMATCH', () => logWeightedMean([1, 2], [1]));
    refuses('STAT_WEIGHTS_SUM', () => logWeightedMean([1, 2], [1, 1]));
    refuses('STAT_INPUT_INVALID', () => logWeightedMean([NaN], [1]));
    refuses('STAT_INPUT_INVALID', () => eBenjaminiHochberg([NaN], 0.05));
    refuses('STAT_ALPHA_RANGE', () => eBenjaminiHochberg([1], 0));
  });
});

describe('betting fractions at the ends', () => {
  it('are as many and as small as is allowed', () => {
    assert.equal(etaGrid({ points: 1024, min: 1e-15, max: 0.5 }).length, 1024);
    refuses('STAT_GRID_INVALID', () => etaGrid({ points: 1025, min: 1e-15, max: 0.5 }));
    refuses('STAT_GRID_INVALID', () => etaGrid({ points: 2, min: 9e-16, max: 0.5 }));
    assert.deepEqual([...etaGrid({ points: 2, min: 0.5, max: 0.5 })], [0.5, 0.5]);
  });
});

describe('margins at the ends', () => {
  it('are refused with the range of their direction', () => {
    assert.throws(() => logEValue([], -1, 'harm'), { message: /give an absolute loss difference in \(-1, 1\]$/ });
    assert.throws(() => logEValue([], 1, 'safe'), { message: /give an absolute loss difference in \[-1, 1\)$/ });
    assert.deepEqual([logEValue([], 1, 'harm'), logEValue([], -1, 'safe')], [0, 0]);
  });
});

describe('event counts at the ends', () => {
  it('give no number to a gain that no event made', () => {
    const window = { candidateEvents: 0, events: 3, candidateExposures: 1, exposures: 2 ** 40 };
    assert.ok(Number.isFinite(logECounts([window], 1e-308, 'harm')));
    assert.equal(logECounts([{ ...window, candidateEvents: 1 }], 1e-308, 'harm'), Infinity);
    refuses('STAT_MARGIN_RANGE', () => logECounts([window], Infinity, 'harm'));
  });

  it('never count more events or exposures of the candidate than of both arms', () => {
    const window = { candidateEvents: 3, events: 3, candidateExposures: 8, exposures: 8 };
    assert.equal(logECounts([window], 1, 'harm'), 0);
    for (const more of [{ candidateEvents: 4 }, { candidateExposures: 9 }])
      refuses('STAT_COUNT_INVALID', () => logECounts([{ ...window, ...more }], 1, 'harm'));
  });
});

describe('the e-detector at the ends', () => {
  const grid = { points: 1, min: 0.5, max: 0.5 };

  it('knows nothing before the first unit, and counts blocks, empty ones too', () => {
    const start = beginSrDetector({ mu0: 0.1, threshold: 20, grid });
    assert.deepEqual([start.blocks, start.lnR, logSrStatistic(start)], [0, [], -Infinity]);
    const empty = updateSrDetector(updateSrDetector(start, []), [[1, 0]]);
    assert.deepEqual([empty.blocks, empty.lnR, logSrStatistic(empty)], [2, [], -Infinity]);
    assert.equal(updateSrDetector(empty, [[0.1, 1]]).blocks, 3);
  });

  it('alarms when R reaches the threshold', () => {
    // A loss on the reference wins and loses nothing: R is the number of units.
    const after = (units: number) =>
      updateSrDetector(beginSrDetector({ mu0: 0.25, threshold: 20, grid }), [[0.25, units]]);
    assert.deepEqual(
      [19, 20, 21].map((units) => isSrAlarm(after(units))),
      [false, true, true],
    );
  });

  it('gives the same bits in whatever order a block lists its losses', () => {
    const block = [
      [0.7, 3],
      [0.1, 40],
      [0.3, 17],
      [0.9, 1],
    ] as const;
    const start = beginSrDetector({ mu0: 0.06, threshold: 1000 });
    assert.deepEqual(updateSrDetector(start, block), updateSrDetector(start, block.toReversed()));
    const sorted = block.toSorted(([a], [b]) => b - a);
    assert.deepEqual(updateSrDetector(start, block), updateSrDetector(start, sorted));
  });

  it('refuses a recorded state that is none: another number of ln R than betting fractions, or one that is not finite', () => {
    const state = updateSrDetector(beginSrDetector({ mu0: 0.1, threshold: 20, grid }), [[0.1, 5]]);
    for (const lnR of [[1, 2], [NaN], [Infinity], [-Infinity]])
      for (const act of [logSrStatistic, isSrAlarm, (s: typeof state) => updateSrDetector(s, [])])
        refuses('STAT_INPUT_INVALID', () => act({ ...state, lnR }));
  });

  it('refuses references and thresholds that bound nothing', () => {
    for (const mu0 of [0, 1, NaN]) refuses('STAT_MARGIN_RANGE', () => beginSrDetector({ mu0, threshold: 20 }));
    for (const threshold of [1, 0.5, Infinity, NaN])
      refuses('STAT_INPUT_INVALID', () => beginSrDetector({ mu0: 0.1, threshold }));
    assert.equal(beginSrDetector({ mu0: 1e-100, threshold: 1.001 }).mu0, 1e-100);
  });
});

describe('policies at their boundaries', () => {
  const loss: DifferenceStreamPolicy = { id: 'loss', kind: 'difference', weight: 1, harmMargin: 0, safeMargin: 0.02 };
  const errors: StreamPolicy = { id: 'errors', kind: 'count', weight: 0, harmRatio: 1, safeRatio: null };
  const step = { exposureBp: 500, minUnits: 1, minCohorts: 1, maxCohorts: 9 };
  const policyOf = (changes: Partial<GatePolicy>): GatePolicy => ({
    alpha: 0.05,
    beta: 0.05,
    alphaHold: 0.2,
    alphaSrm: 0.001,
    srmConcentration: 1000,
    maxMatch: 20,
    restartEvery: 24,
    steps: [step],
    streams: [loss],
    ...changes,
  });
  const begin = (changes: Partial<GatePolicy>) => () => beginGate(policyOf(changes));

  it('are taken at the ends of what is allowed', () => {
    for (const changes of [
      { streams: [loss, { ...errors, weight: 1e-9 }] },
      { steps: [{ ...step, exposureBp: 10_000 }] },
      { steps: [{ ...step, exposureBp: 0, minUnits: 0, minCohorts: 0, maxCohorts: 0, minSpan: 0 }] },
      { streams: [{ ...loss, lag: 0, quantum: 0, harmMargin: 1, safeMargin: -1 }] },
      { restartEvery: 0, srmConcentration: 0.5 },
      { streams: [{ ...loss, harmBudget: 1e-9 }, errors] },
    ] as Array<Partial<GatePolicy>>)
      assert.doesNotThrow(begin(changes));
  });

  it('have margins for their own steps alone', () => {
    const policy = policyOf({ steps: [step, step] });
    assert.equal(effectiveSafeMargin(policy, loss, 1), 0.02);
    for (const at of [-1, 0.5, 2]) refuses('STAT_INPUT_INVALID', () => effectiveSafeMargin(policy, loss, at));
  });

  for (const [title, code, changes] of [
    ['an exposure above 100 %', 'STAT_POLICY_INVALID', { steps: [{ ...step, exposureBp: 10_001 }] }],
    ['half a basis point', 'STAT_POLICY_INVALID', { steps: [{ ...step, exposureBp: 0.5 }] }],
    ['a negative floor', 'STAT_POLICY_INVALID', { steps: [{ ...step, minUnits: -1 }] }],
    ['a negative span', 'STAT_POLICY_INVALID', { steps: [{ ...step, minSpan: -1 }] }],
    ['a restart every half cohort', 'STAT_POLICY_INVALID', { restartEvery: 0.5 }],
    ['a concentration of 0', 'STAT_POLICY_INVALID', { srmConcentration: 0 }],
    ['an infinite concentration', 'STAT_POLICY_INVALID', { srmConcentration: Infinity }],
    ['a grid that reaches 1', 'STAT_GRID_INVALID', { grid: { points: 2, min: 0.1, max: 1 } }],
    ['a harm margin of −1', 'STAT_MARGIN_RANGE', { streams: [{ ...loss, harmMargin: -1 }] }],
    [
      'a margin that half a quantum pushes out',
      'STAT_MARGIN_RANGE',
      { streams: [{ ...loss, harmMargin: 1, quantum: 10 }] },
    ],
    ['a quantum of a half', 'STAT_POLICY_INVALID', { streams: [{ ...loss, quantum: 0.5 }] }],
    ['a harm budget of 0', 'STAT_POLICY_INVALID', { streams: [{ ...loss, harmBudget: 0 }] }],
    ['a beta of 1 for one stream', 'STAT_ALPHA_RANGE', { streams: [{ ...loss, beta: 1 }] }],
    ['a harm ratio of 0', 'STAT_MARGIN_RANGE', { streams: [{ ...errors, harmRatio: 0 }] }],
    ['a safe ratio of 0', 'STAT_MARGIN_RANGE', { streams: [{ ...errors, safeRatio: 0 }] }],
    [
      'a required count stream without a safe ratio',
      'STAT_POLICY_INVALID',
      { streams: [{ ...errors, requiredForAdvance: true }] },
    ],
    ['weights a little over 1', 'STAT_WEIGHTS_SUM', { streams: [loss, { ...errors, weight: 2e-9 }] }],
  ] as Array<[string, string, Partial<GatePolicy>]>) {
    it(`are refused with ${title}`, () => refuses(code, begin(changes)));
  }
});
