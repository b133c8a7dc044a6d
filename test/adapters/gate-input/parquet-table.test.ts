import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { openUnitTable } from '../../../src/adapters/gate-input/index.ts';
import type { TableRow } from '../../../src/adapters/gate-input/port.ts';
import { instantOf, numberOf } from '../../../src/domain/gate/cells.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-parquet-'));
const file = join(folder, "a 'table' without a name");

async function written(sql: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(`copy (${sql}) to '${file.replaceAll("'", "''")}' (format parquet)`);
  connection.closeSync();
  instance.closeSync();
}

describe('a table in Parquet', () => {
  after(() => rmSync(folder, { recursive: true }));

  it('is told by its content and gives its cells as text that the judge reads', async () => {
    await written(`select * from (values
      (1, true, timestamp '2024-03-01 06:00:00', timestamptz '2024-03-01 08:00:00+02', date '2024-03-01', 0.25::double),
      (2, false, null, null, null, 'nan'::double)) t("id", "bad one", ts, tz, d, y)`);
    const table = await openUnitTable(file);
    assert.deepEqual(table.columns, ['id', 'bad one', 'ts', 'tz', 'd', 'y']);
    assert.equal(table.placeName, 'row');
    const rows: TableRow[] = [];
    for await (const batch of table.rows(table.columns)) rows.push(...batch);
    assert.deepEqual(
      rows.map(({ place }) => place),
      [1, 2],
    );
    const [id, bad, ts, tz, day, y] = rows[0]!.cells;
    assert.deepEqual([id, numberOf(bad!), numberOf(y!)], ['1', 1, 0.25]);
    const six = Date.UTC(2024, 2, 1, 6);
    assert.deepEqual([instantOf(ts!), instantOf(tz!), instantOf(day!)], [six, six, Date.UTC(2024, 2, 1)]);
    assert.deepEqual(rows[1]!.cells.slice(2, 5), [null, null, null]);
  });

  it('may be read more than once, in pieces', async () => {
    await written('select range as id from range(10000)');
    const table = await openUnitTable(file);
    for (let pass = 0; pass < 2; pass++) {
      let [rows, batches] = [0, 0];
      for await (const batch of table.rows(['id'])) {
        rows += batch.length;
        batches += 1;
      }
      assert.equal(rows, 10_000);
      assert.ok(batches > 1);
    }
  });

  it('is refused when damaged', async () => {
    writeFileSync(file, 'PAR1 and nothing else');
    await assert.rejects(openUnitTable(file), { code: 'GATE_FILE_UNREADABLE', message: /cannot be read as Parquet/ });
  });
});
