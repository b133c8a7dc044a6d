/** Evidence that somebody else measures: how a batch of counts is told, and what it is answered with. */
import { z } from 'zod';

const count = z.int().min(0).max(1_000_000_000);

/** Most triples of one batch; with it a batch stays far below what a message may weigh. */
const TRIPLES_MAX = 1000;

export const evidenceBatchSchema = z.strictObject({
  batchId: z.string().min(1).max(200).describe('Idempotency key of the batch; the same id is recorded once'),
  metric: z.string().min(1).max(63).describe('Metric of the policy with source "pushed"'),
  cohortStart: z
    .string()
    .refine((text) => /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?Z$/.test(text), 'must be an ISO 8601 UTC instant')
    .describe('First instant of the cohort the counts are of, ISO 8601 UTC'),
  counts: z
    .strictObject({
      candidateEvents: count.describe('Events of units on the candidate'),
      events: count.describe('Events in both arms'),
      candidateExposures: count.describe('Units on the candidate that could have had one'),
      exposures: count.describe('Such units in both arms'),
    })
    .nullable()
    .default(null)
    .describe('For a metric of shape "count"'),
  differences: z
    .array(z.tuple([z.int().min(-10_000).max(10_000), count]))
    .max(TRIPLES_MAX)
    .nullable()
    .default(null)
    .describe('For a metric of shape "difference": [difference in 1/10,000, units] each'),
});
export type EvidenceBatch = z.infer<typeof evidenceBatchSchema>;

/** A batch with who gives it, by which way. */
export interface EvidenceCommand {
  readonly batch: EvidenceBatch;
  readonly by: string;
  readonly channel: string;
}

export interface EvidenceReceipt {
  readonly batchId: string;
  /** duplicate: the same batch has been recorded before, and counts once. */
  readonly result: 'recorded' | 'duplicate' | 'refused';
  /** In words; why, for one that is refused. */
  readonly message: string;
}
