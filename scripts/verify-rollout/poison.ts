/** Poison: malformed input at every door of every workflow, as the suite has it, in a process of its own. */
import { runMocha } from '../../test/mocha-process.ts';
import type { Part } from './part.ts';

const SUITE = 'dist/test/workflows/malformed-messages.test.js';
const TIMEOUT_MS = 120_000;

export const verifyPoison: Part = async (_asked, say) => {
  const { passed, failed } = await runMocha(['--timeout', String(TIMEOUT_MS), SUITE], (line) => {
    if (line.trim() !== '') say(`  ${line}`);
  });
  return [
    {
      name: 'malformed input fails no workflow task, and valid input is taken up at once after it',
      passed: failed === 0 && passed > 0,
      words: `${passed} tests passed, ${failed} failed: every kind of malformed input at every signal, update, query and start`,
    },
  ];
};
