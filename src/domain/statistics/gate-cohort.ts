import { canonicalHistogram } from './diff-histogram.ts';
import type { DiffHistogram } from './diff-histogram.ts';
import { requireCountWindow } from './event-counts.ts';
import type { CountWindow } from './event-counts.ts';
import type { GatePolicy, StreamPolicy } from './gate-policy.ts';
import { requireCount, StatisticsError } from './statistics-error.ts';

/** The four integers of a count stream's cohort. */
export type CountTuple = readonly [
  candidateEvents: number,
  events: number,
  candidateExposures: number,
  exposures: number,
];

/** Evidence of one cohort by stream id. */
export interface CohortEvidence {
  differences?: Readonly<Record<string, DiffHistogram>> | undefined;
  counts?: Readonly<Record<string, CountTuple>> | undefined;
}

/**
 * Units grouped by assignment time, numbered 1, 2, 3 … without gaps.
 *
 * `pending` (status) means nothing about it is known. `pending` (list) names the streams whose evidence for this cohort is not complete
 * yet, due or not. A stream with a lag that is neither named nor given counts as pending: absence is not evidence. A stream without lag
 * that is neither named nor given contributed no unit. `void` was declared without seeing outcomes.
 */
export interface Cohort extends CohortEvidence {
  cohort: number;
  step: number;
  exposureBp: number;
  status: 'ok' | 'pending' | 'void';
  pending?: readonly string[] | undefined;
  /** New units per arm, for the sample-ratio test. */
  assigned: { control: number; candidate: number };
}

/** Evidence that arrived later for streams that were pending in an earlier cohort. */
export interface Completion extends CohortEvidence {
  cohort: number;
  /** New units of it per arm that had not been known at its look; given once. */
  assigned?: { exposureBp: number; control: number; candidate: number } | undefined;
}

export type StreamEvidence =
  | { kind: 'difference'; histogram: DiffHistogram }
  | { kind: 'count'; window: CountTuple | null };

/** A cohort with each stream's evidence checked and in canonical form; streams not in the map are pending. */
export interface ReadCohort {
  cohort: number;
  step: number;
  exposureBp: number;
  status: Cohort['status'];
  assigned: { control: number; candidate: number };
  evidence: Map<string, StreamEvidence>;
}

export function windowOf([candidateEvents, events, candidateExposures, exposures]: CountTuple): CountWindow {
  return { candidateEvents, events, candidateExposures, exposures };
}

/** One stream's evidence as given; null when the record does not speak of the stream. */
export function readEvidence(stream: StreamPolicy, given: CohortEvidence): StreamEvidence | null {
  if (stream.kind === 'difference') {
    const histogram = given.differences?.[stream.id];
    return histogram === undefined ? null : { kind: 'difference', histogram: canonicalHistogram(histogram) };
  }
  const window = given.counts?.[stream.id];
  if (window === undefined) return null;
  requireCountWindow(windowOf(window));
  return { kind: 'count', window };
}

/** Evidence of a cohort to which a stream contributed no unit. */
export const NOTHING = {
  difference: { kind: 'difference', histogram: [] },
  count: { kind: 'count', window: null },
} as const;

/**
 * Checks a cohort record against the policy's streams.
 *
 * @throws STAT_COHORT_INVALID, STAT_COUNT_INVALID, STAT_DIFFERENCE_RANGE
 */
export function readCohort(policy: GatePolicy, record: Cohort): ReadCohort {
  const { cohort, step, exposureBp, status } = record;
  const assigned = { control: record.assigned.control, candidate: record.assigned.candidate };
  const evidence = new Map<string, StreamEvidence>();
  const read: ReadCohort = { cohort, step, exposureBp, status, assigned, evidence };
  requireCount(cohort, 'cohort', 'STAT_COHORT_INVALID');
  if (cohort < 1) throw new StatisticsError('STAT_COHORT_INVALID', `cohort is ${cohort}; number cohorts from 1`);
  if (status === 'pending') return read;
  if (status !== 'ok' && status !== 'void') {
    throw new StatisticsError(
      'STAT_COHORT_INVALID',
      `status of cohort ${cohort} is ${String(status)}; give ok, pending or void`,
    );
  }
  requireCount(step, `step of cohort ${cohort}`, 'STAT_COHORT_INVALID');
  requireCount(exposureBp, `exposureBp of cohort ${cohort}`, 'STAT_COHORT_INVALID');
  requireCount(assigned.control, `assigned.control of cohort ${cohort}`);
  requireCount(assigned.candidate, `assigned.candidate of cohort ${cohort}`);
  const pending = new Set(record.pending);
  for (const stream of policy.streams) {
    if (status === 'void') evidence.set(stream.id, NOTHING[stream.kind]);
    else if (!pending.has(stream.id)) {
      const given = readEvidence(stream, record) ?? ((stream.lag ?? 0) > 0 ? null : NOTHING[stream.kind]);
      if (given !== null) evidence.set(stream.id, given);
    }
  }
  return read;
}

/** The refusal of a second, different content for what was already delivered. */
export function conflictingCohort(cohort: number, what: string): StatisticsError {
  return new StatisticsError(
    'conflicting-cohort',
    `${what} of cohort ${cohort} was delivered before with different content; a correction is a new, labelled computation`,
  );
}

/**
 * Joins two deliveries of one cohort: equal content is a no-op, a pending entry may be completed later.
 *
 * @throws conflicting-cohort when what both deliver differs
 */
export function joinDeliveries(first: ReadCohort, second: ReadCohort): ReadCohort {
  if (second.status === 'pending') return first;
  if (first.status === 'pending') return second;
  for (const field of ['step', 'exposureBp', 'status', 'assigned'] as const) {
    if (JSON.stringify(first[field]) !== JSON.stringify(second[field])) throw conflictingCohort(first.cohort, field);
  }
  const evidence = new Map(first.evidence);
  for (const [id, given] of second.evidence) {
    const known = evidence.get(id);
    if (known === undefined) evidence.set(id, given);
    else if (JSON.stringify(known) !== JSON.stringify(given)) throw conflictingCohort(first.cohort, `stream ${id}`);
  }
  return { ...first, evidence };
}
