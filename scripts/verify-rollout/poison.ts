/** Poison: malformed input at every door of every workflow, as the suite has it, in a process of its own. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Part } from './part.ts';

const BUILT = new URL('../../', import.meta.url);
const SUITE = 'test/workflows/malformed-messages.test.js';
const TIMEOUT_MS = 120_000;

export const verifyPoison: Part = async (_asked, say) => {
  const pathOf = (path: string): string => fileURLToPath(new URL(path, BUILT));
  const mocha = fileURLToPath(import.meta.resolve('mocha/bin/mocha.js'));
  const args = ['--no-config', '--exit', '--timeout', String(TIMEOUT_MS), '--reporter', pathOf('test/reporter.js')];
  const child = spawn(process.execPath, ['--enable-source-maps', mocha, ...args, pathOf(SUITE)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let last = '';
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.trim() === '') return;
    say(`  ${line}`);
    last = line;
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  const [, passes = '0', failures = '0'] = /^(\d+) passed, (\d+) failed/.exec(last) ?? [];
  return [
    {
      name: 'malformed input fails no workflow task, and valid input is taken up at once after it',
      passed: code === 0 && failures === '0' && passes !== '0',
      words: `${passes} tests passed, ${failures} failed: every kind of malformed input at every signal, update, query and start`,
    },
  ];
};
