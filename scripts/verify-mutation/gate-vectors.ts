/** The published vectors of evidence and gate as one test a file: what they ask of a mutant is asked at once. */
import assert from 'node:assert/strict';
import { checkCase, readVectorFile } from '../verify-vectors/run.ts';

const NAMES = [
  'betting-martingale',
  'binomial-efactor',
  'blocks',
  'e-detector',
  'gate-replay',
  'latency-slo',
  'srm',
  'weighted-e-bonferroni',
];

/** Thousands of looks each, which shorter cases of the same kind have too. */
const LONG = /-real-.*1500$|^runs-all/;

for (const directory of ['test/vectors', 'test/vectors-further']) {
  for (const name of NAMES) {
    it(`${directory}/${name}.json`, () => {
      const file = readVectorFile(directory, `${name}.json`)!;
      for (const vector of file.cases.filter(({ id }) => !LONG.test(id)))
        assert.deepEqual(checkCase(file, vector), [], vector.id);
    });
  }
}
