/** Which batches of pushed evidence are taken, and why one is not. Pure: what is known of the rollout comes in as facts. */
import { canonicalJson } from '../canonical-json.ts';
import type { CountTuple, DiffHistogram } from '../statistics/index.ts';
import { cohortOf, cohortStart, isoInstant } from '../time.ts';
import type { CohortCalendar, EpochMs } from '../time.ts';

/** Counts of one cohort, in the one form that the metric's shape has. */
export interface BatchCounts {
  readonly window: CountTuple | null;
  readonly histogram: DiffHistogram | null;
}

/** A batch as told: counts of one metric in one cohort. */
export interface OfferedBatch {
  readonly batchId: string;
  readonly metric: string;
  /** First instant of its cohort. */
  readonly cohortStart: EpochMs;
  readonly counts: BatchCounts;
  /** New units per arm; null where they are not told. */
  readonly assigned: { readonly control: number; readonly candidate: number } | null;
}

/** A batch that is on record, with the text that tells a repetition of it from a contradiction. */
interface RecordedBatch {
  readonly batchId: string;
  readonly content: string;
}

export interface IntakeFacts {
  readonly rolloutId: string;
  /** Whether the rollout is known and still open. */
  readonly isOpen: boolean;
  /** Metrics of its policy that are pushed, with their shapes. */
  readonly pushed: Readonly<Record<string, 'count' | 'difference'>>;
  /** The one of them with whose batches new units per arm are told; null where none is. */
  readonly splitMetric: string | null;
  readonly calendar: CohortCalendar;
  /** First cohort of the rollout; null before its first split. */
  readonly firstCohort: number | null;
  /** Event time through which the log is complete. */
  readonly watermark: EpochMs;
  /** What is recorded for the same metric and cohort, and under the same id. */
  readonly sameCohort: RecordedBatch | null;
  readonly sameId: RecordedBatch | null;
}

export type IntakeVerdict =
  | { readonly result: 'recorded'; readonly cohort: number }
  | { readonly result: 'duplicate' }
  /** `later`: nothing is wrong with the batch; the same one may be taken when event time has moved on. */
  | { readonly result: 'refused'; readonly reason: string; readonly later: boolean };

/** Canonical text of what a batch says: the same batch, told again, has the same. */
export function contentOf({ metric, cohortStart: from, counts, assigned }: Omit<OfferedBatch, 'batchId'>): string {
  const { window, histogram } = counts;
  return canonicalJson({ metric, cohortStart: from, window, histogram, assigned });
}

/** Judges one batch. A refusal names the field, the value and what is allowed. */
export function judgeBatch(batch: OfferedBatch, facts: IntakeFacts): IntakeVerdict {
  const { sameId, sameCohort, calendar } = facts;
  if (sameId !== null) {
    if (sameId.content === contentOf(batch)) return { result: 'duplicate' };
    return refuse(
      `batchId ${batch.batchId} has been recorded with other content; a correction is a new rollout's evidence`,
    );
  }
  const refusal = refusalOf(batch, facts);
  if (refusal !== null) return refusal;
  if (sameCohort !== null) {
    const at = isoInstant(batch.cohortStart);
    return refuse(
      `cohort ${at} of ${batch.metric} is covered by batch ${sameCohort.batchId}; counts of a cohort come in one batch`,
    );
  }
  return { result: 'recorded', cohort: cohortOf(calendar, batch.cohortStart) };
}

const refuse = (reason: string): IntakeVerdict => ({ result: 'refused', reason, later: false });
const notYet = (reason: string): IntakeVerdict => ({ result: 'refused', reason, later: true });

function refusalOf(
  { metric, cohortStart: from, counts, assigned }: OfferedBatch,
  facts: IntakeFacts,
): IntakeVerdict | null {
  const { pushed, rolloutId } = facts;
  if (!facts.isOpen) return refuse(`${rolloutId} is no rollout in flight; push to the one that holdfast status names`);
  const declared = Object.hasOwn(pushed, metric) ? pushed[metric] : undefined;
  if (declared === undefined) {
    const known = Object.keys(pushed);
    return refuse(
      `metric ${metric} is none that is pushed; allowed: ${known.length === 0 ? 'none, the policy declares no such metric' : known.join(', ')}`,
    );
  }
  const given = [...(counts.window === null ? [] : ['count']), ...(counts.histogram === null ? [] : ['difference'])];
  if (given.length !== 1 || given[0] !== declared)
    return refuse(
      `metric ${metric} is of shape ${declared}: give ${declared === 'count' ? 'counts' : 'differences'}, and only these`,
    );
  if (assigned !== null && metric !== facts.splitMetric)
    return refuse(
      `assigned is told with metric ${facts.splitMetric ?? 'none'}, not with ${metric}: a unit's assignment counts once`,
    );
  const impossible = counts.window === null ? null : impossibleCounts(counts.window);
  return impossible === null ? wrongTime(from, facts) : refuse(impossible);
}

/** Counts that no two arms can have had: with them nothing could ever be judged. Source: gate statistics §5, one event a unit. */
function impossibleCounts([candidateEvents, events, candidateExposures, exposures]: CountTuple): string | null {
  if (candidateEvents > events)
    return `candidateEvents ${candidateEvents} is more than events ${events}, which counts both arms`;
  if (candidateExposures > exposures)
    return `candidateExposures ${candidateExposures} is more than exposures ${exposures}, which counts both arms`;
  if (candidateEvents > candidateExposures)
    return `candidateEvents ${candidateEvents} is more than candidateExposures ${candidateExposures}; count one event a unit at most`;
  const stable = { events: events - candidateEvents, exposures: exposures - candidateExposures };
  if (stable.events > stable.exposures)
    return `stable has ${stable.events} events of ${stable.exposures} exposures; count one event a unit at most`;
  return null;
}

function wrongTime(from: EpochMs, { calendar, firstCohort, rolloutId, watermark }: IntakeFacts): IntakeVerdict | null {
  const cohort = cohortOf(calendar, from);
  const start = cohortStart(calendar, cohort);
  if (start !== from)
    return refuse(
      `cohortStart ${isoInstant(from)} is not the start of a cohort; the one it falls in starts at ${isoInstant(start)}`,
    );
  if (firstCohort === null) return notYet(`${rolloutId} has no split yet; its first cohort has not begun`);
  if (cohort < firstCohort)
    return refuse(
      `cohortStart ${isoInstant(from)} is before the rollout: its first cohort starts at ${isoInstant(cohortStart(calendar, firstCohort))}`,
    );
  const end = cohortStart(calendar, cohort + 1);
  if (end > watermark)
    return notYet(
      `cohort ${isoInstant(from)} is not over: it ends at ${isoInstant(end)}, and the log is complete through ${isoInstant(watermark)}`,
    );
  return null;
}
