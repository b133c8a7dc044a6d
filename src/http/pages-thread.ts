/** The thread that makes pages: reads records over connections of its own, and answers one question after the other. */
import { parentPort, workerData } from 'node:worker_threads';
import { composeChartRenderer, composeEdgeRecords } from '../compose.ts';
import { HoldfastError } from '../contracts/errors.ts';
import { createPages } from './pages.ts';
import type { PagesAnswer, PagesQuestion } from './threaded-pages.ts';

const { postgresUrl } = workerData as { readonly postgresUrl: string };
const records = await composeEdgeRecords(postgresUrl);
const pages = createPages(records, await composeChartRenderer());

async function answer({ id, name, form }: PagesQuestion): Promise<PagesAnswer> {
  try {
    return { id, found: await pages.find(name, form) };
  } catch (error) {
    if (!(error instanceof HoldfastError)) return { id, failed: { code: 'EDGE_INTERNAL', message: String(error) } };
    return { id, failed: { code: error.code, message: error.message } };
  }
}

let last: Promise<unknown> = Promise.resolve();
const port = parentPort;
port?.on('message', (question: PagesQuestion) => {
  last = last.then(async () => {
    const answered = await answer(question);
    port?.postMessage(answered);
  });
});
