import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Mutant } from './mutants.ts';
import type { Job, MeasuredTest, Report, Try } from './worker.ts';

/** What became of one mutant. */
export interface Outcome {
  mutant: Mutant;
  /** The test that noticed it, or how else it was noticed; null when nothing did. */
  killer: string | null;
  /** Tests that run its code. */
  tests: number;
}

/** A test that takes so many times longer than without a mutant does not end. Under load clocks are unjust: never below three seconds. */
const PATIENCE = 10;
const LIMIT_MS_MIN = 3000;
const MEASURING_MS_MAX = 300_000;
/** Modules of past mutants are never let go: a new thread from time to time. */
const MUTANTS_PER_THREAD = 50;
const HEAP_MB_MAX = 1024;

/** Runs a job in a thread of its own; resolves with why it ended early, or null. */
function runThread(
  mutants: readonly Mutant[],
  job: Job,
  limitMs: number,
  hear: (report: Report) => void,
): Promise<string | null> {
  const worker = new Worker(new URL('worker.js', import.meta.url), {
    workerData: { mutants, job },
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB_MAX },
    stdout: true,
    stderr: true,
  });
  return new Promise((resolve) => {
    let ended: string | null = null;
    const silence = () => {
      ended = 'does not end';
      void worker.terminate();
    };
    let timer = setTimeout(silence, limitMs);
    worker.on('message', (report: Report) => {
      clearTimeout(timer);
      if (ended !== null) return;
      timer = setTimeout(silence, report.kind === 'begun' ? report.limitMs : limitMs);
      hear(report);
    });
    worker.on('error', (error: Error) => (ended ??= String(error)));
    worker.on('exit', () => {
      clearTimeout(timer);
      resolve(ended);
    });
  });
}

/** Runs `act` for every item, on every core at once. */
async function inParallel<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const runShare = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await act(item);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, runShare));
}

/** @throws when a test fails without any mutant */
async function measureTests(mutants: readonly Mutant[], modules: readonly string[]): Promise<MeasuredTest[]> {
  const measured: MeasuredTest[] = [];
  await inParallel(modules, async (module) => {
    const hear = (report: Report) => void (report.kind === 'measured' && measured.push(report.test));
    const ended = await runThread(mutants, { measure: module }, MEASURING_MS_MAX, hear);
    if (ended !== null) throw new Error(`${module} fails without a mutant: ${ended}; repair it first`);
  });
  return measured;
}

/** For each mutant the tests that run its code, cheapest first. */
function planTries(mutants: readonly Mutant[], measured: readonly MeasuredTest[], limitMsMin: number): Try[] {
  const tries = mutants.map((_, mutant): Try => ({ mutant, tests: [] }));
  for (const { module, index, ms, reached } of measured.toSorted((a, b) => a.ms - b.ms)) {
    const limitMs = Math.max(limitMsMin, PATIENCE * ms);
    for (const mutant of reached) tries[mutant]!.tests.push({ module, index, limitMs });
  }
  return tries;
}

/**
 * Tries every mutant on the tests that run its code until one notices it. A mutant that no test runs survives; one that loops for ever or
 * takes all memory is noticed by that.
 *
 * @param modules emitted test modules, by URL, that call `describe` and `it`
 * @param o.progress told how many are done, @param o.limitMsMin what a test may always take
 * @throws when a test fails without any mutant
 */
export async function runMutants(
  mutants: readonly Mutant[],
  modules: readonly string[],
  o: { progress?: (done: number) => void; limitMsMin?: number } = {},
): Promise<Outcome[]> {
  const tries = planTries(mutants, await measureTests(mutants, modules), o.limitMsMin ?? LIMIT_MS_MIN);
  const killers: Array<string | null> = mutants.map(() => null);
  const reached = tries.filter(({ tests }) => tests.length > 0);
  const shares: Try[][] = [];
  for (let at = 0; at < reached.length; at += MUTANTS_PER_THREAD)
    shares.push(reached.slice(at, at + MUTANTS_PER_THREAD));
  let done = mutants.length - reached.length;
  await inParallel(shares, async (share) => {
    let next = 0;
    while (next < share.length) {
      const first = next;
      const note = (killer: string | null) => {
        killers[share[next++]!.mutant] = killer;
        done++;
      };
      const ended = await runThread(mutants, { tries: share.slice(first) }, MEASURING_MS_MAX, (report) => {
        if (report.kind === 'tried') note(report.killer);
      });
      // A thread that ends before its time may have been worn out by the mutants before: only a fresh one is to blame for itself.
      if (ended !== null && (ended === 'does not end' || next === first)) note(ended);
    }
    o.progress?.(done);
  });
  return tries.map(({ mutant, tests }) => ({
    mutant: mutants[mutant]!,
    killer: killers[mutant]!,
    tests: tests.length,
  }));
}
