import assert from 'node:assert/strict';
import { logBayesFactorMultinomial, logESrm, StatisticsError } from '../../../src/domain/statistics/index.ts';

const refuses = (code: string, act: () => unknown) =>
  assert.throws(act, (error) => error instanceof StatisticsError && error.code === code);
const HALVES = [0.5, 0.5];

describe('the Bayes factor of a sample ratio', () => {
  it('makes up for shares that miss 1 as doubles, which 10^15 units show', () => {
    // mpmath at 60 digits, on ten times the double next to 0.1.
    const arms = <T>(value: T) => Array.from({ length: 10 }, () => value);
    const got = logBayesFactorMultinomial(arms(1e14), arms(0.1), {});
    assert.ok(Math.abs(got - -124.403356145) < 1e-9, `${got}`);
    const uneven = arms(1e14).map((count, i) => count + 1e7 * (i - 4));
    assert.ok(Math.abs(logBayesFactorMultinomial(uneven, arms(0.1), {}) - -83.153358435) < 1e-7);
  });

  it('is one of the shares as given, where they sum to 1 only nearly', () => {
    const got = logBayesFactorMultinomial([600, 400], [0.5, 0.500_000_5], {});
    assert.ok(Math.abs(got - 9.67460937109792) < 1e-9, `${got}`);
  });

  it('counts exposure in basis points: at 10000 every unit is the candidate’s', () => {
    assert.equal(
      logESrm(new Map([[500, [940, 60]]]), 1000),
      logBayesFactorMultinomial([940, 60], [0.95, 0.05], { concentration: 1000 }),
    );
    assert.deepEqual(
      [logESrm(new Map([[10_000, [0, 9]]]), 1000), logESrm(new Map([[10_000, [1, 9]]]), 1000)],
      [0, Infinity],
    );
  });

  it('is 1 before the first unit, for shares that sum to 1 only nearly, and for a single arm', () => {
    assert.equal(logBayesFactorMultinomial([0, 0], [0.5, 0.500_000_5], {}), 0);
    assert.equal(logBayesFactorMultinomial([5], [1], {}), 0);
  });

  it('has a prior of 1000 units where none is given', () => {
    const of = (o: { concentration?: number }) => logBayesFactorMultinomial([600, 400], HALVES, o);
    assert.equal(of({}), of({ concentration: 1000 }));
    assert.notEqual(of({}), of({ concentration: 1001 }));
  });

  it('refuses no arms, parts of units, and shares that are no distribution although they sum to 1', () => {
    refuses('STAT_LENGTH_MISMATCH', () => logBayesFactorMultinomial([], [], {}));
    for (const count of [-1, 0.5, NaN])
      refuses('STAT_COUNT_INVALID', () => logBayesFactorMultinomial([1, count], HALVES, {}));
    refuses('STAT_WEIGHTS_SUM', () => logBayesFactorMultinomial([1, 1], [-0.5, 1.5], {}));
  });

  it('keeps its digits for priors far from the shares, of hardly any mass or of very much', () => {
    // mpmath at 150 digits.
    for (const [prior, counts, want] of [
      [[1e-100, 1], [1, 0], -229.565362118845],
      [[1e-100, 1], [0, 1], Math.LN2],
      [[1e-100, 1], [3, 5], -229.837295834328],
      [[1e-20, 1], [3, 5], -45.6304883948046],
      [[1, 1e15], [1, 0], -33.8456292143507],
      [[1, 1e15], [0, 1], Math.LN2],
      [[1, 1e15], [3, 5], -96.2793922710245],
    ] as const) {
      const got = logBayesFactorMultinomial(counts, HALVES, { prior });
      assert.ok(Math.abs(got - want) <= 1e-9 + 1e-12 * Math.abs(want), `${prior.join()} ${counts.join()}: ${got}`);
    }
  });

  it('takes prior masses from 1e-100 to 1e15, and 0 for an arm of no share alone', () => {
    const of = (prior: readonly number[], theta = HALVES) => logBayesFactorMultinomial([1, 0], theta, { prior });
    for (const prior of [
      [1e-100, 1],
      [1, 1e15],
    ])
      assert.ok(Number.isFinite(of(prior)));
    assert.equal(of([5, 0], [1, 0]), 0);
    for (const prior of [[9e-101, 1], [1, 1e15 + 1], [0, 1], [1, 2, 3], [1]])
      refuses('STAT_INPUT_INVALID', () => of(prior));
    refuses('STAT_INPUT_INVALID', () => of([5, 1e-200], [1, 0]));
  });
});
