import assert from 'node:assert/strict';
import fc from 'fast-check';
import { canonicalJson } from '../../src/domain/canonical-json.ts';

describe('canonical JSON', () => {
  for (const [title, value, expected] of [
    ['sorts keys by code unit at every level', { b: 1, a: { d: 2, c: 3 }, B: 4 }, '{"B":4,"a":{"c":3,"d":2},"b":1}'],
    ['keeps the order of lists', [3, 1, 2], '[3,1,2]'],
    ['writes no white space', { a: [1, { b: null }] }, '{"a":[1,{"b":null}]}'],
    ['writes numbers as ECMAScript prints them', [1e21, 1e-7, 0.1, -0, 100], '[1e+21,1e-7,0.1,0,100]'],
    ['escapes lone surrogates', '\ud800', '"\\ud800"'],
    ['takes an object without a prototype', Object.assign(Object.create(null), { a: true }), '{"a":true}'],
  ] as const)
    it(title, () => assert.equal(canonicalJson(value), expected));

  const cyclic: Record<string, unknown> = {};
  cyclic['self'] = cyclic;
  for (const [title, value, message] of [
    ['refuses NaN and names the place', { a: [1, Number.NaN] }, /^\$\.a\[1\] is NaN/],
    ['refuses an infinity', Infinity, /^\$ is Infinity/],
    ['refuses an undefined member instead of dropping it', { a: undefined }, /^\$\.a is undefined/],
    [
      'refuses an undefined element instead of writing null',
      Array.from({ length: 1, 0: undefined }),
      /^\$\[0\] is undefined/,
    ],
    ['refuses a Date', { at: new Date(0) }, /^\$\.at is Date, not a plain object/],
    ['refuses a Map', new Map(), /^\$ is Map, not a plain object/],
    ['refuses a bigint', 1n, /^\$ is a bigint/],
    ['refuses a function', { f: () => 1 }, /^\$\.f is a function/],
    ['refuses a value that contains itself', cyclic, /contains itself/],
  ] as const)
    it(title, () => assert.throws(() => canonicalJson(value), { name: 'TypeError', message }));

  it('says the same of a value whatever the order of its keys', () =>
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse());
        assert.equal(canonicalJson(reversed), canonicalJson(value));
      }),
    ));

  it('is JSON of the same value', () =>
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        assert.deepEqual(JSON.parse(canonicalJson(value)), JSON.parse(JSON.stringify(value)));
      }),
    ));
});
