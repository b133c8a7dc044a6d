/**
 * The gate's operating characteristics by seeded simulation: `npm run verify:gate -- [--scale SHARE] [--rows WORDS] [--json FILE]`. Prints
 * measured value, 98 % interval and target of every row; fails when a row misses its target. `--json` keeps what was measured, for
 * `npm run draw:gate`; of rows that were not run it keeps what the file had.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { measuredJson } from './measured-json.ts';
import type { Sample } from './verify-gate/experiments.ts';
import { chunksOf } from './verify-gate/replicate.ts';
import type { Chunk } from './verify-gate/replicate.ts';
import { findingsOf, measuredRows } from './verify-gate/report.ts';
import type { Finding } from './verify-gate/report.ts';
import { rows } from './verify-gate/rows.ts';

const { values: options } = parseArgs({
  options: { scale: { type: 'string' }, rows: { type: 'string' }, json: { type: 'string' } },
});
const scale = Number(options.scale ?? 1);
if (!(scale > 0))
  throw new RangeError(`--scale is ${options.scale}; give the share of the replications, for example 0.1`);
const queue: Chunk[] = chunksOf(scale, options.rows);
if (queue.length === 0) throw new RangeError(`--rows "${options.rows}" matches no title; give words of one`);
const open = rows.map((_, row) => queue.filter((chunk) => chunk.row === row).length);
const samples: Sample[][][] = rows.map(() => []);
const findings: Finding[][] = rows.map(() => []);

function judge(row: number): void {
  const found = findingsOf(row, samples[row]!.flat(), scale < 1);
  console.log(`${found.every(({ passed }) => passed) ? 'pass' : 'FAIL'}  ${rows[row]!.title}`);
  for (const { passed, text } of found) console.log(`      ${passed ? ' ' : '!'} ${text}`);
  findings[row] = found;
}

function runWorker(): Promise<void> {
  const worker = new Worker(new URL('./verify-gate/worker.js', import.meta.url));
  return new Promise((resolve, reject) => {
    const next = () => {
      const chunk = queue.shift();
      if (chunk === undefined) void worker.terminate().then(() => resolve());
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
      else worker.postMessage(chunk);
    };
    worker.on('error', reject);
    worker.on('message', (done: { row: number; chunk: number; samples: Sample[] }) => {
      // By chunk number, not by arrival: what is printed must not depend on the number of workers.
      samples[done.row]![done.chunk] = done.samples;
      if (--open[done.row]! === 0) judge(done.row);
      next();
    });
    next();
  });
}

/** One line a measure, rows in the order of the table; a row that is no more is dropped. */
function keepMeasured(path: string, measured: ReturnType<typeof measuredRows>): void {
  const before = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as typeof measured) : {};
  const kept = rows.flatMap(({ title }) => {
    const found = measured[title] ?? before[title];
    return found === undefined ? [] : [[title, found] as const];
  });
  writeFileSync(path, measuredJson(Object.fromEntries(kept)));
}

const start = performance.now();
await Promise.all(Array.from({ length: availableParallelism() }, runWorker));
const failures = findings.flat().filter(({ passed }) => !passed).length;
console.log(
  `${findings.filter((found) => found.length > 0).length} rows in ${((performance.now() - start) / 1000).toFixed(0)} s, ${failures} measures off target`,
);
if (options.json !== undefined) keepMeasured(options.json, measuredRows(findings));
process.exitCode = failures === 0 ? 0 : 1;
