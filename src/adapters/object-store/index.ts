import { z } from 'zod';
import { createInMemoryStore, inMemorySchema } from './in-memory.ts';
import { createLocalFolderStore, localFolderSchema } from './local-folder.ts';
import type { ObjectStore } from './port.ts';

export const objectStoreSchema = z.discriminatedUnion('kind', [localFolderSchema, inMemorySchema]);
export type ObjectStoreOptions = z.infer<typeof objectStoreSchema>;

/** The object store of a kind; the options are checked by `objectStoreSchema` before. */
export function createObjectStore(options: ObjectStoreOptions): ObjectStore {
  switch (options.kind) {
    case 'local-folder':
      return createLocalFolderStore(options);
    case 'in-memory':
      return createInMemoryStore();
    default:
      return options satisfies never;
  }
}
