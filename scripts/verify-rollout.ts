/**
 * `npm run verify:rollout [-- --seed N --sequences N]`: the long proofs of the rollout. Prints what was measured and, last,
 * `N passed, N failed`; exit code 1 when one fails.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { checkModel } from './verify-rollout/model.ts';

const { values } = parseArgs({
  options: { seed: { type: 'string', default: '1' }, sequences: { type: 'string', default: '100000' } },
});
const say = (line: string): void => void process.stdout.write(`${line}\n`);

say(`model checking: ${Number(values.sequences).toLocaleString('en')} sequences from seed ${values.seed}`);
const proofs = await checkModel(Number(values.seed), Number(values.sequences), availableParallelism(), say);
for (const { title, measured, passed } of proofs) say(`${passed ? 'passed' : 'FAILED'}  ${title}: ${measured}`);
const failed = proofs.filter(({ passed }) => !passed).length;
say(`${proofs.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
