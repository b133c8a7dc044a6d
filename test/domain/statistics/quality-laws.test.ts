import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  benjaminiHochberg,
  benjaminiYekutieli,
  betaInc,
  betaIncUpper,
  betaQuantile,
  binaryMetrics,
  categoricalDrift,
  chiSquaredQuantile,
  chiSquaredSf,
  clopperPearson,
  cohenKappa,
  dawidSkene,
  eBenjaminiHochberg,
  eBonferroni,
  eHolm,
  gammaP,
  gammaQ,
  holm,
  krippendorffAlpha,
  logGamma,
  normalCdf,
  normalQuantile,
  numericDrift,
  quantile,
  rocAuc,
  studentTCdf,
  studentTQuantile,
  wilson,
} from '../../../src/domain/statistics/index.ts';
import { shuffled } from './arbitraries.ts';

const near = (got: number, want: number, rel = 1e-9) => Math.abs(got - want) <= 1e-12 + rel * Math.abs(want);
const assertNear = (got: number, want: number, rel?: number) => assert.ok(near(got, want, rel), `${got} for ${want}`);
const probability = fc.double({ min: 1e-6, max: 1 - 1e-6, noNaN: true });
const scored = fc.array(fc.tuple(fc.constantFrom(0, 1), fc.integer({ min: 0, max: 8 })), {
  minLength: 2,
  maxLength: 60,
});
const numbers = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 60 });

describe('the area under the ROC curve', () => {
  it('is the share of pairs in order, ties one half', () => {
    fc.assert(
      fc.property(scored, (units) => {
        let [sum, pairs] = [0, 0];
        for (const [y1, s1] of units)
          for (const [y0, s0] of units)
            if (y1 === 1 && y0 === 0) [sum, pairs] = [sum + (s1 > s0 ? 1 : s1 === s0 ? 0.5 : 0), pairs + 1];
        const auc = rocAuc(
          units.map(([y]) => y),
          units.map(([, s]) => s),
        );
        assert.equal(auc, pairs === 0 ? null : sum / pairs);
      }),
    );
  });

  it('turns into its complement with the scores, and ignores their scale', () => {
    fc.assert(
      fc.property(scored, (units) => {
        const y = units.map(([outcome]) => outcome);
        const auc = rocAuc(
          y,
          units.map(([, s]) => s),
        );
        if (auc === null) return;
        assertNear(
          rocAuc(
            y,
            units.map(([, s]) => -s),
          )!,
          1 - auc,
        );
        assert.equal(
          rocAuc(
            y,
            units.map(([, s]) => Math.exp(s / 7)),
          ),
          auc,
        );
      }),
    );
  });
});

describe('metrics of probabilities', () => {
  it('do not depend on the order of units', () => {
    fc.assert(
      fc.property(scored, fc.nat(), (units, seed) => {
        const metrics = (rows: typeof units) =>
          binaryMetrics(
            rows.map(([y]) => y),
            rows.map(([, s]) => (s + 0.5) / 9),
            0.5,
          );
        const [a, b] = [metrics(units), metrics(shuffled(units, seed))];
        assert.deepEqual([a.rocAuc, a.averagePrecision, a.confusion], [b.rocAuc, b.averagePrecision, b.confusion]);
        assertNear(a.logLoss, b.logLoss);
        assertNear(a.eceEqualWidth10, b.eceEqualWidth10);
      }),
    );
  });
});

describe('special functions', () => {
  it('invert: a quantile gives its probability back', () => {
    fc.assert(
      fc.property(
        probability,
        fc.double({ min: 1, max: 300, noNaN: true }),
        fc.double({ min: 1, max: 300, noNaN: true }),
        (p, a, b) => {
          assertNear(normalCdf(normalQuantile(p)), p);
          assertNear(1 - chiSquaredSf(chiSquaredQuantile(p, a), a), p, 1e-8);
          assertNear(studentTCdf(studentTQuantile(p, a), a), p, 1e-8);
          assertNear(betaInc(a, b, betaQuantile(p, a, b)), p, 1e-8);
        },
      ),
    );
  });

  it('have tails that add up to 1, and a gamma function that recurs', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 1e4, noNaN: true }),
        fc.double({ min: 0.01, max: 1e4, noNaN: true }),
        probability,
        (a, x, p) => {
          assertNear(gammaP(a, x) + gammaQ(a, x), 1);
          assertNear(betaInc(a, x, p) + betaIncUpper(a, x, p), 1);
          assert.ok(Math.abs(logGamma(a + 1) - logGamma(a) - Math.log(a)) < 1e-10 * Math.max(1, logGamma(a + 1)));
        },
      ),
    );
  });

  it('hold the observed share inside both intervals of a proportion', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), fc.double({ min: 0, max: 1, noNaN: true }), (n, share) => {
        const k = Math.round(share * n);
        for (const { lower, upper } of [clopperPearson(k, n, 0.95), wilson(k, n, 0.95)]) {
          assert.ok(lower >= 0 && lower <= k / n + 1e-12 && upper >= k / n - 1e-12 && upper <= 1);
        }
      }),
    );
  });

  it('keep quantiles between the extremes and ascending in q', () => {
    fc.assert(
      fc.property(
        numbers,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, p, q) => {
          const [low, high] = [quantile(values, Math.min(p, q)), quantile(values, Math.max(p, q))];
          assert.ok(low >= Math.min(...values) && low <= high && high <= Math.max(...values));
        },
      ),
    );
  });
});

describe('multiplicity', () => {
  const evidence = fc.array(fc.tuple(fc.double({ min: -5, max: 12, noNaN: true }), fc.integer({ min: 0, max: 9 })), {
    minLength: 1,
    maxLength: 12,
  });

  it('rejects by e-Holm whatever e-Bonferroni rejects, and never a stream of weight 0', () => {
    fc.assert(
      fc.property(evidence, (drawn) => {
        const sum = drawn.reduce((total, [, weight]) => total + weight, 0) || 1;
        const weights = drawn.map(([, weight]) => weight / sum);
        const lnE = drawn.map(([ln]) => ln);
        const [bonferroni, stepDown] = [eBonferroni(lnE, weights, 0.05), eHolm(lnE, weights, 0.05)];
        for (const [i, weight] of weights.entries()) {
          if (bonferroni[i]) assert.ok(stepDown[i]);
          if (weight === 0) assert.ok(!stepDown[i]);
        }
      }),
    );
  });

  it('rejects more, never fewer, as e-values grow (e-BH)', () => {
    fc.assert(
      fc.property(evidence, fc.nat(11), (drawn, which) => {
        const lnE = drawn.map(([ln]) => ln);
        const more = lnE.map((ln, i) => (i === which % lnE.length ? ln + 1 : ln));
        const [before, after] = [eBenjaminiHochberg(lnE, 0.1), eBenjaminiHochberg(more, 0.1)];
        for (const [i, rejected] of before.entries()) if (rejected) assert.ok(after[i]);
      }),
    );
  });

  it('orders its p-value corrections: Benjamini-Hochberg rejects most, Holm and Yekutieli no more', () => {
    fc.assert(
      fc.property(fc.array(probability, { minLength: 1, maxLength: 20 }), (p) => {
        const [bh, by, stepDown] = [benjaminiHochberg(p, 0.1), benjaminiYekutieli(p, 0.1), holm(p, 0.1)];
        for (const [i, rejected] of bh.reject.entries()) {
          if (by.reject[i] || stepDown.reject[i]) assert.ok(rejected);
          assert.ok(bh.adjusted[i]! >= p[i]! - 1e-15 && bh.adjusted[i]! <= 1);
        }
      }),
    );
  });
});

describe('drift', () => {
  it('is nothing between a sample and itself, in any order', () => {
    fc.assert(
      fc.property(numbers, fc.nat(), (values, seed) => {
        const drift = numericDrift(values, shuffled(values, seed), 10);
        assert.ok('jsDistanceBase2' in drift);
        assert.deepEqual(
          [drift.ks?.statistic, drift.ks?.pExact, drift.wasserstein1, drift.jsDistanceBase2, drift.totalVariation],
          [0, 1, 0, 0, 0],
        );
      }),
    );
  });

  it('stays within its bounds and grows with a shift (Wasserstein)', () => {
    fc.assert(
      fc.property(numbers, fc.integer({ min: 1, max: 100 }), (values, shift) => {
        const drift = numericDrift(
          values,
          values.map((value) => value + shift),
          10,
        );
        assert.ok('jsDistanceBase2' in drift);
        assertNear(drift.wasserstein1!, shift);
        for (const distance of [
          drift.ks!.statistic,
          drift.jsDistanceBase2,
          drift.hellinger,
          drift.totalVariation,
          drift.lInfinity,
        ]) {
          assert.ok(distance >= 0 && distance <= 1 + 1e-12);
        }
      }),
    );
  });

  it('names categories that come and go, missing ones among them', () => {
    const { newCategories, goneCategories, categories } = categoricalDrift(['b', 'a', 'a'], ['a', null, 'c']);
    assert.deepEqual([categories, newCategories, goneCategories], [['a', 'b', 'c', null], ['c', null], ['b']]);
  });
});

describe('agreement', () => {
  const ratings = fc.array(fc.tuple(fc.nat(2), fc.nat(2)), { minLength: 2, maxLength: 40 });

  it('does not ask who was first, nor what the categories are called', () => {
    fc.assert(
      fc.property(ratings, (pairs) => {
        const [a, b] = [pairs.map(([x]) => x), pairs.map(([, x]) => x)];
        const rename = (x: number) => [2, 0, 1][x]!;
        const [kappa, swapped, renamed] = [
          cohenKappa(a, b, 3).kappa,
          cohenKappa(b, a, 3).kappa,
          cohenKappa(a.map(rename), b.map(rename), 3).kappa,
        ];
        assert.deepEqual([kappa === null, kappa === null], [swapped === null, renamed === null]);
        if (kappa !== null) for (const other of [swapped!, renamed!]) assertNear(other, kappa);
        const alpha = krippendorffAlpha([a, b], 'nominal');
        if (alpha !== null) assertNear(krippendorffAlpha([b.map(rename), a.map(rename)], 'nominal')!, alpha);
      }),
    );
  });

  it('gives classes as probabilities whatever the votes (Dawid-Skene)', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.option(fc.nat(2)), { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 20 }),
        (labels) => {
          const { posterior, prior, confusion } = dawidSkene(labels, { classes: 3, iterations: 4, smoothing: 0.01 });
          for (const row of [...posterior, prior, ...confusion.flat()])
            assertNear(
              row.reduce((sum, share) => sum + share, 0),
              1,
            );
        },
      ),
    );
  });
});
