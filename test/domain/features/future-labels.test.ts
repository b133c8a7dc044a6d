import assert from 'node:assert/strict';
import { findFutureLabels } from '../../../src/domain/features/future-labels.ts';
import type { SampledRow } from '../../../src/domain/features/future-labels.ts';
import { epochMs, MINUTE_MS } from '../../../src/domain/time.ts';

const at = epochMs('2001-01-01T12:00:00Z');
const feature = {
  name: 'rate',
  key: ['shop'],
  window: 'PT1H',
  lag: 'PT15M',
  age: 'PT0S',
  prior: { rate: 0.2, weight: 10 },
};
const outcome = (minutesAgo: number, label: number | null, shop = 'a') => ({
  knownAt: at - minutesAgo * MINUTE_MS,
  label,
  inputs: { shop },
});
const outcomes = [
  outcome(20, 1),
  outcome(30, 0),
  outcome(40, null),
  outcome(30, 1, 'b'),
  outcome(5, 1),
  outcome(80, 1),
];
const row = (value: number): SampledRow => ({ unit: 'u', at, inputs: { shop: 'a' }, values: { rate: value } });

describe('findFutureLabels', () => {
  it('finds nothing in a value that the outcomes known by then explain', () => {
    assert.deepEqual(findFutureLabels([row(3 / 12)], outcomes, [feature]), []);
  });

  for (const [title, value] of [
    ['a label that became known after the request', 4 / 13],
    ['a label older than the window', 4 / 13],
    ['a value that is missing', Number.NaN],
  ] as const)
    it(`finds ${title}`, () => {
      assert.deepEqual(findFutureLabels([row(value)], outcomes, [feature]), [
        { unit: 'u', feature: 'rate', value, known: 3 / 12 },
      ]);
    });
});
