/** A source that says what it was told: for tests and demonstrations. */
import { isoInstant } from '../../domain/time.ts';
import type { CountTuple } from '../../domain/statistics/index.ts';
import type { MetricSource } from './port.ts';

/** Counts by `${metric}/${start of cohort, ISO 8601}`. What is not there is missing. */
export type KnownCounts = Map<string, CountTuple>;

/** @param known May be changed while the source is in use. */
export function createInMemoryMetricSource(known: KnownCounts = new Map()): MetricSource {
  return {
    read: async ({ metric, from }) => {
      const counts = known.get(`${metric.name}/${isoInstant(from)}`);
      return counts === undefined
        ? { kind: 'missing', reason: `no counts of ${metric.name} from ${isoInstant(from)} on` }
        : { kind: 'counts', counts };
    },
  };
}
