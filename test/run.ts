/**
 * `npm test`: the test files in groups, each group a mocha process of its own, as many at a time as there are cores (at most two), the
 * longest first: what waits for real servers leaves its core to the others. What a group prints is shown when it is over. Arguments go to
 * mocha: `npm test -- --grep shadow`. The last line is the count of all groups.
 */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, sep } from 'node:path';

const ROOT = join('dist', 'test');
const AT_A_TIME_MAX = 2;
/** Groups that take longest, as measured; the others follow in alphabetical order. */
const FIRST = ['integration/kills', 'integration/web-ui', 'workflows', 'model', 'platform', 'gateway', 'cli'];

interface Group {
  readonly name: string;
  readonly files: readonly string[];
}

interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
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

/** Runs one group and shows what it printed, without its closing line. A group that dies without one has failed. */
function run(group: Group): Promise<Count> {
  const began = Date.now();
  const child = spawn('mocha', [...process.argv.slice(2), ...group.files], { stdio: ['inherit', 'pipe', 'pipe'] });
  const printed: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => void printed.push(chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      const text = Buffer.concat(printed).toString().trimEnd();
      const closing = /\n?(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/.exec(text);
      const [passed = 0, failed = 0, skipped = 0] = (closing ?? []).slice(1).map((count) => Number(count ?? 0));
      const isBroken = closing === null || (code !== 0 && failed === 0);
      const count = { passed, failed: failed + (isBroken ? 1 : 0), skipped };
      const how = isBroken ? `BROKEN: exit code ${code}` : inWords(count);
      const body = closing === null ? text : text.slice(0, closing.index).trimEnd();
      process.stdout.write(`${body}\n\n== ${group.name}: ${how}, ${Math.round((Date.now() - began) / 1000)} s\n`);
      resolve(count);
    });
  });
}

const inWords = ({ passed, failed, skipped }: Count): string =>
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
