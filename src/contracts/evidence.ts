/** Evidence that somebody else measures: how a batch of counts is told, and what it is answered with. */
import { z } from 'zod';
import { epochMs, isoInstant } from '../domain/time.ts';

const count = z.int().min(0).max(1_000_000_000);

/** Most triples of one batch; with it a batch stays far below what a message may weigh. */
const TRIPLES_MAX = 1000;

/** Most that one update may weigh, as JSON; larger batches are recorded by HTTP or command line before anybody is told. */
export const EVIDENCE_UPDATE_BYTES_MAX = 16 * 1024;

/** Whole instants that exist: `2001-02-30` is of the right form and is no day. */
function isCohortStart(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:00)?Z$/.test(text)) return false;
  try {
    return isoInstant(epochMs(text)).slice(0, 16) === text.slice(0, 16);
  } catch {
    return false;
  }
}

const evidenceBatchFields = {
  batchId: z.string().min(1).max(200).describe('Idempotency key of the batch; the same id is recorded once'),
  metric: z.string().min(1).max(63).describe('Metric of the policy with source "pushed"'),
  cohortStart: z
    .string()
    .refine(isCohortStart, 'must be an ISO 8601 UTC instant of whole minutes, for example 2001-02-01T00:00:00Z')
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
  assigned: z
    .strictObject({
      control: count.describe('New units assigned to the stable bundle'),
      candidate: count.describe('New units assigned to the candidate'),
    })
    .nullable()
    .default(null)
    .describe(
      'From a router that is not our gateway, with the first pushed metric of the policy: what the test for a broken split counts',
    ),
};
export const evidenceBatchSchema = z.strictObject(evidenceBatchFields, {
  error: ({ code }) =>
    code === 'invalid_type'
      ? 'must be a JSON object with batchId, metric, cohortStart, and counts or differences'
      : undefined,
});
export type EvidenceBatch = z.infer<typeof evidenceBatchSchema>;

/** Key of the record of a batch: cohorts of a metric sort by time. */
export function evidenceBatchKey(rolloutId: string, metric: string, cohort: number): string {
  return `${rolloutId}/${metric}/${String(cohort).padStart(6, '0')}`;
}

/** A batch with who gives it, by which way. */
export interface EvidenceCommand {
  /** As told: whether it is a batch is part of what is judged, and recorded with its reason. */
  readonly batch: unknown;
  readonly by: string;
  readonly channel: string;
}

export interface EvidenceReceipt {
  /** Empty where what was told has none. */
  readonly batchId: string;
  /** duplicate: the same batch has been recorded before, and counts once. */
  readonly result: 'recorded' | 'duplicate' | 'refused';
  /** In words; why, for one that is refused. */
  readonly message: string;
  /** Whether the same batch may be taken later, when event time has moved on. */
  readonly later: boolean;
}

/**
 * Batches in a text: a JSON array, or newline-delimited JSON. A line that is not JSON is given as it stands: it is refused like any other
 * batch that is none, and the lines around it are not.
 * @throws SyntaxError when the text begins as an array and is none
 */
export function batchesIn(text: string): readonly unknown[] {
  if (text.trimStart().startsWith('[')) return JSON.parse(text) as unknown[];
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      try {
        return JSON.parse(line) as unknown;
      } catch {
        return line;
      }
    });
}
