import { Worker } from 'node:worker_threads';
import { HoldfastError } from '../../contracts/errors.ts';
import type { TrainOptions, TrainResult, Trainer } from './port.ts';
import type { FromThread, ToThread } from './thread-messages.ts';

export interface WorkerThreadConfig {
  /** Least time between two reports; a report is copied whole, 0.2 MB for 100 trees. */
  progressEveryMs: number;
  /** Heap of the thread; the columns lie outside it. */
  heapMbMax: number;
}

// The emitted file beside this one: a thread is started from a file, not from a function.
const THREAD = new URL('./training-thread.js', import.meta.url);

function crashed(cause: Error, heapMbMax: number): HoldfastError {
  if (!('code' in cause) || cause.code !== 'ERR_WORKER_OUT_OF_MEMORY')
    return new HoldfastError('TRAINER_CRASHED', `the training thread died: ${cause.message}`, { cause });
  const remedy = 'Raise heapMbMax, or train on fewer rows, or fewer and smaller trees';
  const message = `the training thread needed more memory than heapMbMax = ${heapMbMax} MB`;
  return new HoldfastError('TRAINER_CRASHED', message, { cause, remedy });
}

/** Settles with the thread's answer, its death, an abort, or what the listener to its progress throws. */
function answerOf(thread: Worker, heapMbMax: number, options: TrainOptions): Promise<TrainResult> {
  return new Promise((resolve, reject) => {
    const hear = (said: FromThread): void => {
      switch (said.kind) {
        case 'progress':
          return options.onProgress(said.progress);
        case 'refused':
          return reject(new HoldfastError('TRAINER_REQUEST_REFUSED', said.message, { details: { field: said.field } }));
        case 'result':
          return resolve(said.result);
        default:
          said satisfies never;
      }
    };
    thread.on('message', (said: FromThread) => {
      try {
        hear(said);
      } catch (error) {
        reject(error);
      }
    });
    thread.on('error', (error) => reject(crashed(error, heapMbMax)));
    const abort = (): void => reject(options.signal.reason as Error);
    options.signal.addEventListener('abort', abort);
    thread.on('exit', (code) => {
      options.signal.removeEventListener('abort', abort);
      reject(crashed(new Error(`exit code ${code} without an answer`), heapMbMax));
    });
  });
}

/** Trains in a thread of this process: the event loop stays free, and an abort takes effect at once. */
export function createWorkerThreadTrainer({ heapMbMax, progressEveryMs }: WorkerThreadConfig): Trainer {
  return {
    async train(request, options) {
      options.signal.throwIfAborted();
      const message: ToThread = { request, resumeFrom: options.resumeFrom, progressEveryMs };
      // `workerData` copies the columns (14 MB in about 10 ms): the caller's stay whole, and the request can be sent again.
      const thread = new Worker(THREAD, { workerData: message, resourceLimits: { maxOldGenerationSizeMb: heapMbMax } });
      try {
        return await answerOf(thread, heapMbMax, options);
      } finally {
        // Only when the thread is gone does it use no more processor time; what it still says is heard by nobody.
        thread.removeAllListeners('message');
        await thread.terminate();
      }
    },
  };
}
