/** One in-memory DuckDB for one piece of work: nothing is shared, nothing is downloaded, nothing is left behind. */
import { DuckDBInstance } from '@duckdb/node-api';
import type { DuckDBConnection, DuckDBDataChunk, DuckDBMaterializedResult } from '@duckdb/node-api';

type SqlValue = string | number | bigint | boolean | null;

export interface SessionOptions {
  /** 1 wherever a floating-point result is recorded: with more, sums depend on scheduling. */
  readonly threads?: number;
  /** Where larger than memory work may spill; without it nothing spills. */
  readonly spillDirectory?: string;
}

export interface Session {
  run(sql: string): Promise<void>;
  /** Rows as objects; timestamps, structs and the like must be cast to text or number in the query. */
  rows<Row>(sql: string): Promise<Row[]>;
  columns(sql: string): Promise<ResultColumns>;
}

const MEMORY_LIMIT = '1GB'; // the rest of 2 GB is for what leaves DuckDB: columns in JavaScript

export async function withSession<T>(options: SessionOptions, work: (session: Session) => Promise<T>): Promise<T> {
  const { session, close } = await openSession(options);
  try {
    return await work(session);
  } finally {
    close();
  }
}

/** For work that outlives one call, such as a stream; the caller closes it. */
export async function openSession(options: SessionOptions): Promise<{ session: Session; close: () => void }> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(options.threads ?? 1),
    memory_limit: MEMORY_LIMIT,
    temp_directory: options.spillDirectory ?? '',
    autoinstall_known_extensions: 'false',
  });
  const connection = await instance.connect();
  await connection.run("set TimeZone = 'UTC'");
  const close = (): void => {
    connection.closeSync();
    instance.closeSync();
  };
  return { session: sessionOn(connection), close };
}

function sessionOn(connection: DuckDBConnection): Session {
  return {
    run: async (sql) => {
      await connection.run(sql);
    },
    rows: async <Row>(sql: string) => {
      const result = await connection.run(sql);
      const rows = (await result.getRowObjects()) as Record<string, SqlValue>[];
      return rows.map(withPlainNumbers) as Row[];
    },
    columns: async (sql) => ResultColumns.of(await connection.run(sql)),
  };
}

function withPlainNumbers(row: Record<string, SqlValue>): Record<string, string | number | boolean | null> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, typeof value === 'bigint' ? Number(value) : value]),
  );
}

/** The columns of a result, by name; numbers must be DOUBLE in the query. */
export class ResultColumns {
  readonly rows: number;
  readonly #chunks: readonly DuckDBDataChunk[];
  readonly #names: readonly string[];

  private constructor(result: DuckDBMaterializedResult) {
    // Fetched once: a chunk is copied each time it is asked for.
    this.#chunks = Array.from({ length: result.chunkCount }, (_, index) => result.getChunk(index));
    this.#names = result.columnNames();
    this.rows = result.rowCount;
  }

  static of(result: DuckDBMaterializedResult): ResultColumns {
    return new ResultColumns(result);
  }

  /** NaN where missing. */
  numbers(name: string): Float64Array {
    const values = new Float64Array(this.rows);
    this.#fill(name, (row, value) => {
      values[row] = value === null ? Number.NaN : (value as number);
    });
    return values;
  }

  texts(name: string): (string | null)[] {
    return this.values(name) as (string | null)[];
  }

  /** As they are: text, or numbers with null where missing. */
  values(name: string): (string | number | null)[] {
    const values = Array.from<string | number | null>({ length: this.rows });
    this.#fill(name, (row, value) => {
      values[row] = value as string | number | null;
    });
    return values;
  }

  #fill(name: string, set: (row: number, value: unknown) => void): void {
    const column = this.#names.indexOf(name);
    let row = 0;
    for (const chunk of this.#chunks) {
      const vector = chunk.getColumnVector(column);
      const { rowCount } = chunk;
      for (let item = 0; item < rowCount; item += 1) {
        set(row, vector.getItem(item));
        row += 1;
      }
    }
  }
}

export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
/** An expression of the model file in its own lines, so that a trailing comment cannot swallow what follows. */
export const expression = (sql: string): string => `(\n${sql}\n)`;
