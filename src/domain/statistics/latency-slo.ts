import type { CountWindow } from './event-counts.ts';
import { requireArgument, requireCount, StatisticsError } from './statistics-error.ts';

function requireBuckets(edges: readonly number[], counts: readonly number[], arm: string): void {
  for (const [i, edge] of edges.entries()) {
    const above = i === 0 ? -Infinity : edges[i - 1]!;
    requireArgument(edge > above && edge < Infinity, `edge ${i}`, edge, 'finite bucket edges in ascending order');
  }
  if (counts.length !== edges.length + 1) {
    throw new StatisticsError(
      'STAT_LENGTH_MISMATCH',
      `${counts.length} buckets of ${arm} for ${edges.length} edges; give one bucket more than edges`,
    );
  }
  for (const count of counts) requireCount(count, `bucket count of ${arm}`);
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/**
 * Requests slower than the objective, per arm, as the event counts of `logECounts`. Bucket b holds (edges[b−1], edges[b]].
 *
 * @param edges ascending bucket edges in ms
 * @param slo objective in ms; must be one of the edges, since a bucket cannot be split
 * @throws slo-not-a-bucket-edge, STAT_LENGTH_MISMATCH, STAT_COUNT_INVALID, STAT_INPUT_INVALID (edges)
 * Source: gate statistics §6; vectors `latency-slo.json`.
 */
export function sloExceedance(
  edges: readonly number[],
  window: { candidate: readonly number[]; control: readonly number[] },
  slo: number,
): CountWindow {
  const edge = edges.indexOf(slo);
  if (edge === -1) {
    throw new StatisticsError(
      'slo-not-a-bucket-edge',
      `the objective of ${slo} ms is not a bucket edge; choose one of ${edges.join(', ')}`,
    );
  }
  requireBuckets(edges, window.candidate, 'candidate');
  requireBuckets(edges, window.control, 'control');
  const candidateEvents = total(window.candidate.slice(edge + 1));
  const candidateExposures = total(window.candidate);
  return {
    candidateEvents,
    events: candidateEvents + total(window.control.slice(edge + 1)),
    candidateExposures,
    exposures: candidateExposures + total(window.control),
  };
}

/**
 * Edges of the bucket that holds order statistic ⌈p·n⌉, null at an open end; for display only.
 *
 * @param edges ascending bucket edges in ms, @param counts one bucket more than edges, @param p share from 0 to 1
 * @returns null when there are no requests
 * @throws STAT_LENGTH_MISMATCH, STAT_COUNT_INVALID, STAT_INPUT_INVALID. Source: gate statistics §6; vectors `latency-slo.json`.
 */
export function quantileBucket(
  edges: readonly number[],
  counts: readonly number[],
  p: number,
): [lower: number | null, upper: number | null] | null {
  requireBuckets(edges, counts, 'one arm');
  requireArgument(p >= 0 && p <= 1, 'p', p, 'a share from 0 to 1');
  const size = total(counts);
  if (size === 0) return null;
  const rank = Math.max(1, Math.ceil(p * size));
  let below = 0;
  const bucket = counts.findIndex((count) => (below += count) >= rank);
  return [edges[bucket - 1] ?? null, edges[bucket] ?? null];
}
