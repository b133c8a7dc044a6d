import { createObjectStore } from '../../../src/adapters/object-store/index.ts';
import { objectStoreConformance } from './conformance.ts';

describe('object store in memory', () => {
  objectStoreConformance(async () => createObjectStore({ kind: 'in-memory' }));
});
