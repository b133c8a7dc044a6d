/** Kinds of request logs. */
import type { DuckdbRequestLogOptions } from './duckdb.ts';
import type { RequestLog } from './port.ts';

const requestLogs = {
  duckdb: async (options: DuckdbRequestLogOptions): Promise<RequestLog> => {
    const { openDuckdbRequestLog } = await import('./duckdb.ts');
    return openDuckdbRequestLog(options);
  },
  'in-memory': async (): Promise<RequestLog> => {
    const { createInMemoryRequestLog } = await import('./in-memory.ts');
    return createInMemoryRequestLog();
  },
} as const;

export type RequestLogOptions =
  | ({ readonly kind: 'duckdb' } & DuckdbRequestLogOptions)
  | { readonly kind: 'in-memory' };

export function openRequestLog(options: RequestLogOptions): Promise<RequestLog> {
  return options.kind === 'duckdb' ? requestLogs.duckdb(options) : requestLogs[options.kind]();
}
