/** Runs a trial in worker threads; the result depends on the trial alone, not on how many there are. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { characteristicsOf, jobsOf, PROCEDURES } from './operating-characteristics.ts';
import type { Characteristics, Job, Trial, TrialSample } from './operating-characteristics.ts';

/** @param onProgress share of the jobs done, 0 to 1 */
export type RunTrial = (trial: Trial, onProgress: (done: number) => void) => Promise<Characteristics[]>;

/** See {@link RunTrial}. Threads end with it, also when it fails. */
export async function runTrial(trial: Trial, onProgress: (done: number) => void): Promise<Characteristics[]> {
  const jobs = jobsOf(trial);
  const results: TrialSample[][] = [];
  let [next, done] = [0, 0];
  const thread = () =>
    runThread(
      trial,
      jobs,
      () => next++,
      (index, samples) => {
        results[index] = samples;
        done += 1;
        onProgress(done / jobs.length);
      },
    );
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), jobs.length) }, thread));
  return trial.deltas.flatMap((delta) =>
    PROCEDURES.map((procedure) => {
      const samples = jobs.flatMap((job, index) =>
        job.procedure === procedure && job.delta === delta ? results[index]! : [],
      );
      return characteristicsOf(trial, { procedure, delta }, samples);
    }),
  );
}

async function runThread(
  trial: Trial,
  jobs: readonly Job[],
  take: () => number,
  onDone: (index: number, samples: TrialSample[]) => void,
): Promise<void> {
  const worker = new Worker(new URL('./trial-thread.js', import.meta.url), { workerData: trial });
  try {
    await new Promise<void>((resolve, reject) => {
      const hand = (): void => {
        const index = take();
        const job = jobs[index];
        if (job === undefined) resolve();
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
        else worker.postMessage({ index, job });
      };
      worker.on('error', reject);
      worker.on('message', ({ index, samples }: { index: number; samples: TrialSample[] }) => {
        onDone(index, samples);
        hand();
      });
      hand();
    });
  } finally {
    await worker.terminate();
  }
}
