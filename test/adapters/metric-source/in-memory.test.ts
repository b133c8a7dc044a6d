import { createInMemoryMetricSource } from '../../../src/adapters/metric-source/in-memory.ts';
import { metricSourceConformance } from './conformance.ts';
import { COHORT, query } from './prometheus-server.ts';

describe('metric source in memory', () =>
  metricSourceConformance(async () => ({
    source: createInMemoryMetricSource(new Map([[`timeouts/${COHORT.start}`, [1, 3, 100, 1000]]])),
    known: query(),
    counts: [1, 3, 100, 1000],
    unknown: query({ from: COHORT.to, to: COHORT.to + (COHORT.to - COHORT.from) }),
  })));
