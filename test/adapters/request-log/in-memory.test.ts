import { openRequestLog } from '../../../src/adapters/request-log/index.ts';
import { requestLogConformance } from './conformance.ts';

describe('in-memory request log', () => {
  requestLogConformance(() => openRequestLog({ kind: 'in-memory' }));
});
