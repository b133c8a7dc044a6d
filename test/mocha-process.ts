/** Test files in a mocha process of their own, counted by the line that closes it. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Exit code of a process that ended without its closing line, or failed beside it; it is one of the failed. Null where all is well. */
  readonly broken: string | null;
}

const CLOSING = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/;

/**
 * Runs mocha, as `.mocharc.json` has it, with further arguments: options and compiled test files.
 * @param say Is told each line of both streams but the closing one
 */
export async function runMocha(args: readonly string[], say: (line: string) => void): Promise<Count> {
  const mocha = fileURLToPath(import.meta.resolve('mocha/bin/mocha.js'));
  const child = spawn(process.execPath, [mocha, ...args], { stdio: ['inherit', 'pipe', 'pipe'] });
  // The closing line is the last that is not empty; what looks like it before is a test's own.
  let held: string | null = null;
  createInterface({ input: child.stderr }).on('line', say);
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (held !== null && line.trim() !== '') {
      say(held);
      held = null;
    }
    if (CLOSING.test(line)) held = line;
    else say(line);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const closing = CLOSING.exec(held ?? '');
  const [passed = 0, failed = 0, skipped = 0] = (closing ?? []).slice(1).map((count) => Number(count ?? 0));
  const isBroken = closing === null || (code !== 0 && failed === 0);
  return { passed, failed: failed + (isBroken ? 1 : 0), skipped, broken: isBroken ? `exit code ${code}` : null };
}
