import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { openUnitTable } from '../../../src/adapters/gate-input/index.ts';
import type { TableRow } from '../../../src/adapters/gate-input/port.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-table-'));
const file = join(folder, 'table.csv');

async function rowsOf(content: string | Uint8Array, columns: readonly string[]): Promise<TableRow[]> {
  writeFileSync(file, content);
  const table = await openUnitTable(file);
  const rows: TableRow[] = [];
  for await (const batch of table.rows(columns)) rows.push(...batch);
  return rows;
}

const quoted = (text: string) => (/[",;\n\r\t|]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

describe('a table in delimited text', () => {
  after(() => rmSync(folder, { recursive: true }));

  for (const [title, text] of [
    ['commas', 'a,b\n1,x y\n2,z\n'],
    ['semicolons', 'a;b\n1;x y\n2;z\n'],
    ['tabs', 'a\tb\n1\tx y\n2\tz\n'],
    ['bars', 'a|b\n1|x y\n2|z\n'],
    ['line ends of Windows', 'a,b\r\n1,x y\r\n2,z\r\n'],
    ['line ends of old Macs', 'a,b\r1,x y\r2,z\r'],
    ['no line end at its end', 'a,b\n1,x y\n2,z'],
    ['quotes', '"a","b"\n"1","x y"\n2,"z"\n'],
    ['a byte order mark', '\uFEFFa,b\n1,x y\n2,z\n'],
    ['spaces around names', ' a , b\n1,x y\n2,z\n'],
  ] as const)
    it(`reads ${title}`, async () => {
      assert.deepEqual(await rowsOf(text, ['b', 'a']), [
        { place: 2, cells: ['x y', '1'] },
        { place: 3, cells: ['z', '2'] },
      ]);
    });

  it('reads a gzipped file', async () => {
    assert.deepEqual(await rowsOf(gzipSync('a,b\n1,2\n'), ['a']), [{ place: 2, cells: ['1'] }]);
  });

  it('counts the lines of the file, blank ones and those within quotes too', async () => {
    const rows = await rowsOf('a,b\n\n"one\ntwo",x\n\n"say ""so""",y\n', ['a']);
    assert.deepEqual(rows, [
      { place: 3, cells: ['one\ntwo'] },
      { place: 6, cells: ['say "so"'] },
    ]);
  });

  it('keeps empty cells, the last one too', async () => {
    assert.deepEqual(await rowsOf('a,b,c\n,,\n', ['a', 'c']), [{ place: 2, cells: ['', ''] }]);
  });

  it('gives back whatever was written, however the text is cut into pieces', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.string(), fc.string()), { minLength: 1, maxLength: 20 }), async (cells) => {
        const padding = 'x'.repeat(70_000); // longer than a piece of the file
        const records = [...cells, [padding, 'é'] as const].map(([a, b]) => `${quoted(a)},${quoted(`${b}.`)}`);
        const rows = await rowsOf(`a,b\n${records.join('\n')}\n`, ['a', 'b']);
        assert.deepEqual(
          rows.map(({ cells: read }) => read),
          [...cells, [padding, 'é'] as const].map(([a, b]) => [a, `${b}.`]),
        );
      }),
      { numRuns: 30 },
    ));

  it('reads a hundred thousand rows', async () => {
    const text = Array.from({ length: 100_000 }, (_, index) => `u${index},A,2024-03-01T00:00:00Z,0`).join('\n');
    assert.equal((await rowsOf(`user,arm,at,y\n${text}\n`, ['user', 'arm', 'at', 'y'])).length, 100_000);
  });
});
