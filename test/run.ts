/**
 * `npm test`: the test files in groups, each group a mocha process of its own, as many at a time as there are cores (at most two), the
 * longest first: what waits for real servers leaves its core to the others. What a group prints is shown when it is over. Arguments go to
 * mocha: `npm test -- --grep shadow`. The last line is the count of all groups.
 */
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, sep } from 'node:path';
import { runMocha } from './mocha-process.ts';
import type { Count } from './mocha-process.ts';

const ROOT = join('dist', 'test');
const AT_A_TIME_MAX = 2;
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

/** Runs one group and shows what it printed, without its closing line. */
async function run(group: Group): Promise<Count> {
  const began = Date.now();
  const printed: string[] = [];
  const count = await runMocha([...process.argv.slice(2), ...group.files], (line) => void printed.push(line));
  const how = count.broken === null ? inWords(count) : `BROKEN: ${count.broken}`;
  const seconds = Math.round((Date.now() - began) / 1000);
  process.stdout.write(`${printed.join('\n').trimEnd()}\n\n== ${group.name}: ${how}, ${seconds} s\n`);
  return count;
}

const inWords = ({ passed, failed, skipped }: Omit<Count, 'broken'>): string =>
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;

const waiting = groups();
const broken: string[] = [];
const total = { passed: 0, failed: 0, skipped: 0 };
async function lane(): Promise<void> {
  for (let group = waiting.shift(); group !== undefined; group = waiting.shift()) {
    const count = await run(group);
    if (count.failed > 0) broken.push(group.name);
    for (const key of ['passed', 'failed', 'skipped'] as const) total[key] += count[key];
  }
}
await Promise.all(Array.from({ length: Math.min(AT_A_TIME_MAX, availableParallelism()) }, lane));
if (broken.length > 0) process.stdout.write(`\nfailures above in: ${broken.join(', ')}\n`);
process.stdout.write(`${inWords(total)}\n`);
process.exitCode = total.failed === 0 ? 0 : 1;
