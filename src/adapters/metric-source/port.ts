import type { MetricPolicy } from '../../contracts/rollout-policy.ts';
import type { CountTuple } from '../../domain/statistics/index.ts';
import type { EpochMs } from '../../domain/time.ts';

/** The counts of one metric over one whole cohort, event times [from, to). */
export interface MetricQuery {
  readonly model: string;
  readonly rolloutId: string;
  readonly metric: MetricPolicy;
  readonly from: EpochMs;
  readonly to: EpochMs;
}

/** What a source says of a cohort: its counts, or why it has none. Missing is not good, and not bad. */
export type MetricReading =
  | { readonly kind: 'counts'; readonly counts: CountTuple }
  /** In words for an operator: an outage, no data, a stale or partial answer. Asked again at the next look. */
  | { readonly kind: 'missing'; readonly reason: string };

/** A system that measures what the request log does not hold. */
export interface MetricSource {
  /**
   * Counts of a complete cohort, direction applied: events are bad ones. Idempotent; answers within seconds whatever the system does, and
   * never throws for an outage: that is a reading of kind `missing`.
   */
  read(query: MetricQuery): Promise<MetricReading>;
}
