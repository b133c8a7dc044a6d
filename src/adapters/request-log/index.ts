/** Kinds of request logs. */
import { z } from 'zod';
import { createInMemoryRequestLog } from './in-memory.ts';
import type { RequestLog } from './port.ts';

export const requestLogSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('duckdb'),
    folder: z.string().min(1).describe('Folder of the archive, shared by all workers; created where it does not exist'),
  }),
  z.strictObject({ kind: z.literal('in-memory') }),
]);
export type RequestLogOptions = z.infer<typeof requestLogSchema>;

/** Opens the archive of a kind; the options are checked by `requestLogSchema` before. */
export async function openRequestLog(options: RequestLogOptions): Promise<RequestLog> {
  switch (options.kind) {
    case 'duckdb': {
      const { openDuckdbRequestLog } = await import('./duckdb.ts');
      return openDuckdbRequestLog(options);
    }
    case 'in-memory':
      return createInMemoryRequestLog();
    default:
      return options satisfies never;
  }
}
