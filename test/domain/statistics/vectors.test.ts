import assert from 'node:assert/strict';
import { checkCase, readVectorFile, vectorFileNames } from '../../../scripts/verify-vectors/run.ts';

for (const [title, directory] of [
  ['the published vectors', 'test/vectors'],
  ['further vectors from independent references', 'test/vectors-further'],
] as const) {
  describe(title, () => {
    for (const name of vectorFileNames(directory)) {
      const file = readVectorFile(directory, name)!;
      describe(name, () => {
        for (const vector of file.cases) {
          it(`gives the reference values of ${vector.id} (${vector.fn})`, () =>
            assert.deepEqual(checkCase(file, vector), []));
        }
      });
    }
  });
}
