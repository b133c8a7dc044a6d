/**
 * What a gate costs: `npm run bench:gate [-- --python PATH]`. Prints the best of the runs against the budget, and against the same done in
 * NumPy (or, for one path, by the confseq package) where that interpreter has them. Fails when a budget is exceeded or the two
 * languages do not give the same numbers.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { COHORTS_COMPARED, WORKLOADS } from './gate/workloads.ts';
import type { Workload } from './gate/workloads.ts';

const SCRIPT = 'bench/gate/reference.py';
const PYTHON_MS_MAX = 300_000;
/** Both round ln e to 1e-9, or stay that close. */
const DIFFERENCE_MAX = 3e-9;

const { values: options } = parseArgs({ options: { python: { type: 'string', default: 'python3' } } });

interface Comparison {
  ms: number;
  answer: unknown;
  library: string;
}

/** The best of the runs: what the code costs. What is above it is whoever else uses the machine. */
function measure({ run, runs }: Workload): { ms: number; result: unknown } {
  let [ms, result] = [Infinity, run()];
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    result = run();
    ms = Math.min(ms, performance.now() - start);
  }
  return { ms, result };
}

/** The other language's time and answer, or why there is none. */
function compare({ name, files }: Workload): Comparison | string {
  const directory = mkdtempSync(join(tmpdir(), 'gate-bench-'));
  try {
    for (const [file, content] of Object.entries(files)) writeFileSync(join(directory, file), content);
    const { status, stdout, stderr, error } = spawnSync(options.python, [SCRIPT, directory, name], {
      encoding: 'utf8',
      timeout: PYTHON_MS_MAX,
      maxBuffer: 2 ** 28,
    });
    if (error !== undefined) return error.message;
    if (status !== 0) return stderr.trim().split('\n').at(-1) ?? `exit ${status}`;
    return JSON.parse(stdout) as Comparison;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Largest difference between two answers of equal shape; ∞ when their shapes differ. */
function distance(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return Math.abs(a - b);
  if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return Infinity;
  return a.reduce<number>((largest, item, i) => Math.max(largest, distance(item, b[i])), 0);
}

function comparisonText(workload: Workload, ms: number, result: unknown): string {
  const other = compare(workload);
  if (typeof other === 'string') return `no comparison: ${other}`;
  const isPart = workload.name === 'cohorts';
  const otherMs = isPart ? (other.ms * 10_000) / COHORTS_COMPARED : other.ms;
  const apart = distance(workload.answerOf(result), other.answer);
  if (!(apart <= DIFFERENCE_MAX)) process.exitCode = 1;
  const scope = isPart ? `, ten times ${COHORTS_COMPARED} cohorts` : '';
  const agreement = apart <= DIFFERENCE_MAX ? `same numbers` : `NUMBERS DIFFER by ${apart}`;
  const ratio =
    otherMs >= ms ? `${(otherMs / ms).toFixed(1)} times as fast` : `${(ms / otherMs).toFixed(1)} times as slow`;
  return `${ratio} as ${other.library} (${otherMs.toFixed(1)} ms${scope}), ${agreement}`;
}

const load = loadavg()[0]!.toFixed(1);
console.log(`${cpus()[0]?.model}, ${availableParallelism()} cores, load ${load}, Node ${process.versions.node}`);
for (const prepare of WORKLOADS) {
  const workload = prepare();
  const { ms, result } = measure(workload);
  const { budgetMs, what } = workload;
  if (budgetMs !== null && ms > budgetMs) process.exitCode = 1;
  const budget = budgetMs === null ? '' : ` of ${budgetMs} ms`;
  console.log(`${ms.toFixed(ms < 10 ? 2 : 0).padStart(6)} ms${budget.padEnd(12)} ${what}`);
  console.log(`${' '.repeat(22)}${comparisonText(workload, ms, result)}`);
}
