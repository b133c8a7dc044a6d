/**
 * The only caller of adapter factories: one function for each process that needs some, each loading no vendor it does not use.
 */
import { join } from 'node:path';
import type { DataSource } from './adapters/data-source/port.ts';
import type { ReadModelFile } from './adapters/model-file/port.ts';
import type { ObjectStore } from './adapters/object-store/port.ts';
import type { RecordStore } from './adapters/record-store/port.ts';
import type { Config } from './config.ts';
import { HoldfastError } from './contracts/errors.ts';
import type { ModelDeclaration } from './contracts/model.ts';

/** What `holdfast validate` and the starting of a model need. */
export async function composeModelFile(): Promise<ReadModelFile> {
  const { readModelFile } = await import('./adapters/model-file/yaml.ts');
  return readModelFile;
}

/** Bulk of this installation: a folder that all its processes share. */
export async function composeObjectStore(config: Pick<Config, 'stateDir' | 'objectStore'>): Promise<ObjectStore> {
  const { createObjectStore } = await import('./adapters/object-store/index.ts');
  return createObjectStore({ kind: 'local-folder', folder: config.objectStore ?? join(config.stateDir, 'objects') });
}

/**
 * Records of this installation.
 * @throws CONFIG_INVALID without the address of a database
 */
export async function composeRecordStore(config: Pick<Config, 'postgresUrl'>): Promise<RecordStore> {
  if (config.postgresUrl === undefined) {
    throw new HoldfastError(
      'CONFIG_INVALID',
      'HOLDFAST_POSTGRES_URL is not set, and this process starts no database itself',
    );
  }
  const { recordStores } = await import('./adapters/record-store/index.ts');
  return recordStores.postgres.create(recordStores.postgres.options.parse({ url: config.postgresUrl }));
}

/** The source of a model's rows, prepared in the state folder. */
export async function composeDataSource(
  config: Pick<Config, 'stateDir'>,
  store: ObjectStore,
  declaration: ModelDeclaration,
  baseDir: string,
): Promise<DataSource> {
  const { openDataSource } = await import('./adapters/data-source/index.ts');
  return openDataSource(declaration, { baseDir, workDir: join(config.stateDir, 'prepared'), store });
}
