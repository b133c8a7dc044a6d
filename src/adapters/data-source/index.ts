/** Kinds of data sources; the model file's `source.kind` chooses. */
import type { FileSourcePlaces } from './file.ts';
import type { DataSource } from './port.ts';
import type { SourceDeclaration } from './prepare.ts';

const dataSources = {
  file: async (declaration: SourceDeclaration, places: FileSourcePlaces): Promise<DataSource> => {
    const { openFileSource } = await import('./file.ts');
    return openFileSource(declaration, places);
  },
} as const;

/** Opens the source of a model. Nothing is read before the first call of a method. */
export function openDataSource(declaration: SourceDeclaration, places: FileSourcePlaces): Promise<DataSource> {
  return dataSources[declaration.source.kind](declaration, places);
}
