/** Which batches of pushed evidence are taken, and why one is not. Pure: what is known of the rollout comes in as facts. */
import { cohortOf, cohortStart, isoInstant } from '../time.ts';
import type { CohortCalendar, EpochMs } from '../time.ts';

/** A batch as told: counts of one metric in one cohort. */
export interface OfferedBatch {
  readonly batchId: string;
  readonly metric: string;
  /** First instant of its cohort. */
  readonly cohortStart: EpochMs;
  readonly shape: 'count' | 'difference' | 'both' | 'neither';
  /** Canonical text of the counts: tells a repetition from a contradiction. */
  readonly content: string;
}

export interface IntakeFacts {
  readonly rolloutId: string;
  /** Whether the rollout is known and still open. */
  readonly isOpen: boolean;
  /** Metrics of its policy that are pushed, with their shapes. */
  readonly pushed: Readonly<Record<string, 'count' | 'difference'>>;
  readonly calendar: CohortCalendar;
  /** First cohort of the rollout; null before its first split. */
  readonly firstCohort: number | null;
  /** Event time through which the log is complete. */
  readonly watermark: EpochMs;
  /** What is recorded for the same metric and cohort, and under the same id. */
  readonly sameCohort: { readonly batchId: string; readonly content: string } | null;
  readonly sameId: { readonly batchId: string; readonly content: string } | null;
}

export type IntakeVerdict =
  | { readonly result: 'recorded'; readonly cohort: number }
  | { readonly result: 'duplicate' }
  | { readonly result: 'refused'; readonly reason: string };

/** Judges one batch. A refusal names the field, the value and what is allowed. */
export function judgeBatch(batch: OfferedBatch, facts: IntakeFacts): IntakeVerdict {
  const { sameId, sameCohort } = facts;
  if (sameId !== null) {
    if (sameId.content === batch.content) return { result: 'duplicate' };
    return refuse(
      `batchId ${batch.batchId} has been recorded with other content; a correction is a new rollout's evidence`,
    );
  }
  const reason = refusalOf(batch, facts);
  if (reason !== null) return refuse(reason);
  if (sameCohort !== null) {
    const at = isoInstant(batch.cohortStart);
    return refuse(
      `cohort ${at} of ${batch.metric} is covered by batch ${sameCohort.batchId}; counts of a cohort come in one batch`,
    );
  }
  return { result: 'recorded', cohort: cohortOf(facts.calendar, batch.cohortStart) };
}

const refuse = (reason: string): IntakeVerdict => ({ result: 'refused', reason });

function refusalOf(batch: OfferedBatch, facts: IntakeFacts): string | null {
  const { metric, cohortStart: from, shape } = batch;
  const { calendar, firstCohort, pushed, rolloutId } = facts;
  if (!facts.isOpen) return `${rolloutId} is no rollout in flight; push to the one that holdfast status names`;
  const declared = Object.hasOwn(pushed, metric) ? pushed[metric] : undefined;
  if (declared === undefined) {
    const known = Object.keys(pushed);
    return `metric ${metric} is none that is pushed; allowed: ${known.length === 0 ? 'none, the policy declares no such metric' : known.join(', ')}`;
  }
  if (shape !== declared)
    return `metric ${metric} is of shape ${declared}: give ${declared === 'count' ? 'counts' : 'differences'}, and only these`;
  const cohort = cohortOf(calendar, from);
  const start = cohortStart(calendar, cohort);
  if (start !== from)
    return `cohortStart ${isoInstant(from)} is not the start of a cohort; the one it falls in starts at ${isoInstant(start)}`;
  if (firstCohort === null) return `${rolloutId} has no split yet; its first cohort has not begun`;
  if (cohort < firstCohort)
    return `cohortStart ${isoInstant(from)} is before the rollout: its first cohort starts at ${isoInstant(cohortStart(calendar, firstCohort))}`;
  const end = cohortStart(calendar, cohort + 1);
  if (end > facts.watermark)
    return `cohort ${isoInstant(from)} is not over: it ends at ${isoInstant(end)}, and the log is complete through ${isoInstant(facts.watermark)}`;
  return null;
}
