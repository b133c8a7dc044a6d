/** Runs every vector file of a directory through the public API: `npm run verify:vectors -- [directory]`. */
import { existsSync } from 'node:fs';
import { checkCase, readVectorFile, vectorFileNames } from './verify-vectors/run.ts';

const directory = process.argv[2] ?? 'test/vectors';
const SHOWN_MAX = 3;
let passed = 0;
let failed = 0;
for (const name of existsSync(directory) ? vectorFileNames(directory) : []) {
  const file = readVectorFile(directory, name);
  if (file === null) console.log(`${name} is left out: it holds no cases`);
  for (const vector of file?.cases ?? []) {
    const found = checkCase(file!, vector);
    if (found.length === 0) passed++;
    else {
      failed++;
      console.log(`${name} ${vector.id} (${vector.fn}): ${found.slice(0, SHOWN_MAX).join('; ')}`);
    }
  }
}
console.log(`${passed} passed, ${failed} failed`);
if (passed + failed === 0) console.log(`there is no case in ${directory}; give a directory of vector files`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
