/**
 * The only caller of adapter factories: one function for each process that needs some, each loading no vendor it does not use.
 */
import type { ReadModelFile } from './adapters/model-file/port.ts';
import type { ObjectStore } from './adapters/object-store/port.ts';

/** What `holdfast validate` and the starting of a model need. */
export async function composeModelFile(): Promise<ReadModelFile> {
  const { readModelFile } = await import('./adapters/model-file/yaml.ts');
  return readModelFile;
}

/**
 * The object store of a process.
 * @throws ZodError when the options are not those of a known kind.
 */
export async function composeObjectStore(options: unknown): Promise<ObjectStore> {
  const { createObjectStore, objectStoreSchema } = await import('./adapters/object-store/index.ts');
  return createObjectStore(objectStoreSchema.parse(options));
}
