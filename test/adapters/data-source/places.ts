/** Temporary folders, a store and small declarations for the tests of the data source. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { parse } from 'yaml';
import type { FileSourcePlaces } from '../../../src/adapters/data-source/file.ts';
import { openDataSource } from '../../../src/adapters/data-source/index.ts';
import type { DataSource } from '../../../src/adapters/data-source/port.ts';
import { createObjectStore } from '../../../src/adapters/object-store/index.ts';
import type { ObjectStore } from '../../../src/adapters/object-store/port.ts';
import { modelFileSchema } from '../../../src/contracts/model.ts';
import type { ModelDeclaration } from '../../../src/contracts/model.ts';

const FLIGHTS = 'node_modules/vega-datasets/data/flights-3m.parquet';

export interface TestPlaces extends FileSourcePlaces {
  readonly store: ObjectStore;
  write(name: string, lines: readonly string[]): string;
  remove(): void;
}

export function makePlaces(): TestPlaces {
  const baseDir = mkdtempSync(join(tmpdir(), 'holdfast-data-'));
  const store = createObjectStore({ kind: 'local-folder', folder: join(baseDir, 'store') });
  return {
    baseDir,
    workDir: join(baseDir, 'work'),
    store,
    write: (name, lines) => {
      writeFileSync(join(baseDir, name), `${lines.join('\n')}\n`);
      return name;
    },
    remove: () => rmSync(baseDir, { recursive: true, force: true }),
  };
}

export async function query<Row = Record<string, unknown>>(sql: string): Promise<Row[]> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1', autoinstall_known_extensions: 'false' });
  const connection = await instance.connect();
  try {
    return (await (await connection.run(sql)).getRowObjectsJson()) as Row[];
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

type Overrides = { readonly [Key in keyof ModelDeclaration]?: Partial<ModelDeclaration[Key]> };

export const flightModel = (): ModelDeclaration =>
  modelFileSchema.parse(parse(readFileSync('models/flight-delay.yaml', 'utf8')));

/** The shipped example over the flights that satisfy a condition. */
export async function flightSlice(places: TestPlaces, where: string, overrides: Overrides = {}): Promise<DataSource> {
  await query(
    `copy (select * from '${FLIGHTS}' where ${where}) to '${join(places.baseDir, 'flights.parquet')}' (format parquet)`,
  );
  const model = flightModel();
  return openDataSource(
    {
      ...model,
      ...overrides,
      source: { ...model.source, file: 'flights.parquet', ...overrides.source },
    } as ModelDeclaration,
    places,
  );
}

/** A small CSV model: time, shop, amount, bad, minutes. */
export function shopModel(file: string, overrides: Overrides = {}): ModelDeclaration {
  const model = flightModel();
  const source = {
    kind: 'file' as const,
    file,
    eventTime: 'time',
    timeZone: 'UTC',
    key: ['time', 'shop'],
    inputs: { shop: 'shop', amount: 'amount' },
    partition: 'P1D' as const,
    closesAfter: 'PT12H',
    backfillUntil: '2001-01-02',
  };
  const label = { ...model.label, expression: 'bad = 1', arrivesAfter: 'minutes', valid: 'true' };
  return {
    ...model,
    checks: [],
    ...overrides,
    source: { ...source, ...overrides.source },
    label: { ...label, ...overrides.label },
  } as ModelDeclaration;
}

export const SHOP_HEADER = 'time,shop,amount,bad,minutes';

export function openShop(places: TestPlaces, lines: readonly string[], overrides: Overrides = {}): Promise<DataSource> {
  return openDataSource(shopModel(places.write('shop.csv', [SHOP_HEADER, ...lines]), overrides), places);
}
