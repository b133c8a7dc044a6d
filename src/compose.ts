/**
 * The only caller of adapter factories: one function for each process that needs some, each loading no vendor it does not use.
 */
import type { ReadModelFile } from './adapters/model-file/port.ts';

/** What `holdfast validate` and the starting of a model need. */
export async function composeModelFile(): Promise<ReadModelFile> {
  const { readModelFile } = await import('./adapters/model-file/yaml.ts');
  return readModelFile;
}
