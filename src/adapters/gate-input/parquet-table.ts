/** Parquet as text cells, by an in-memory DuckDB: one for a pass over the rows, nothing shared, nothing downloaded. */
import { DuckDBInstance } from '@duckdb/node-api';
import type { DuckDBConnection } from '@duckdb/node-api';
import { unreadable } from './text-table.ts';
import type { TableRow, UnitTable } from './port.ts';

const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

async function* connected<T>(
  path: string,
  work: (connection: DuckDBConnection) => AsyncIterable<T>,
): AsyncGenerator<T> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1', autoinstall_known_extensions: 'false' });
  const connection = await instance.connect();
  try {
    await connection.run("set TimeZone = 'UTC'");
    yield* work(connection);
  } catch (cause) {
    const [problem = ''] = (cause instanceof Error ? cause.message : String(cause)).split('\n');
    throw unreadable(path, null, `cannot be read as Parquet: ${problem}`);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** @throws HoldfastError GATE_FILE_UNREADABLE */
export async function openParquetTable(path: string): Promise<UnitTable> {
  const columns: string[] = [];
  const names = connected(path, async function* (connection) {
    const described = await connection.run(
      `select column_name from (describe select * from read_parquet(${literal(path)}))`,
    );
    for (const [name] of await described.getRows()) yield String(name);
  });
  for await (const name of names) columns.push(name);
  return {
    path,
    columns,
    placeName: 'row',
    rows: (asked) => connected(path, (connection) => rowsOf(connection, path, asked)),
  };
}

async function* rowsOf(
  connection: DuckDBConnection,
  path: string,
  columns: readonly string[],
): AsyncGenerator<readonly TableRow[]> {
  const cells = columns.map((column) => `cast(${identifier(column)} as varchar)`).join(', ');
  const result = await connection.stream(
    `select file_row_number + 1, ${cells} from read_parquet(${literal(path)}, file_row_number = true)`,
  );
  for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    yield chunk
      .getRows()
      .map(([place, ...texts]): TableRow => ({ place: Number(place), cells: texts as (string | null)[] }));
  }
}
