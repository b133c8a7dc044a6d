import assert from 'node:assert/strict';
import {
  analyzeCohorts,
  beginGate,
  beginSrDetector,
  binaryMetrics,
  confidenceBounds,
  differenceDistribution,
  eBonferroni,
  etaGrid,
  lookAt,
  logBayesFactorMultinomial,
  logECounts,
  logEValue,
  matchBlock,
  numericDrift,
  pairedHistogram,
  planSampleSize,
  quantile,
  requirePolicy,
  sloExceedance,
  STATISTICS_ERROR_CODES,
  StatisticsError,
  updateSrDetector,
} from '../../../src/domain/statistics/index.ts';
import type {
  Cohort,
  GatePolicy,
  StatisticsErrorCode,
  StreamPolicy,
  Unit,
} from '../../../src/domain/statistics/index.ts';

const MATCHING = { salt: 's', maxMatch: 20, quantum: 0 };
const LOSS: StreamPolicy = {
  id: 'loss',
  kind: 'difference',
  weight: 1,
  harmMargin: 0,
  safeMargin: 0.02,
  requiredForAdvance: true,
};
const POLICY: GatePolicy = {
  alpha: 0.05,
  beta: 0.05,
  alphaHold: 0.2,
  alphaSrm: 0.001,
  srmConcentration: 1000,
  maxMatch: 20,
  restartEvery: 24,
  steps: [{ exposureBp: 500, minUnits: 1, minCohorts: 1, maxCohorts: 9 }],
  streams: [LOSS],
};
const COHORT: Cohort = { cohort: 1, step: 0, exposureBp: 500, status: 'ok', assigned: { control: 9, candidate: 1 } };

const unit = (y: number, id = 'u1', arm: Unit['arm'] = 'candidate'): Unit => ({ id, arm, y });
const policyOf = (changes: Partial<GatePolicy>) => () => beginGate({ ...POLICY, ...changes });
const streamOf = (changes: Partial<StreamPolicy>) => policyOf({ streams: [{ ...LOSS, ...changes } as StreamPolicy] });
const cohortOf = (changes: Partial<Cohort>) => () => analyzeCohorts(POLICY, [{ ...COHORT, ...changes }]);

const REFUSALS: Array<[title: string, code: StatisticsErrorCode, act: () => unknown]> = [
  ['a harm margin of −1', 'STAT_MARGIN_RANGE', () => logEValue([], -1, 'harm')],
  ['a safe margin of 1', 'STAT_MARGIN_RANGE', () => logEValue([], 1, 'safe')],
  ['a margin that is NaN', 'STAT_MARGIN_RANGE', () => logEValue([], NaN, 'harm')],
  ['a tolerated ratio of 0', 'STAT_MARGIN_RANGE', () => logECounts([], 0, 'harm')],
  ['a negative count', 'STAT_COUNT_INVALID', () => logEValue([[0, 1, -1]], 0, 'harm')],
  ['a count of half a difference', 'STAT_COUNT_INVALID', () => logEValue([[0, 1, 0.5]], 0, 'harm')],
  ['a difference beyond 1', 'STAT_DIFFERENCE_RANGE', () => logEValue([[3, 2, 1]], 0, 'harm')],
  ['a difference that is NaN', 'STAT_DIFFERENCE_RANGE', () => logEValue([[NaN, 1, 1]], 0, 'harm')],
  ['a denominator of 0', 'STAT_DIFFERENCE_RANGE', () => logEValue([[0, 0, 1]], 0, 'harm')],
  ['an empty grid', 'STAT_GRID_INVALID', () => etaGrid({ points: 0, min: 0.1, max: 0.9 })],
  ['a grid that reaches 1', 'STAT_GRID_INVALID', () => etaGrid({ points: 2, min: 0.1, max: 1 })],
  ['a confidence level of 0', 'STAT_ALPHA_RANGE', () => confidenceBounds([], 0)],
  [
    'more candidate events than events',
    'STAT_COUNT_INVALID',
    () => logECounts([{ candidateEvents: 2, events: 1, candidateExposures: 1, exposures: 2 }], 1, 'harm'),
  ],
  ['a match to none', 'STAT_INPUT_INVALID', () => matchBlock([], { ...MATCHING, maxMatch: 0 })],
  ['a match to half a unit', 'STAT_INPUT_INVALID', () => matchBlock([], { ...MATCHING, maxMatch: 1.5 })],
  ['a negative quantum', 'STAT_INPUT_INVALID', () => matchBlock([], { ...MATCHING, quantum: -1 })],
  ['a quantum between two', 'STAT_INPUT_INVALID', () => matchBlock([], { ...MATCHING, quantum: 0.5 })],
  ['a unit twice in one block', 'STAT_UNIT_TWICE', () => matchBlock([unit(0), unit(1)], MATCHING)],
  ['a unit in both arms', 'STAT_UNIT_TWICE', () => matchBlock([unit(0), unit(1, 'u1', 'control')], MATCHING)],
  ['a loss above 1', 'STAT_LOSS_RANGE', () => matchBlock([unit(1.5), unit(0, 'u2', 'control')], MATCHING)],
  ['a loss that is NaN', 'STAT_LOSS_RANGE', () => matchBlock([unit(NaN), unit(0, 'u2', 'control')], MATCHING)],
  [
    'a fractional loss without a quantum',
    'STAT_QUANTUM_REQUIRED',
    () => matchBlock([unit(0.5), unit(0, 'u2', 'control')], MATCHING),
  ],
  ['a shadow pair outside [0, 1]', 'STAT_LOSS_RANGE', () => pairedHistogram([[0, 2]], 100)],
  ['an arm that is neither', 'STAT_INPUT_INVALID', () => matchBlock([unit(0, 'u1', 'stable' as 'control')], MATCHING)],
  ['shares that do not sum to 1', 'STAT_WEIGHTS_SUM', () => logBayesFactorMultinomial([1, 1], [0.5, 0.6], {})],
  ['counts for another number of arms', 'STAT_LENGTH_MISMATCH', () => logBayesFactorMultinomial([1], [0.5, 0.5], {})],
  ['e-value weights over 1', 'STAT_WEIGHTS_SUM', () => eBonferroni([0, 0], [0.6, 0.6], 0.05)],
  [
    'an objective inside a bucket',
    'slo-not-a-bucket-edge',
    () => sloExceedance([10, 20], { candidate: [1, 1, 1], control: [1, 1, 1] }, 15),
  ],
  ['a reference loss of 0', 'STAT_MARGIN_RANGE', () => beginSrDetector({ mu0: 0, threshold: 100 })],
  [
    'a detector loss below 0',
    'STAT_LOSS_RANGE',
    () => updateSrDetector(beginSrDetector({ mu0: 0.1, threshold: 100 }), [[-0.1, 1]]),
  ],
  [
    'probabilities that are no distribution',
    'STAT_INPUT_INVALID',
    () => planSampleSize({ values: [0], probs: [0.5], margin: 0, direction: 'harm', level: 0.05 }),
  ],
  ['a rate above 1', 'STAT_INPUT_INVALID', () => differenceDistribution(1.1, 0, 1)],
  ['an outcome that is neither 0 nor 1', 'STAT_INPUT_INVALID', () => binaryMetrics([2], [0.5], 0.5)],
  ['a probability above 1', 'STAT_INPUT_INVALID', () => binaryMetrics([1], [1.5], 0.5)],
  ['a prediction that is NaN', 'STAT_INPUT_INVALID', () => binaryMetrics([1], [NaN], 0.5)],
  ['no outcomes', 'STAT_INPUT_EMPTY', () => binaryMetrics([], [], 0.5)],
  ['the quantile of nothing', 'STAT_INPUT_EMPTY', () => quantile([], 0.5)],
  ['an empty current sample', 'STAT_INPUT_EMPTY', () => numericDrift([1], [], 10)],
  ['an alpha of 0', 'STAT_ALPHA_RANGE', policyOf({ alpha: 0 })],
  ['a policy without steps', 'STAT_POLICY_INVALID', policyOf({ steps: [] })],
  ['stream weights over 1', 'STAT_WEIGHTS_SUM', policyOf({ streams: [LOSS, { ...LOSS, id: 'other' }] })],
  [
    'one stream id twice',
    'STAT_POLICY_INVALID',
    policyOf({
      streams: [
        { ...LOSS, weight: 0.1 },
        { ...LOSS, weight: 0.1 },
      ],
    }),
  ],
  ['a required stream without safe margin', 'STAT_POLICY_INVALID', streamOf({ safeMargin: null })],
  ['a harm budget of 1', 'STAT_POLICY_INVALID', streamOf({ harmBudget: 1 })],
  ['a safe margin of 1 in a policy', 'STAT_MARGIN_RANGE', streamOf({ safeMargin: 1 })],
  ['a lag of half a cohort', 'STAT_POLICY_INVALID', streamOf({ lag: 0.5 })],
  ['a negative weight', 'STAT_POLICY_INVALID', streamOf({ weight: -0.1 })],
  ['a cohort numbered 0', 'STAT_COHORT_INVALID', cohortOf({ cohort: 0 })],
  ['a cohort between two', 'STAT_COHORT_INVALID', cohortOf({ cohort: 1.5 })],
  ['a cohort at half a basis point', 'STAT_COHORT_INVALID', cohortOf({ exposureBp: 0.5 })],
  [
    'a void cohort with a negative number of control units',
    'STAT_COUNT_INVALID',
    cohortOf({ status: 'void', assigned: { control: -1, candidate: 0 } }),
  ],
  [
    'a void cohort with a part of a candidate unit',
    'STAT_COUNT_INVALID',
    cohortOf({ status: 'void', assigned: { control: 0, candidate: 0.5 } }),
  ],
  [
    'an empty grid of a policy',
    'STAT_GRID_INVALID',
    () => requirePolicy({ ...POLICY, grid: { points: 0, min: 0.1, max: 0.9 } }),
  ],
  ['a cohort of unknown status', 'STAT_COHORT_INVALID', cohortOf({ status: 'done' as 'ok' })],
  ['a negative number of units', 'STAT_COUNT_INVALID', cohortOf({ assigned: { control: -1, candidate: 0 } })],
  ['a cohort out of turn', 'STAT_COHORT_ORDER', () => lookAt(POLICY, beginGate(POLICY), { ...COHORT, cohort: 2 })],
  [
    'a completion of a cohort not yet looked at',
    'STAT_COHORT_ORDER',
    () => lookAt(POLICY, beginGate(POLICY), COHORT, { completions: [{ cohort: 1 }] }),
  ],
  [
    'a look after the end',
    'STAT_GATE_ENDED',
    () => lookAt(POLICY, { ...beginGate(POLICY), terminal: 'rolled-back' }, COHORT),
  ],
  [
    'a state of another policy',
    'STAT_INPUT_INVALID',
    () => lookAt(POLICY, beginGate({ ...POLICY, streams: [] }), COHORT),
  ],
  [
    'one cohort with two contents',
    'conflicting-cohort',
    () => analyzeCohorts(POLICY, [COHORT, { ...COHORT, assigned: { control: 8, candidate: 2 } }]),
  ],
];

describe('refusals', () => {
  for (const [title, code, act] of REFUSALS) {
    it(`refuses ${title} as ${code}, naming the remedy`, () => {
      assert.throws(
        act,
        (error) => error instanceof StatisticsError && error.code === code && /[;,]/.test(error.message),
      );
    });
  }

  it('has a case for every code of its closed list', () => {
    const shown = new Set(REFUSALS.map(([, code]) => code));
    assert.deepEqual(
      STATISTICS_ERROR_CODES.filter((code) => !shown.has(code)),
      [],
    );
  });
});
