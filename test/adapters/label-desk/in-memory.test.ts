import { createInMemoryLabelDesk } from '../../../src/adapters/label-desk/in-memory.ts';
import { labelDeskConformance } from './conformance.ts';

describe('label desk in memory', () =>
  labelDeskConformance(async () => {
    const desk = createInMemoryLabelDesk();
    return { desk, model: 'shop', taken: async () => desk.taken.get('shop') ?? [] };
  }));
