import { z } from 'zod';
import { postgresOptionsSchema } from './options.ts';
import type { PostgresOptions } from './options.ts';
import type { RecordStore } from './port.ts';

/** Kind → options and lazy factory: a process loads only the technology it uses. */
export const recordStores = {
  postgres: {
    options: postgresOptionsSchema,
    create: async (options: PostgresOptions): Promise<RecordStore> =>
      (await import('./postgres.ts')).createPostgresRecordStore(options),
  },
  'in-memory': {
    options: z.strictObject({}),
    create: async (): Promise<RecordStore> => (await import('./in-memory.ts')).createInMemoryRecordStore(),
  },
} as const;
