/**
 * `npm test`: the test files in groups, each group a mocha process of its own, as many at a time as there are cores (at most two), the
 * longest first: what waits for real servers leaves its core to the others. What a group prints is shown when it is over. Arguments go to
 * mocha: `npm test -- --grep shadow`. What failed is told once more at the end; the last line is the count of all groups.
 */
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, sep } from 'node:path';
import { stripVTControlCharacters as withoutColour } from 'node:util';
import { runMocha } from './mocha-process.ts';
import type { Count } from './mocha-process.ts';

const ROOT = join('dist', 'test');
const AT_A_TIME_MAX = 2;
/** How much is repeated of a group whose process ended without saying what failed. */
const BROKEN_LINES = 20;
/** Groups that take longest, as measured; the others follow in alphabetical order. */
const FIRST = ['integration/kills', 'integration/web-ui', 'workflows', 'model', 'platform', 'gateway', 'cli'];

interface Group {
  readonly name: string;
  readonly files: readonly string[];
}

function groups(): Group[] {
  const files = new Map<string, string[]>();
  for (const path of readdirSync(ROOT, { recursive: true, encoding: 'utf8' }).sort()) {
    if (!path.endsWith('.test.js')) continue;
    const [directory = '', file = directory] = path.split(sep);
    const name = directory === 'integration' ? `integration/${file.replace('.test.js', '')}` : directory;
    files.set(name, [...(files.get(name) ?? []), join(ROOT, path)]);
  }
  const rank = ({ name }: Group): number => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
  return [...files].map(([name, list]) => ({ name, files: list })).sort((a, b) => rank(a) - rank(b));
}

/** What mocha prints of the tests that failed, from `N failing` on; of a process that broke off, its last lines. */
function failuresIn(printed: readonly string[]): string {
  const from = printed.findIndex((line) => /^\s*\d+ failing$/.test(withoutColour(line)));
  return (from === -1 ? printed.slice(-BROKEN_LINES) : printed.slice(from)).join('\n').trimEnd();
}

/** Runs one group and shows what it printed, without its closing line. */
async function run(group: Group): Promise<Count> {
  const began = Date.now();
  const printed: string[] = [];
  const count = await runMocha([...process.argv.slice(2), ...group.files], (line) => void printed.push(line));
  const how = count.broken === null ? inWords(count) : `BROKEN: ${count.broken}`;
  const seconds = Math.round((Date.now() - began) / 1000);
  process.stdout.write(`${printed.join('\n').trimEnd()}\n\n== ${group.name}: ${how}, ${seconds} s\n`);
  if (count.failed > 0) failures.push(`== failed in ${group.name}:\n${failuresIn(printed)}`);
  return count;
}

const inWords = ({ passed, failed, skipped }: Omit<Count, 'broken'>): string =>
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;

const waiting = groups();
const failures: string[] = [];
const total = { passed: 0, failed: 0, skipped: 0 };
async function lane(): Promise<void> {
  for (let group = waiting.shift(); group !== undefined; group = waiting.shift()) {
    const count = await run(group);
    for (const key of ['passed', 'failed', 'skipped'] as const) total[key] += count[key];
  }
}
await Promise.all(Array.from({ length: Math.min(AT_A_TIME_MAX, availableParallelism()) }, lane));
for (const failure of failures) process.stdout.write(`\n${failure}\n`);
process.stdout.write(`${inWords(total)}\n`);
process.exitCode = total.failed === 0 ? 0 : 1;
