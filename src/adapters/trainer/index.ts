import { z } from 'zod';
import type { Trainer } from './port.ts';

const workerThreadConfig = z.strictObject({
  progressEveryMs: z
    .number()
    .int()
    .min(0)
    .max(60_000)
    .default(500)
    .describe('Least time between two progress reports, in milliseconds'),
  heapMbMax: z.number().int().min(64).max(65_536).default(2048).describe('Heap of a training thread, in megabytes'),
});

/** Every kind of trainer: the schema of its configuration, and its factory, loaded when it is asked for. */
export const trainers = {
  'worker-thread': {
    config: workerThreadConfig,
    create: async (config: z.infer<typeof workerThreadConfig>): Promise<Trainer> =>
      (await import('./worker-thread.ts')).createWorkerThreadTrainer(config),
  },
} as const;
