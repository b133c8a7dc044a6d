import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  canonicalHistogram,
  confidenceBounds,
  logBayesFactorMultinomial,
  logECounts,
  logEHarmRestart,
  logESrm,
  logEValue,
  mergeHistograms,
} from '../../../src/domain/statistics/index.ts';
import type { DiffHistogram, Direction } from '../../../src/domain/statistics/index.ts';
import { directions, histograms, margins, nullBranch, shuffled } from './arbitraries.ts';
import type { Branch } from './arbitraries.ts';

const TOLERANCE = 1e-12;
const DEPTH = 5;

/** Expected e-value over every path of a tree whose branches an adversary chooses, by what has been seen so far. */
function expectation(branchAt: (node: number) => Branch, eValue: (path: readonly number[]) => number): number {
  const visit = (path: number[], node: number): number => {
    if (path.length === DEPTH) return eValue(path);
    return branchAt(node).reduce(
      (sum, [value, probability], i) =>
        sum + (probability > 0 ? probability * visit([...path, value], 3 * node + i + 1) : 0),
      0,
    );
  };
  return visit([], 0);
}

function counted(path: readonly number[]): DiffHistogram {
  return mergeHistograms(path.map((value) => [Math.round(value * 20), 20, 1] as const));
}

describe('the e-processes under their null', () => {
  it('expect at most 1 whatever the past makes the next difference depend on (harm and safe)', () => {
    fc.assert(
      fc.property(
        margins,
        directions,
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 40, maxLength: 40 }),
        (margin, direction, choices) => {
          const branchAt = (node: number) => nullBranch(margin, direction, choices[node % choices.length]!);
          const mean = expectation(branchAt, (path) => Math.exp(logEValue(counted(path), margin, direction)));
          assert.ok(mean <= 1 + TOLERANCE, `expectation ${mean}`);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('expect exactly 1 when every conditional mean sits on the margin', () => {
    for (const direction of ['harm', 'safe'] as const) {
      const mean = expectation(
        () => nullBranch(0.1, direction, 0),
        (path) => Math.exp(logEValue(counted(path), 0.1, direction)),
      );
      assert.ok(Math.abs(mean - 1) < 1e-12);
    }
  });

  it('expect at most 1 with restarts, an epoch per difference', () => {
    fc.assert(
      fc.property(
        margins,
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 40, maxLength: 40 }),
        (margin, choices) => {
          const branchAt = (node: number) => nullBranch(margin, 'harm', choices[node % choices.length]!);
          const mean = expectation(branchAt, (path) =>
            Math.exp(
              logEHarmRestart(
                path.map((value) => counted([value])),
                margin,
              ),
            ),
          );
          assert.ok(mean <= 1 + TOLERANCE, `expectation ${mean}`);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('expect at most 1 for event counts, by enumeration of two windows of Bernoulli events', () => {
    const shares = fc.double({ min: 0.02, max: 0.98, noNaN: true });
    fc.assert(
      fc.property(
        shares,
        shares,
        fc.double({ min: 0.3, max: 3, noNaN: true }),
        directions,
        (first, second, ratio, direction) => {
          const windows = [first, second].map((share) => ({ share: Math.round(share * 1000) / 1000, events: 6 }));
          let mean = 0;
          for (let c = 0; c <= 6; c++) {
            for (let d = 0; d <= 6; d++) {
              const probability = [c, d].reduce((product, k, i) => {
                const w = windows[i]!.share;
                const q = (w * ratio) / (w * ratio + 1 - w);
                return product * BINOMIAL_6[k]! * q ** k * (1 - q) ** (6 - k);
              }, 1);
              const counts = [c, d].map((k, i) => ({
                candidateEvents: k,
                events: 6,
                candidateExposures: windows[i]!.share * 1000,
                exposures: 1000,
              }));
              const rounded = counts.map((window) => ({
                ...window,
                candidateExposures: Math.round(window.candidateExposures),
              }));
              mean += probability * Math.exp(logECounts(rounded, ratio, direction));
            }
          }
          assert.ok(mean <= 1 + TOLERANCE, `expectation ${mean}`);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('expect exactly 1 for the sample ratio, by enumeration of all splits', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        fc.integer({ min: 1, max: 30 }),
        fc.constantFrom(10, 1000),
        (share, n, concentration) => {
          let mean = 0;
          let binomial = 1;
          for (let k = 0; k <= n; k++) {
            mean +=
              binomial *
              share ** k *
              (1 - share) ** (n - k) *
              Math.exp(logBayesFactorMultinomial([n - k, k], [1 - share, share], { concentration }));
            binomial = (binomial * (n - k)) / (k + 1);
          }
          assert.ok(Math.abs(mean - 1) < 1e-9, `expectation ${mean}`);
        },
      ),
    );
  });
});

const BINOMIAL_6 = [1, 6, 15, 20, 15, 6, 1];

describe('ln e of differences', () => {
  it('depends on the counts alone, not on their order', () => {
    fc.assert(
      fc.property(histograms, margins, directions, fc.nat(), (h, margin, direction, seed) => {
        assert.equal(logEValue(shuffled(h, seed), margin, direction), logEValue(h, margin, direction));
      }),
    );
  });

  it('falls as the harm margin grows and rises as the safe margin grows', () => {
    fc.assert(
      fc.property(histograms, margins, margins, (h, a, b) => {
        const [low, high] = a < b ? [a, b] : [b, a];
        assert.ok(logEValue(h, low, 'harm') >= logEValue(h, high, 'harm') - TOLERANCE);
        assert.ok(logEValue(h, low, 'safe') <= logEValue(h, high, 'safe') + TOLERANCE);
      }),
    );
  });

  it('is harm seen in the mirror: safe of D at m is harm of −D at −m', () => {
    fc.assert(
      fc.property(histograms, margins, (h, margin) => {
        const mirrored = h.map(([num, den, count]) => [-num, den, count] as const);
        const [safe, harm] = [logEValue(h, margin, 'safe'), logEValue(mirrored, -margin, 'harm')];
        assert.ok(Math.abs(safe - harm) <= 1e-9 + 1e-12 * Math.abs(safe));
      }),
    );
  });

  it('with restarts never falls more than ln(4/3) below the plain one, nor below what the unstarted share is worth', () => {
    fc.assert(
      fc.property(fc.array(histograms, { minLength: 1, maxLength: 6 }), margins, (epochs, margin) => {
        const ln = logEHarmRestart(epochs, margin);
        assert.ok(ln >= logEValue(mergeHistograms(...epochs), margin, 'harm') - Math.log(4 / 3) - 1e-9);
        assert.ok(ln >= -Math.log(4 * epochs.length) - 1e-9);
      }),
    );
  });

  it('with restarts is unchanged by a new, empty epoch', () => {
    fc.assert(
      fc.property(fc.array(histograms, { minLength: 1, maxLength: 5 }), margins, (epochs, margin) => {
        const [before, after] = [logEHarmRestart(epochs, margin), logEHarmRestart([...epochs, []], margin)];
        assert.ok(Math.abs(before - after) <= 1e-9 + 1e-12 * Math.abs(before));
      }),
    );
  });

  for (const [hist, margin, direction, want] of [
    [
      [
        [-1, 1, 200_000],
        [0, 1, 3_600_000],
        [1, 1, 200_000],
      ],
      0.01,
      'safe',
      'FOUR_MILLION_SAFE',
    ],
    [
      [
        [-1, 1, 190_000],
        [0, 1, 3_600_000],
        [1, 1, 210_000],
      ],
      0,
      'harm',
      'FOUR_MILLION_HARM',
    ],
    [
      [
        [-3, 19, 2_000_000],
        [16, 19, 2_000_000],
      ],
      0.3,
      'harm',
      'FOUR_MILLION_WIDE',
    ],
  ] as Array<[DiffHistogram, number, Direction, keyof typeof REFERENCE]>) {
    it(`keeps its digits at four million differences (${want})`, () => {
      const got = logEValue(hist, margin, direction);
      assert.ok(Math.abs(got - REFERENCE[want]) <= 1e-9 + 1e-10 * Math.abs(REFERENCE[want]), `${got}`);
    });
  }
});

/** mpmath at 60 digits. */
const REFERENCE = {
  FOUR_MILLION_SAFE: 1988.626006960655,
  FOUR_MILLION_HARM: 496.8084886232571,
  FOUR_MILLION_WIDE: 14099.28863930061,
};

describe('confidence bounds', () => {
  it('invert the tests: just inside there is evidence at the level, just outside there is none', () => {
    fc.assert(
      fc.property(histograms, fc.constantFrom(0.001, 0.05, 0.3), (h, level) => {
        const { lower, upper } = confidenceBounds(h, level);
        const threshold = -Math.log(level);
        if (lower > -1) assert.ok(logEValue(h, lower, 'harm') >= threshold - 1e-9);
        assert.ok(logEValue(h, Math.max(lower, -1) + 1e-9, 'harm') < threshold + 1e-4);
        if (upper < 1) assert.ok(logEValue(h, upper, 'safe') >= threshold - 1e-9);
        assert.ok(logEValue(h, Math.min(upper, 1) - 1e-9, 'safe') < threshold + 1e-4);
      }),
    );
  });

  it('hold the mean between them and narrow as the level grows', () => {
    fc.assert(
      fc.property(histograms, (h) => {
        const size = h.reduce((sum, [, , count]) => sum + count, 0);
        const mean = size === 0 ? 0 : h.reduce((sum, [num, den, count]) => sum + (num / den) * count, 0) / size;
        const [wide, narrow] = [confidenceBounds(h, 0.01), confidenceBounds(h, 0.2)];
        assert.ok(
          wide.lower <= narrow.lower && narrow.lower <= mean && mean <= narrow.upper && narrow.upper <= wide.upper,
        );
      }),
    );
  });
});

describe('histograms of differences', () => {
  it('merge associatively and commutatively, with the empty one as unit', () => {
    fc.assert(
      fc.property(histograms, histograms, histograms, (a, b, c) => {
        const left = mergeHistograms(mergeHistograms(a, b), c);
        assert.deepEqual(left, mergeHistograms(a, mergeHistograms(b, c)));
        assert.deepEqual(left, mergeHistograms(c, b, [], a));
      }),
    );
  });

  it('have one form: without zero counts, reduced, ascending, each value once, and 0 without a sign', () => {
    for (const [given, want] of [
      [
        [
          [0, 1, 0],
          [1, 1, 3],
        ],
        [[1, 1, 3]],
      ],
      [[[2, 4, 1]], [[1, 2, 1]]],
      [[[-0, 1, 2]], [[0, 1, 2]]],
      [
        [
          [1, 1, 3],
          [0, 1, 1],
        ],
        [
          [0, 1, 1],
          [1, 1, 3],
        ],
      ],
      [
        [
          [1, 2, 3],
          [1, 2, 1],
        ],
        [[1, 2, 4]],
      ],
    ] as Array<[DiffHistogram, DiffHistogram]>) {
      assert.deepEqual(canonicalHistogram(given), want);
      assert.equal(logEValue(given, 0.1, 'harm'), logEValue(want, 0.1, 'harm'));
    }
  });

  it('are canonical once merged: reduced, ascending, without zero counts; merging alone changes nothing', () => {
    fc.assert(
      fc.property(histograms, (h) => {
        const merged = mergeHistograms(h);
        assert.deepEqual(mergeHistograms(merged), merged);
        for (const [i, [num, den, count]] of merged.entries()) {
          assert.ok(count > 0 && den > 0);
          if (i > 0) assert.ok(merged[i - 1]![0] / merged[i - 1]![1] < num / den);
        }
      }),
    );
  });
});

describe('the sample-ratio test', () => {
  it('adds up over exposure segments, whatever their order', () => {
    const segment = fc.tuple(fc.integer({ min: 1, max: 9999 }), fc.tuple(fc.nat(100_000), fc.nat(100_000)));
    fc.assert(
      fc.property(fc.uniqueArray(segment, { selector: ([bp]) => bp, maxLength: 5 }), (segments) => {
        const together = logESrm(new Map(segments), 1000);
        const alone = segments.reduce((sum, one) => sum + logESrm(new Map([one]), 1000), 0);
        assert.ok(Math.abs(together - alone) <= 1e-9 + 1e-12 * Math.abs(alone));
        assert.equal(together, logESrm(new Map([...segments].reverse()), 1000));
      }),
    );
  });

  it('is infinite when an arm of no share has units, and silent at exposure 0 without them', () => {
    assert.equal(logESrm(new Map([[0, [1000, 0]]]), 1000), 0);
    assert.equal(logESrm(new Map([[0, [1000, 1]]]), 1000), Infinity);
  });
});
