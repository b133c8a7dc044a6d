import { recordStores } from '../../../src/adapters/record-store/index.ts';
import { recordStoreConformance } from './conformance.ts';

describe('record store in memory', () => {
  recordStoreConformance(recordStores['in-memory'].create, async (store) => store);
});
