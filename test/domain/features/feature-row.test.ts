import assert from 'node:assert/strict';
import { compileFeatureRow, UNKNOWN_CATEGORY } from '../../../src/domain/features/feature-row.ts';

describe('the feature row', () => {
  const fill = compileFeatureRow([
    {
      name: 'origin',
      feature: { kind: 'categorical', name: 'origin', input: 'from' },
      categories: ['JFK', 'LAX', '7'],
    },
    { name: 'distance', feature: { kind: 'numeric', name: 'distance', input: 'miles' } },
    { name: 'lateOrigin3h', feature: { kind: 'outcomeRate', name: 'lateOriginDayOld' } },
  ]);

  for (const [title, inputs, fresh, expected] of [
    [
      'codes categories in the order of the artifact and takes numbers as sent',
      { from: 'LAX', miles: 12.5 },
      { lateOriginDayOld: 0.3 },
      [1, 12.5, 0.3],
    ],
    [
      'codes a category that was not trained on as unknown',
      { from: 'XXX', miles: 1 },
      { lateOriginDayOld: 0 },
      [UNKNOWN_CATEGORY, 1, 0],
    ],
    ['compares categories as text', { from: 7, miles: 1 }, { lateOriginDayOld: 0 }, [2, 1, 0]],
    ['makes what is missing NaN', { from: null }, {}, [Number.NaN, Number.NaN, Number.NaN]],
    ['takes a text for a number as missing', { from: 'JFK', miles: '12' }, { lateOriginDayOld: 0 }, [0, Number.NaN, 0]],
    [
      'reads a fresh value by the name of the feature, not of the column',
      { from: 'JFK', miles: 1 },
      { lateOrigin3h: 1 },
      [0, 1, Number.NaN],
    ],
  ] as const)
    it(title, () => assert.deepEqual([...fill(inputs, fresh)], expected));

  it('fills a row that it is given', () => {
    const row = new Float64Array(3);
    assert.equal(fill({ from: 'JFK', miles: 2 }, {}, row), row);
    assert.equal(row[1], 2);
  });
});
