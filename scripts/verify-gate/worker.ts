import { parentPort } from 'node:worker_threads';
import { runChunk } from './replicate.ts';
import type { Chunk } from './replicate.ts';

// oxlint-disable unicorn/require-post-message-target-origin -- a thread's port has no origin
parentPort!.on('message', (chunk: Chunk) =>
  parentPort!.postMessage({ row: chunk.row, chunk: chunk.chunk, samples: runChunk(chunk) }),
);
