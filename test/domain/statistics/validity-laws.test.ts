import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  analyzeCohorts,
  beginSrDetector,
  logECounts,
  logESrm,
  logEValue,
  logSrStatistic,
  updateSrDetector,
} from '../../../src/domain/statistics/index.ts';
import type { Cohort, DiffHistogram, GatePolicy } from '../../../src/domain/statistics/index.ts';
import { histograms, margins, shuffled } from './arbitraries.ts';

/**
 * Exact probability that a walk of `steps` differences ±1 with mean `margin` ever gives harm evidence at `alpha`, or safe evidence at
 * `beta`: no sampling, every path counted by its number of bad units.
 */
function crossings(margin: number, alpha: number, beta: number, steps: number) {
  const bad = (1 + margin) / 2;
  const [harmAt, safeAt] = [-Math.log(alpha), -Math.log(beta)];
  let alive = [1];
  const ever = { harm: 0, safe: 0 };
  for (let n = 1; n <= steps; n++) {
    const next = Array.from({ length: n + 1 }, (_, k) => (alive[k] ?? 0) * (1 - bad) + (alive[k - 1] ?? 0) * bad);
    for (const [k, probability] of next.entries()) {
      const hist: DiffHistogram = [
        [-1, 1, n - k],
        [1, 1, k],
      ];
      const isHarm = logEValue(hist, margin, 'harm') >= harmAt;
      const isSafe = logEValue(hist, margin, 'safe') >= safeAt;
      if (isHarm) ever.harm += probability;
      if (isSafe) ever.safe += probability;
      if (isHarm || isSafe) next[k] = 0;
    }
    alive = next;
  }
  return ever;
}

describe('verdicts at equal margins', () => {
  it('are never both above 1: evidence of harm and of safety exclude each other at every look', () => {
    fc.assert(
      fc.property(histograms, margins, (h, margin) => {
        assert.ok(Math.min(logEValue(h, margin, 'harm'), logEValue(h, margin, 'safe')) <= 1e-9);
      }),
    );
  });

  for (const margin of [-0.3, 0, 0.2]) {
    it(`are wrong with probability at most alpha and beta, over all of 150 looks together (margin ${margin})`, () => {
      const { harm, safe } = crossings(margin, 0.1, 0.2, 150);
      assert.ok(harm > 0 && harm <= 0.1, `harm ${harm}`);
      assert.ok(safe > 0 && safe <= 0.2, `safe ${safe}`);
      assert.ok(harm + safe <= 0.3);
    });
  }
});

describe('event counts', () => {
  const windows = fc.array(
    fc
      .tuple(fc.nat(20), fc.nat(20), fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 500 }))
      .map(([c, s, x, y]) => ({ candidateEvents: c, events: c + s, candidateExposures: x, exposures: x + y })),
    { maxLength: 8 },
  );

  it('depend on the set of windows, not on their order, nor on windows that cannot speak', () => {
    fc.assert(
      fc.property(windows, fc.nat(), (given, seed) => {
        const silent = [
          { candidateEvents: 0, events: 0, candidateExposures: 5, exposures: 9 },
          { candidateEvents: 3, events: 3, candidateExposures: 9, exposures: 9 },
          { candidateEvents: 0, events: 3, candidateExposures: 0, exposures: 9 },
        ];
        for (const direction of ['harm', 'safe'] as const) {
          const want = logECounts(given, 1.2, direction);
          const got = logECounts(shuffled([...given, ...silent], seed), 1.2, direction);
          assert.ok(Math.abs(got - want) <= 1e-9 + 1e-12 * Math.abs(want));
        }
      }),
    );
  });

  it('weigh less against harm, and more for safety, as the tolerated ratio grows', () => {
    fc.assert(
      fc.property(windows, fc.double({ min: 0.2, max: 5, noNaN: true }), (given, ratio) => {
        assert.ok(logECounts(given, ratio, 'harm') >= logECounts(given, ratio * 1.1, 'harm') - 1e-9);
        assert.ok(logECounts(given, ratio, 'safe') <= logECounts(given, ratio * 1.1, 'safe') + 1e-9);
      }),
    );
  });
});

describe('the sample-ratio process over two exposures', () => {
  it('expects exactly 1, by enumeration of all splits of both', () => {
    const [first, second] = [0.05, 0.1];
    const binomial = (n: number, k: number, p: number): number => {
      let value = (1 - p) ** n;
      for (let i = 0; i < k; i++) value *= ((n - i) / (i + 1)) * (p / (1 - p));
      return value;
    };
    let mean = 0;
    for (let a = 0; a <= 12; a++) {
      for (let b = 0; b <= 9; b++) {
        const segments = new Map<number, readonly [number, number]>([
          [500, [12 - a, a]],
          [1000, [9 - b, b]],
        ]);
        mean += binomial(12, a, first) * binomial(9, b, second) * Math.exp(logESrm(segments, 100));
      }
    }
    assert.ok(Math.abs(mean - 1) < 1e-9, `expectation ${mean}`);
  });
});

describe('the e-detector', () => {
  const R = (losses: ReadonlyArray<readonly [number, number]>[], mu0: number): number => {
    const end = losses.reduce(updateSrDetector, beginSrDetector({ mu0, threshold: 1000 }));
    return Math.exp(logSrStatistic(end));
  };

  it('expects no more than the number of units seen, exactly that when the mean sits on the reference', () => {
    for (const mu0 of [0.06, 0.5]) {
      const visit = (path: Array<[number, number]>[], probability: number, rate: number): number =>
        path.length === 6
          ? probability * R(path, mu0)
          : visit([...path, [[1, 1]]], probability * rate, rate) +
            visit([...path, [[0, 1]]], probability * (1 - rate), rate);
      assert.ok(Math.abs(visit([], 1, mu0) - 6) < 1e-9);
      assert.ok(visit([], 1, mu0 / 2) < 6);
    }
  });

  it('does not ask in which order losses stand within a block, nor how they are grouped in it', () => {
    const losses = fc.array(fc.tuple(fc.constantFrom(0, 0.25, 0.5, 1), fc.integer({ min: 1, max: 4 })), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(losses, fc.nat(), (block, seed) => {
        const single = block.flatMap(([x, count]) => Array.from({ length: count }, (): [number, number] => [x, 1]));
        const [grouped, apart] = [R([block, block], 0.1), R([shuffled(single, seed), block], 0.1)];
        assert.ok(Math.abs(grouped - apart) <= 1e-9 * grouped);
      }),
    );
  });
});

describe('records of equal evidence', () => {
  const policy: GatePolicy = {
    alpha: 0.05,
    beta: 0.05,
    alphaHold: 0.2,
    alphaSrm: 0.001,
    srmConcentration: 1000,
    maxMatch: 20,
    restartEvery: 2,
    steps: [{ exposureBp: 500, minUnits: 1, minCohorts: 1, maxCohorts: 99 }],
    streams: [
      { id: 'loss', kind: 'difference', weight: 0.5, harmMargin: 0, safeMargin: 0.02, requiredForAdvance: true },
      { id: 'late', kind: 'difference', weight: 0.5, harmMargin: 0, safeMargin: null },
    ],
  };

  it('serialise to the same bytes however their histograms are written and their keys are ordered', () => {
    fc.assert(
      fc.property(fc.array(histograms, { minLength: 1, maxLength: 6 }), fc.nat(), (evidence, seed) => {
        const cohorts = evidence.map((loss, i): Cohort => ({
          cohort: i + 1,
          step: 0,
          exposureBp: 500,
          status: 'ok',
          assigned: { control: 950, candidate: 50 },
          differences: { loss, late: loss },
        }));
        const rewritten = cohorts.map(({ differences, ...rest }): Cohort => {
          const loss = shuffled(differences!['loss']!, seed).flatMap(
            ([num, den, count]): Array<[number, number, number]> => [
              [2 * num, 2 * den, count],
              [num, den, 0],
            ],
          );
          return Object.fromEntries(
            Object.entries({ ...rest, differences: { late: loss, loss } }).reverse(),
          ) as unknown as Cohort;
        });
        assert.equal(
          JSON.stringify(analyzeCohorts(policy, rewritten)),
          JSON.stringify(analyzeCohorts(policy, cohorts)),
        );
      }),
    );
  });
});
