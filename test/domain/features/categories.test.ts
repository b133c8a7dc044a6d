import assert from 'node:assert/strict';
import { encodeCategories } from '../../../src/domain/features/categories.ts';

describe('encodeCategories', () => {
  it('codes categories in code unit order, whatever the order of the values', () => {
    const { codes, categories } = encodeCategories(['b', 'a', 'Z', 'b']);
    assert.deepEqual(categories, ['Z', 'a', 'b']);
    assert.deepEqual([...codes], [2, 1, 0, 2]);
  });

  it('tells a missing value (NaN) from an unknown one (-1)', () => {
    assert.deepEqual([...encodeCategories(['a', null, 'x', Number.NaN], ['a']).codes], [0, Number.NaN, -1, Number.NaN]);
  });

  it('compares numbers as they are written when serving', () => {
    assert.deepEqual(encodeCategories([1, 0.5, 1]).categories, ['0.5', '1']);
  });

  it('keeps the 4096 most frequent categories, the earlier ones among equals', () => {
    const values = Array.from({ length: 5000 }, (_, index) => `c${String(index).padStart(4, '0')}`);
    const { codes, categories } = encodeCategories([...values, 'c4999']);
    assert.equal(categories.length, 4096);
    assert.deepEqual([categories.at(-1), categories.at(-2)], ['c4999', 'c4094']);
    assert.deepEqual([codes[0], codes[4094], codes[4095], codes[4999]], [0, 4094, -1, 4095]);
  });
});
