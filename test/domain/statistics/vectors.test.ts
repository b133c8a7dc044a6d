import assert from 'node:assert/strict';
import { checkCase, readVectorFile, vectorFileNames } from '../../../scripts/verify-vectors/run.ts';

const DIRECTORY = 'test/vectors';

describe('the published vectors', () => {
  for (const name of vectorFileNames(DIRECTORY)) {
    const file = readVectorFile(DIRECTORY, name);
    describe(name, () => {
      for (const vector of file.cases) {
        it(`gives the reference values of ${vector.id} (${vector.fn})`, () =>
          assert.deepEqual(checkCase(file, vector), []));
      }
    });
  }
});
