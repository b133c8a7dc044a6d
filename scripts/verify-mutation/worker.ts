/**
 * One thread of the mutation tests. It either measures the tests of a module, each with modules of its own: how long one takes and which
 * mutants it runs through; or it tries mutants, each with modules of its own, on the tests that reach it until one notices.
 */
import { Session } from 'node:inspector/promises';
import { register } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import fc from 'fast-check';
import type { Mutant } from './mutants.ts';

/** A test by the module that defines it and its place there. */
export interface TestPlace {
  module: string;
  index: number;
  /** Longer than this it does not end. */
  limitMs: number;
}

/** One test as it is without any mutant. */
export interface MeasuredTest {
  module: string;
  index: number;
  title: string;
  ms: number;
  /** Mutants, by number, whose code it runs. */
  reached: number[];
}

export interface Try {
  mutant: number;
  tests: TestPlace[];
}

export type Job = { measure: string } | { tries: Try[] };

/** What a thread tells: loading or a test begins, a mutant is done (null: nothing noticed), a test is measured. */
export type Report =
  | { kind: 'begun'; limitMs: number }
  | { kind: 'tried'; killer: string | null }
  | { kind: 'measured'; test: MeasuredTest };

type Test = readonly [title: string, act: () => unknown];

/** Properties: fewer runs than in the suite, the same in every run, and no search for a smaller example. */
const PROPERTIES = { numRuns: 40, seed: 7, endOnFailure: true };
const LOADING_MS_MAX = 30_000;

const { mutants, job } = workerData as { mutants: Mutant[]; job: Job };
register(new URL('hooks.js', import.meta.url), { data: { mutants } });
fc.configureGlobal(PROPERTIES);

let defined: Test[] = [];
Object.assign(globalThis, {
  describe: (_title: string, define: () => void) => define(),
  it: (title: string, act: () => unknown) => void defined.push([title, act]),
});

const report = (told: Report) => parentPort!.postMessage(told);

async function testsOf(module: string, mark: string): Promise<Test[]> {
  defined = [];
  await import(module + mark);
  return defined;
}

interface Range {
  startOffset: number;
  endOffset: number;
  count: number;
}

/** The innermost range that holds an offset, with whether it belongs to a function and not to the module's own lines. */
function rangeAt(functions: ReadonlyArray<{ ranges: Range[] }>, offset: number): { count: number; isInside: boolean } {
  let found: Range | undefined;
  let isInside = false;
  for (const { ranges } of functions) {
    for (const range of ranges) {
      if (range.startOffset > offset || range.endOffset <= offset) continue;
      if (found !== undefined && range.endOffset - range.startOffset > found.endOffset - found.startOffset) continue;
      found = range;
      isInside = ranges[0]!.startOffset > 0;
    }
  }
  return { count: found?.count ?? 0, isInside };
}

/** Mutants whose code ran; those of a module's own lines, its constants, where one of its functions ran too. */
function reachedMutants(
  scripts: ReadonlyArray<{ url: string; functions: Array<{ ranges: Range[] }> }>,
  mark: string,
): number[] {
  const functionsOf = new Map(scripts.map(({ url, functions }) => [url, functions]));
  return [...mutants.keys()].filter((i) => {
    const functions = functionsOf.get(mutants[i]!.url + mark) ?? [];
    const { count, isInside } = rangeAt(functions, mutants[i]!.entry);
    if (isInside) return count > 0;
    return functions.some(({ ranges }) => ranges[0]!.startOffset > 0 && ranges[0]!.count > 0);
  });
}

async function measure(module: string): Promise<void> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  const tests = await testsOf(module, '?plain');
  for (const index of tests.keys()) {
    const mark = `?plain=${index}`;
    const [title, act] = (await testsOf(module, mark))[index]!;
    const begun = performance.now();
    await act();
    const ms = performance.now() - begun;
    const { result } = await session.post('Profiler.takePreciseCoverage');
    report({ kind: 'measured', test: { module, index, title, ms, reached: reachedMutants(result, mark) } });
  }
}

/** What noticed the mutant; null when nothing did. */
async function killerOf({ mutant, tests }: Try): Promise<string | null> {
  const known = new Map<string, Test[]>();
  for (const { module, index, limitMs } of tests) {
    if (!known.has(module)) {
      report({ kind: 'begun', limitMs: LOADING_MS_MAX });
      try {
        known.set(module, await testsOf(module, `?mutant=${mutant}`));
      } catch {
        return 'does not load';
      }
    }
    const [title, act] = known.get(module)![index]!;
    report({ kind: 'begun', limitMs });
    try {
      await act();
    } catch {
      return title;
    }
  }
  return null;
}

if ('measure' in job) await measure(job.measure);
else for (const each of job.tries) report({ kind: 'tried', killer: await killerOf(each) });
