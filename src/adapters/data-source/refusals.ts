/** What DuckDB refuses, in this product's words: translated once, at the edge of the adapter. */
import { HoldfastError } from '../../contracts/errors.ts';

const DAMAGED = /^IO Error|\.parquet/;
const EXPRESSION = /^(Binder|Parser|Catalog|Conversion|Out of Range|Invalid Input|Invalid Type|Mismatch Type) Error/;

/**
 * Runs a piece of work on prepared or landed rows.
 * @param doing what is being done, for the message: "landing partition 2001-01-01"
 * @throws DATA_FILE_UNREADABLE for damaged files, DATA_EXPRESSION_INVALID for declared SQL that fails; anything else as it is
 */
export async function refusing<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw refusalOf(doing, cause);
  }
}

/** First line of what went wrong: DuckDB adds the statement and a caret beneath. */
export function firstLine(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).split('\n')[0] ?? '';
}

function refusalOf(doing: string, cause: unknown): unknown {
  if (cause instanceof HoldfastError) return cause;
  const message = firstLine(cause);
  if (DAMAGED.test(message)) {
    return new HoldfastError('DATA_FILE_UNREADABLE', `${doing}: ${message}`, {
      remedy: 'Delete the folder it lies in; prepared rows are made again, landed ones by landing again',
      cause,
    });
  }
  if (EXPRESSION.test(message)) return new HoldfastError('DATA_EXPRESSION_INVALID', `${doing}: ${message}`, { cause });
  return cause;
}
