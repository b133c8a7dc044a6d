import assert from 'node:assert/strict';
import fc from 'fast-check';
import { binColumn } from '../../../src/domain/learning/binning.ts';

const column = (kind: 'numeric' | 'categorical', values: number[]) => ({
  name: 'x',
  kind,
  values: Float64Array.from(values),
});
const counting = (length: number): number[] => Array.from({ length }, (_, row) => row);
const reals = fc.array(
  fc.oneof({ weight: 5, arbitrary: fc.double({ noDefaultInfinity: true }) }, fc.integer({ min: 0, max: 5 })),
  { minLength: 1, maxLength: 200 },
);

describe('binning a numeric column', () => {
  it('keeps the order of values, and equal values together', () => {
    fc.assert(
      fc.property(reals, fc.integer({ min: 2, max: 255 }), (values, binsMax) => {
        const { bins, binCount, missingBin } = binColumn(column('numeric', values), binsMax);
        assert.ok(binCount <= binsMax);
        const order = [...values.keys()]
          .filter((row) => !Number.isNaN(values[row]))
          .sort((a, b) => values[a]! - values[b]!);
        for (const [index, row] of order.entries()) {
          const previous = order[index - 1];
          if (previous === undefined) continue;
          assert.ok(bins[previous]! <= bins[row]!);
          if (values[previous] === values[row]) assert.equal(bins[previous], bins[row]);
        }
        for (const [row, value] of values.entries()) assert.equal(bins[row] === missingBin, Number.isNaN(value));
      }),
    );
  });

  it('puts a value in the bin whose cut is the first not below it, so that splits can be told as thresholds', () => {
    fc.assert(
      fc.property(reals, fc.integer({ min: 2, max: 255 }), (values, binsMax) => {
        const { bins, cuts } = binColumn(column('numeric', values), binsMax);
        for (const [row, value] of values.entries())
          if (!Number.isNaN(value))
            assert.equal(
              bins[row],
              cuts.findIndex((cut) => value <= cut),
            );
      }),
    );
  });

  it('gives every value a bin of its own while there are enough', () => {
    const { binCount } = binColumn(column('numeric', [...counting(255), 3, 3, 3]), 255);
    assert.equal(binCount, 255);
  });

  it('fills bins evenly where values are many', () => {
    const { bins, binCount } = binColumn(column('numeric', counting(10_000)), 100);
    const counts = counting(binCount).map(() => 0);
    for (const bin of bins) counts[bin]!++;
    assert.equal(binCount, 100);
    assert.ok(Math.max(...counts) <= 101 && Math.min(...counts) >= 99);
  });

  it('does not let one heavy value starve the others of bins', () => {
    const values = counting(10_000).map((row) => Math.max(0, row - 9000));
    assert.ok(binColumn(column('numeric', values), 50).binCount >= 49);
  });

  it('cuts halfway between neighbours, and takes a column without any value', () => {
    assert.deepEqual(Array.from(binColumn(column('numeric', [1, 2]), 255).cuts), [1.5, Number.MAX_VALUE]);
    assert.deepEqual(Array.from(binColumn(column('numeric', [NaN, NaN]), 255).bins), [1, 1]);
  });
});

describe('binning a categorical column', () => {
  it('gives the most frequent categories bins, and treats the rest as unknown', () => {
    const { bins, missingBin, binOfCode } = binColumn(column('categorical', [5, 5, 5, 2, 2, 9, -1, NaN]), 2);
    assert.equal(missingBin, 2);
    assert.deepEqual(Array.from(bins), [1, 1, 1, 0, 0, 2, 2, 2]);
    assert.deepEqual(Array.from(binOfCode), [2, 2, 0, 2, 2, 1, 2, 2, 2, 2]);
  });
});
