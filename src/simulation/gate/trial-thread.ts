import { parentPort, workerData } from 'node:worker_threads';
import { runJob } from './operating-characteristics.ts';
import type { Job, Trial } from './operating-characteristics.ts';

/** A thread: runs the jobs it is handed, one at a time, on the trial it was started with. */
const trial = workerData as Trial;
// oxlint-disable unicorn/require-post-message-target-origin -- a thread's port has no origin
parentPort!.on('message', ({ index, job }: { index: number; job: Job }) =>
  parentPort!.postMessage({ index, samples: runJob(trial, job) }),
);
