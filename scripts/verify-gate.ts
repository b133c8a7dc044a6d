/**
 * The gate's operating characteristics by seeded simulation: `npm run verify:gate -- [share of the replications] [words of a title]`. Prints measured value,
 * 98 % interval and target of every row; fails when a row misses its target.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Sample } from './verify-gate/experiments.ts';
import { chunksOf } from './verify-gate/replicate.ts';
import type { Chunk } from './verify-gate/replicate.ts';
import { findingsOf } from './verify-gate/report.ts';
import { rows } from './verify-gate/rows.ts';

const scale = Number(process.argv[2] ?? 1);
const queue: Chunk[] = chunksOf(scale, process.argv[3]);
const open = rows.map((_, row) => queue.filter((chunk) => chunk.row === row).length);
const samples: Sample[][][] = rows.map(() => []);
let failures = 0;

function judge(row: number): void {
  const findings = findingsOf(row, samples[row]!.flat(), scale < 1);
  console.log(`${findings.every(({ passed }) => passed) ? 'pass' : 'FAIL'}  ${rows[row]!.title}`);
  for (const { passed, text } of findings) console.log(`      ${passed ? ' ' : '!'} ${text}`);
  failures += findings.filter(({ passed }) => !passed).length;
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

const start = performance.now();
await Promise.all(Array.from({ length: availableParallelism() }, runWorker));
console.log(
  `${samples.filter((chunks) => chunks.length > 0).length} rows in ${((performance.now() - start) / 1000).toFixed(0)} s, ${failures} measures off target`,
);
process.exitCode = failures === 0 ? 0 : 1;
