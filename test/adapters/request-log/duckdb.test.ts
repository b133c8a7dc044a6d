import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { openRequestLog } from '../../../src/adapters/request-log/index.ts';
import type { RequestLog } from '../../../src/adapters/request-log/port.ts';
import { HOUR_MS } from '../../../src/domain/time.ts';
import { outcome, prediction, requestLogConformance, start } from './conformance.ts';

describe('DuckDB request log', () => {
  let folder: string;
  const open = (): Promise<RequestLog> => openRequestLog({ kind: 'duckdb', folder });
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'holdfast-log-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  requestLogConformance(open);

  const span = { model: 'm', from: start, to: start + HOUR_MS, asOf: start + 12 * HOUR_MS };

  it('keeps what it took in for the next process, one file per kind and day, and no draft', async () => {
    const first = await open();
    const records = [prediction('a'), prediction('b', { at: start + 4 * HOUR_MS }), outcome('a')];
    await first.compact({ model: 'm', gateway: 'g', segment: 1, records });
    await first.close();
    const second = await open();
    assert.equal((await second.readUnits(span))[0]?.label, 1);
    await second.close();
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
      /draft|parquet/.test(name),
    );
    assert.deepEqual(files.sort(), [
      `m/outcomes/2001-02-25/${start + HOUR_MS}-${start + HOUR_MS}.g.1.parquet`,
      `m/predictions/2001-02-25/${start}-${start}.g.1.parquet`,
      `m/predictions/2001-02-26/${start + 4 * HOUR_MS}-${start + 4 * HOUR_MS}.g.1.parquet`,
    ]);
  });

  it('reads files of an older format beside new ones: columns they lack are null', async () => {
    const old = join(folder, 'm', 'predictions', '2001-02-25');
    mkdirSync(old, { recursive: true });
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    await connection.run(`copy (select 'old' as "requestId", 'u' as unit, ${start}::bigint as "at", 'stable' as arm, 'stable' as served,
      'b' as bundle, 0.5::double as prediction, 'b' as "stableBundle", 'g' as gateway, 0::bigint as segment, 0::bigint as position,
      'x' as "columnOfTheFuture") to '${old}/${start}-${start}.g.0.parquet' (format parquet)`);
    connection.closeSync();
    instance.closeSync();
    const log = await open();
    await log.compact({ model: 'm', gateway: 'g', segment: 1, records: [prediction('new', { at: start + 1 })] });
    const units = await log.readUnits(span);
    assert.deepEqual(
      units.map(({ requestId, stable, candidateBundle, freshThrough, stableMs }) => [
        requestId,
        stable,
        candidateBundle === null,
        freshThrough === null,
        stableMs,
      ]),
      [
        ['old', null, true, true, null],
        ['new', 1 / 3, false, false, 0.012],
      ],
    );
    assert.deepEqual(
      (await log.readPredictions(span)).map(({ inputs }) => Object.keys(inputs).length),
      [0, 3],
    );
    await log.close();
  });
});
