/**
 * `npm run verify:rollout [-- --seed N --sequences N --kills N --tries N --only part]`: the long proofs of the rollout, one part after the other.
 * Prints what was measured and, last, `N passed, N failed`; exit code 1 when one fails.
 */
import { parseArgs } from 'node:util';
import { verifyCrashPoints } from './verify-rollout/crash-points.ts';
import { verifyKills } from './verify-rollout/kills.ts';
import { verifyLatency } from './verify-rollout/latency.ts';
import { checkModel } from './verify-rollout/model.ts';
import type { Finding, Part } from './verify-rollout/part.ts';
import { verifyPoison } from './verify-rollout/poison.ts';

const PARTS: Readonly<Record<string, Part>> = {
  model: checkModel,
  'crash-points': verifyCrashPoints,
  kills: verifyKills,
  poison: verifyPoison,
  latency: verifyLatency,
};

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    sequences: { type: 'string', default: '100000' },
    kills: { type: 'string', default: '40' },
    tries: { type: 'string', default: '200' },
    only: { type: 'string' },
  },
});
const { only } = values;
if (only !== undefined && PARTS[only] === undefined)
  throw new Error(`--only ${only}: no such part; give one of ${Object.keys(PARTS).join(', ')}`);
const asked = {
  seed: Number(values.seed),
  sequences: Number(values.sequences),
  kills: Number(values.kills),
  tries: Number(values.tries),
};
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const findings: Finding[] = [];
for (const [part, show] of Object.entries(PARTS).filter(([name]) => only === undefined || name === only)) {
  const began = Date.now();
  say(`${part}:`);
  const found = await show(asked, say).catch((error: unknown): Finding[] => [
    {
      name: `${part} can be measured`,
      passed: false,
      words: error instanceof Error ? String(error.stack) : String(error),
    },
  ]);
  for (const { name, passed, words } of found) say(`  ${passed ? 'passed' : 'FAILED'}  ${name}: ${words}`);
  say(`  ${((Date.now() - began) / 1000).toFixed(0)} s`);
  findings.push(...found);
}
const failed = findings.filter(({ passed }) => !passed).length;
say(`${findings.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
