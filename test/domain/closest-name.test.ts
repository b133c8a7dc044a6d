import assert from 'node:assert/strict';
import { closestName } from '../../src/domain/closest-name.ts';

describe('the closest name', () => {
  const names = ['cohort', 'source', 'label', 'features', 'ideas'];
  for (const [title, written, expected] of [
    ['undoes a dropped letter', 'feature', 'features'],
    ['undoes swapped neighbours as one edit', 'lable', 'label'],
    ['undoes a wrong letter', 'sourcs', 'source'],
    ['ignores case', 'COHORT', 'cohort'],
    ['accepts edits of a third of the word', 'cohoXX', 'cohort'],
    ['says nothing when more than a third differs', 'cohXXX', null],
    ['says nothing of a stranger', 'banana', null],
    ['says nothing of a word too long to be a slip', 'x'.repeat(200), null],
  ] as const)
    it(title, () => assert.equal(closestName(written, names), expected));

  it('has nothing to offer where there are no names', () => assert.equal(closestName('a', []), null));
});
