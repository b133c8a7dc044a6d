/** What the offline judge reads: tables of units, and files of cohort records. */
import type { Cohort } from '../../domain/statistics/index.ts';

/** One row as text; null where a cell has no value. */
export interface TableRow {
  /** Line of a text file, its header being line 1, or row of a Parquet file from 1. */
  readonly place: number;
  /** In the order the columns were asked for. */
  readonly cells: readonly (string | null)[];
}

/** A CSV or Parquet file that is there and has a header. */
export interface UnitTable {
  readonly path: string;
  readonly columns: readonly string[];
  /** What a place is called in messages. */
  readonly placeName: 'line' | 'row';
  /**
   * All rows, in batches, as they stand. May be called again.
   * @throws HoldfastError GATE_FILE_UNREADABLE naming the line that has other columns than the header, or is damaged
   */
  readonly rows: (columns: readonly string[]) => AsyncIterable<readonly TableRow[]>;
}

/**
 * Opens a table: Parquet or delimited text (comma, semicolon, tab or bar), plain or gzipped, told apart by content. Reads only.
 * @throws HoldfastError GATE_FILE_NOT_FOUND, GATE_FILE_UNREADABLE, GATE_FILE_EMPTY
 */
export type OpenUnitTable = (path: string) => Promise<UnitTable>;

/**
 * Reads cohort records, one JSON object a line. Reads only.
 * @throws HoldfastError GATE_FILE_NOT_FOUND, GATE_FILE_UNREADABLE, GATE_FILE_EMPTY, or GATE_COHORTS_INVALID naming every line at fault
 */
export type ReadCohortFile = (path: string) => Promise<Cohort[]>;
