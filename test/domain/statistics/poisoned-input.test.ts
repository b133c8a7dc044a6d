import assert from 'node:assert/strict';
import * as statistics from '../../../src/domain/statistics/index.ts';
import { StatisticsError } from '../../../src/domain/statistics/index.ts';
import type { Cohort, DiffHistogram, GatePolicy } from '../../../src/domain/statistics/index.ts';

const HISTOGRAM: DiffHistogram = [
  [-1, 1, 10],
  [0, 1, 960],
  [1, 3, 30],
];
const WINDOW = { candidateEvents: 3, events: 10, candidateExposures: 200, exposures: 1000 };
const GRID = { points: 8, min: 0.01, max: 0.9 };
const UNITS = [
  { id: 'a', arm: 'candidate', y: 1 },
  { id: 'b', arm: 'control', y: 0 },
  { id: 'c', arm: 'control', y: 0.25 },
] as const;
const POLICY: GatePolicy = {
  alpha: 0.05,
  beta: 0.05,
  alphaHold: 0.2,
  alphaSrm: 0.001,
  srmConcentration: 1000,
  maxMatch: 20,
  restartEvery: 2,
  grid: GRID,
  steps: [
    { exposureBp: 500, minUnits: 1, minCohorts: 1, maxCohorts: 9, minSpan: 1 },
    { exposureBp: 5000, minUnits: 1, minCohorts: 1, maxCohorts: 9 },
  ],
  streams: [
    {
      id: 'loss',
      kind: 'difference',
      weight: 0.8,
      harmMargin: 0,
      safeMargin: 0.02,
      harmBudget: 0.02,
      quantum: 100,
      beta: 0.04,
      lag: 1,
      requiredForAdvance: true,
    },
    { id: 'errors', kind: 'count', weight: 0.2, harmRatio: 1.2, safeRatio: 1.5 },
  ],
};
const COHORTS: Cohort[] = [1, 2, 3].map((cohort) => ({
  cohort,
  step: 0,
  exposureBp: 500,
  status: 'ok',
  assigned: { control: 950, candidate: 50 },
  differences: { loss: HISTOGRAM },
  counts: { errors: [1, 20, 50, 1000] },
}));
const Y = [0, 1, 0, 1, 1];
const SCORES = [0.1, 0.8, 0.4, 0.6, 0.3];

/** A valid call of every public function that takes numbers. */
/** After a first look that knew of nothing. */
const LOOKED_AT: statistics.GateState = {
  ...statistics.beginGate(POLICY),
  watermark: 1,
  state: { loss: { epochs: [[]] }, errors: { windows: {} } },
};

const CALLS: Record<string, unknown[]> = {
  adjustRunningMax: [3],
  analyzeCohorts: [POLICY, COHORTS],
  awaitedEvidence: [statistics.beginGate(POLICY)],
  beginGate: [POLICY],
  beginSrDetector: [{ mu0: 0.06, threshold: 1000, grid: GRID }],
  benjaminiHochberg: [[0.01, 0.5], 0.1],
  benjaminiYekutieli: [[0.01, 0.5], 0.1],
  betaInc: [2, 3, 0.4],
  betaIncUpper: [2, 3, 0.4],
  betaQuantile: [0.4, 2, 3],
  binaryMetrics: [Y, SCORES, 0.5],
  binomialCdf: [3, 10, 0.2],
  binomialLogPmf: [3, 10, 0.2],
  binomialSf: [3, 10, 0.2],
  canonicalHistogram: [HISTOGRAM],
  categoricalDrift: [
    ['a', 'b'],
    ['a', null],
  ],
  chiSquaredQuantile: [0.4, 3],
  chiSquaredSf: [2, 3],
  clopperPearson: [3, 10, 0.95],
  cohenKappa: [[0, 1, 1], [0, 1, 0], 2],
  confidenceBound: [HISTOGRAM, 0.05, 'lower', GRID, 1e-3],
  confidenceBounds: [HISTOGRAM, 0.05, GRID],
  dawidSkene: [
    [
      [0, 1],
      [1, 1],
      [0, null],
    ],
    { classes: 2, iterations: 3, smoothing: 0.1 },
  ],
  deLong: [Y, SCORES, [0.2, 0.1, 0.5, 0.9, 0.7]],
  differenceDistribution: [0.06, 0.05, 3],
  eBenjaminiHochberg: [[3, 0, 5], 0.05],
  eBonferroni: [[3, 0, 5], [0.5, 0.2, 0.3], 0.05],
  eHolm: [[3, 0, 5], [0.5, 0.2, 0.3], 0.05],
  effectiveHarmMargin: [POLICY.streams[0]],
  effectiveSafeMargin: [POLICY, POLICY.streams[0], 0],
  erf: [0.3],
  erfc: [0.3],
  etaGrid: [GRID],
  fSf: [1.5, 3, 4],
  fixedSampleTwoProportions: [{ p0: 0.05, p1: 0.07, alpha: 0.05, power: 0.8, ratio: 5 }],
  fleissKappa: [
    [
      [2, 1],
      [0, 3],
    ],
  ],
  gammaP: [2, 3],
  gammaQ: [2, 3],
  histogramSize: [HISTOGRAM],
  holm: [[0.01, 0.5], 0.1],
  inverseGaussianCdf: [0.7, 2],
  inverseGaussianQuantile: [0.7, 2],
  isSrAlarm: [{ mu0: 0.06, threshold: 1000, grid: GRID, lnR: [0, 1, 2, 3, 4, 5, 6, 7], blocks: 3 }],
  kolmogorovSf: [0.8],
  krippendorffAlpha: [
    [
      [1, 2, null],
      [1, 3, 2],
    ],
    'ratio',
  ],
  logBayesFactorMultinomial: [[148, 62], [0.8, 0.2], { concentration: 100, prior: [80, 20] }],
  logECounts: [[WINDOW, WINDOW], 1.2, 'harm', GRID],
  logEHarmRestart: [[HISTOGRAM, [], HISTOGRAM], 0.01, GRID],
  logESrm: [new Map([[500, [950, 50]]]), 1000],
  logEValue: [HISTOGRAM, 0.01, 'safe', GRID],
  logGamma: [3.5],
  logSrStatistic: [{ mu0: 0.06, threshold: 1000, grid: GRID, lnR: [0, 1, 2, 3, 4, 5, 6, 7], blocks: 3 }],
  logWeightedMean: [
    [3, 0, 5],
    [0.5, 0.2, 0.3],
  ],
  lookAgain: [POLICY, LOOKED_AT, 'ok'],
  lookAt: [POLICY, statistics.beginGate(POLICY), COHORTS[0]],
  matchBlock: [UNITS, { salt: 's', maxMatch: 20, quantum: 100 }],
  mergeHistograms: [HISTOGRAM, HISTOGRAM],
  normalCdf: [0.3],
  normalQuantile: [0.3],
  normalSf: [0.3],
  numericDrift: [[1, 2, 3, null], [2, 3, 4], 3],
  pairedHistogram: [
    [
      [0.5, 0.25],
      [1, 0],
    ],
    100,
  ],
  planSampleSize: [{ values: [-1, 0, 1], probs: [0.02, 0.95, 0.03], margin: 0, direction: 'harm', level: 0.05 }],
  quantile: [[1, 2, 5], 0.3],
  quantileBucket: [[10, 20], [1, 2, 3], 0.5],
  regressionMetrics: [
    [1, 2, 4],
    [1, 3, 4],
    [0.1, 0.5],
  ],
  requirePolicy: [POLICY],
  rocAuc: [Y, SCORES],
  sloExceedance: [[10, 20], { candidate: [1, 2, 3], control: [3, 2, 1] }, 10],
  studentTCdf: [1.5, 3],
  studentTQuantile: [0.3, 3],
  studentTSf: [1.5, 3],
  updateSrDetector: [
    statistics.beginSrDetector({ mu0: 0.06, threshold: 1000, grid: GRID }),
    [
      [0, 19],
      [1, 1],
    ],
  ],
  wilson: [3, 10, 0.95],
};

const POISONS = [undefined, 'x', NaN, Infinity, -Infinity, -1, -0.5, 0.5, 1.5, 3, 1e308, -1e308, 5e-324, 2 ** 53];

/** Every way to replace one number deep inside a value. */
function* poisoned(value: unknown, path: string): Generator<[path: string, value: unknown]> {
  if (typeof value === 'number') for (const poison of POISONS) yield [`${path} = ${poison}`, poison];
  else if (Array.isArray(value)) {
    for (const [i, item] of value.entries())
      for (const [at, changed] of poisoned(item, `${path}[${i}]`)) yield [at, value.with(i, changed)];
  } else if (value instanceof Map) {
    for (const [key, item] of value)
      for (const [at, changed] of poisoned([key, item], path)) yield [at, new Map([changed as [unknown, unknown]])];
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value))
      for (const [at, changed] of poisoned(item, `${path}.${key}`)) yield [at, { ...value, [key]: changed }];
  }
}

function holdsNoNumber(value: unknown): boolean {
  if (typeof value === 'number') return Number.isNaN(value);
  if (typeof value !== 'object' || value === null) return value === undefined;
  return Object.values(value).some(holdsNoNumber);
}

describe('poisoned input', () => {
  for (const [name, args] of Object.entries(CALLS)) {
    it(`is refused by name or answered by numbers: ${name}`, () => {
      const fn = (statistics as Record<string, unknown>)[name] as (...args: unknown[]) => unknown;
      assert.ok(!holdsNoNumber(name === 'requirePolicy' ? null : fn(...args)));
      for (const [at, changed] of poisoned(args, 'arguments')) {
        try {
          const answer = fn(...(changed as unknown[]));
          assert.ok(name === 'requirePolicy' || !holdsNoNumber(answer), `${at} gives ${JSON.stringify(answer)}`);
        } catch (error) {
          if (!(error instanceof StatisticsError)) throw new Error(`${at} is not refused by name`, { cause: error });
        }
      }
    });
  }

  it('is tried on every public function', () => {
    const functions = Object.entries(statistics).filter(([, value]) => typeof value === 'function');
    assert.deepEqual(
      functions.map(([name]) => name).filter((name) => name !== 'StatisticsError' && CALLS[name] === undefined),
      [],
    );
  });
});
