/** Pages made in a thread of their own, so that no order of a person waits for somebody's page. */
import { Worker } from 'node:worker_threads';
import { HoldfastError } from '../contracts/errors.ts';
import type { ErrorCode } from '../contracts/errors.ts';
import type { PageForm, PageFound, Pages } from './pages.ts';

export interface PagesQuestion {
  readonly id: number;
  readonly name: string;
  readonly form: PageForm;
}

export type PagesAnswer =
  | { readonly id: number; readonly found: PageFound }
  | { readonly id: number; readonly failed: { readonly code: ErrorCode; readonly message: string } };

/** Each takes seconds; more than these would wait for minutes. */
const WAITING_MAX = 20;

interface Waiting {
  readonly resolve: (found: PageFound) => void;
  readonly reject: (error: HoldfastError) => void;
}

/** Starts the thread with the first question, and again after it has died. */
export function createThreadedPages(postgresUrl: string): Pages {
  const waiting = new Map<number, Waiting>();
  let worker: Worker | null = null;
  let asked = 0;
  const begin = (): Worker => {
    const begun = new Worker(new URL('./pages-thread.js', import.meta.url), { workerData: { postgresUrl } });
    begun.unref();
    begun.on('message', (answer: PagesAnswer) => {
      const one = waiting.get(answer.id);
      waiting.delete(answer.id);
      if ('found' in answer) one?.resolve(answer.found);
      else one?.reject(new HoldfastError(answer.failed.code, answer.failed.message));
    });
    const ended = (cause: unknown): void => {
      if (worker === begun) worker = null;
      for (const { reject } of waiting.values())
        reject(new HoldfastError('EDGE_INTERNAL', 'the thread that makes pages has died', { cause }));
      waiting.clear();
    };
    begun.on('error', ended);
    begun.on('exit', (code) => ended(`exit ${code}`));
    return begun;
  };
  return {
    find(name, form) {
      if (waiting.size >= WAITING_MAX)
        return Promise.reject(
          new HoldfastError('EDGE_NOT_READY', `${waiting.size} pages are being made; ask again in a minute`),
        );
      asked += 1;
      const id = asked;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        worker ??= begin();
        const question: PagesQuestion = { id, name, form };
        worker.postMessage(question, []);
      });
    },
    async close() {
      await worker?.terminate();
    },
  };
}
