import assert from 'node:assert/strict';
import fc from 'fast-check';
import { binColumn } from '../../../src/domain/learning/binning.ts';
import { fillHistogram, layoutHistogram } from '../../../src/domain/learning/histogram.ts';
import type { FeatureColumn } from '../../../src/domain/learning/matrix.ts';
import { type Split, findSplit } from '../../../src/domain/learning/split-search.ts';

/** Small integers: sums of gradients are exact, so that the search and the enumeration agree on ties. */
const rowsOf = (value: fc.Arbitrary<number>) =>
  fc.array(fc.record({ value, gradient: fc.integer({ min: -5, max: 5 }) }), { minLength: 2, maxLength: 40 });

interface Row {
  value: number;
  gradient: number;
}

function search(
  rows: readonly Row[],
  kind: FeatureColumn['kind'],
  rowsPerLeafMin: number,
  categoricalSmoothing = 0,
): Split | null {
  const values = Float64Array.from(rows, (row) => row.value);
  const layout = layoutHistogram([binColumn({ name: 'x', kind, values }, 255)]);
  const histogram = new Float64Array(layout.length);
  const from = {
    rows: Int32Array.from(rows.keys()),
    gradients: Float64Array.from(rows, (row) => row.gradient),
    hessians: new Float64Array(rows.length).fill(1),
  };
  fillHistogram(histogram, layout, from);
  const gradient = rows.reduce((sum, row) => sum + row.gradient, 0);
  const total = { gradient, hessian: rows.length, rows: rows.length };
  return findSplit(histogram, layout, total, { l2: 0, rowsPerLeafMin, categoricalSmoothing, categoricalL2: 0 });
}

/** G²/H left + G²/H right − G²/H whole, for the rows that `left` names. */
function gainOf(rows: readonly Row[], left: (row: Row) => boolean, rowsPerLeafMin: number): number {
  const worth = (part: readonly Row[]): number => part.reduce((sum, row) => sum + row.gradient, 0) ** 2 / part.length;
  const one = rows.filter(left);
  const other = rows.filter((row) => !left(row));
  return one.length < rowsPerLeafMin || other.length < rowsPerLeafMin ? 0 : worth(one) + worth(other) - worth(rows);
}

function agrees(found: Split | null, best: number): void {
  assert.ok(Math.abs((found?.gain ?? 0) - best) < 1e-6, `found ${found?.gain}, best ${best}`);
}

describe('the search for a split', () => {
  it('finds the best of all cuts of a numeric column, with missing rows on either side', () => {
    const value = fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 0, max: 12 }) }, fc.constant(NaN));
    fc.assert(
      fc.property(rowsOf(value), fc.integer({ min: 1, max: 4 }), (rows, rowsMin) => {
        const cuts = [...new Set(rows.map((row) => row.value).filter((value) => value === value))];
        const gains = cuts.flatMap((cut) => [
          gainOf(rows, (row) => row.value <= cut, rowsMin),
          gainOf(rows, (row) => !(row.value > cut), rowsMin),
        ]);
        agrees(search(rows, 'numeric', rowsMin), Math.max(0, ...gains));
      }),
    );
  });

  it('finds the best of all subsets of categories (Fisher 1958)', () => {
    const value = fc.integer({ min: -1, max: 6 });
    fc.assert(
      fc.property(rowsOf(value), (rows) => {
        // Category −1 (unknown) counts as one more category here.
        const subsets = Array.from({ length: 2 ** 8 }, (_, bits) => bits);
        const gains = subsets.map((bits) => gainOf(rows, (row) => ((bits >>> (row.value + 1)) & 1) === 1, 1));
        agrees(search(rows, 'categorical', 1), Math.max(0, ...gains));
      }),
      { numRuns: 60 },
    );
  });

  for (const [title, rare] of [
    ['low', -1],
    ['high', 1],
  ] as const)
    it(`leaves categories too rare to be sorted with the ${title} end, where they are like it`, () => {
      const category = (value: number, gradient: number, count: number): Row[] =>
        Array.from({ length: count }, () => ({ value, gradient }));
      const rows = [...category(0, -1, 10), ...category(1, 1, 10), ...category(2, rare, 4)];
      const found = search(rows, 'categorical', 1, 5);
      agrees(
        found,
        gainOf(rows, (row) => row.gradient === rare, 1),
      );
      assert.equal(found!.goesLeft[2], found!.goesLeft[rare === -1 ? 0 : 1]);
    });

  it('sends what it never saw where the larger part goes', () => {
    fc.assert(
      fc.property(rowsOf(fc.integer({ min: 0, max: 9 })), fc.constantFrom('numeric', 'categorical'), (rows, kind) => {
        const found = search(rows, kind, 1);
        if (found !== null) assert.equal(found.goesLeft.at(-1), found.left.rows * 2 > rows.length ? 1 : 0);
      }),
    );
  });

  it('reports the sums of exactly the rows it sends left', () => {
    fc.assert(
      fc.property(rowsOf(fc.integer({ min: -1, max: 9 })), fc.constantFrom('numeric', 'categorical'), (rows, kind) => {
        const found = search(rows, kind, 1);
        if (found === null) return;
        const { bins } = binColumn({ name: 'x', kind, values: Float64Array.from(rows, (row) => row.value) }, 255);
        const left = rows.filter((_, row) => found.goesLeft[bins[row]!] === 1);
        const gradient = left.reduce((sum, row) => sum + row.gradient, 0);
        assert.deepEqual(found.left, { gradient, hessian: left.length, rows: left.length });
      }),
    );
  });
});
