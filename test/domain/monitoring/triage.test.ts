import assert from 'node:assert/strict';
import type { LabelledUnit } from '../../../src/domain/monitoring/performance.ts';
import type { WithInputs } from '../../../src/domain/monitoring/triage.ts';
import { dominantSlice, sliceCondition, worstSlices } from '../../../src/domain/monitoring/triage.ts';

const units = (value: string | null, count: number, prediction: number): Array<LabelledUnit & WithInputs> =>
  Array.from({ length: count }, (_, at) => ({
    requestId: String(at),
    at,
    prediction,
    label: 0,
    bundle: 'a',
    served: 'stable',
    stable: null,
    stableBundle: 'a',
    freshThrough: null,
    inputs: { origin: value },
  }));
const excess = ({ prediction }: LabelledUnit): number => prediction ** 2 - 0.04;
const find = (all: Array<LabelledUnit & WithInputs>): ReturnType<typeof worstSlices> =>
  worstSlices(all, ['origin'], excess);

describe('triage', () => {
  it('names the slice that carries at least half of the extra loss with less than half of the units', () => {
    const dominant = dominantSlice(find([...units('ORD', 100, 0.9), ...units('ATL', 400, 0.21)]));
    assert.equal(dominant?.value, 'ORD');
    assert.equal(sliceCondition(dominant), `"origin" = 'ORD'`);
  });

  it('names none when the extra loss is spread', () => {
    const slices = find(['A', 'B', 'C'].flatMap((value) => units(value, 100, 0.5)));
    assert.equal(slices.length, 3);
    assert.equal(dominantSlice(slices), null);
    assert.equal(sliceCondition(null), 'true');
  });

  it('names none when the slice holds most of the units anyway', () => {
    assert.equal(dominantSlice(find([...units('A', 300, 0.5), ...units('B', 100, 0.1)])), null);
  });

  for (const [title, size, found] of [
    ['passes over a slice of 29 units', 29, 0],
    ['sees a slice of 30 units', 30, 1],
    ['sees a slice of 31 units', 31, 1],
  ] as const) {
    it(title, () => assert.equal(find(units('A', size, 0.9)).length, found));
  }

  it('leaves out units without a value and slices that lose nothing', () => {
    assert.deepEqual(find([...units(null, 100, 0.9), ...units('A', 100, 0.1)]), []);
  });

  it('orders equal slices by their name', () => {
    const all = ['B', 'A'].flatMap((value) => units(value, 100, 0.5));
    assert.deepEqual(
      find(all).map(({ value }) => value),
      ['A', 'B'],
    );
  });

  it('quotes values so that they stay values', () => {
    const slice = find([...units(`O'Hare`, 100, 0.9), ...units('ATL', 400, 0.1)])[0] ?? null;
    assert.equal(sliceCondition(slice), `"origin" = 'O''Hare'`);
  });
});
