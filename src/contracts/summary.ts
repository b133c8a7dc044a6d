/** What an unattended run leaves behind: one JSON document that says what happened, and a digest by which two runs are compared. */
import { z } from 'zod';
import { CANDIDATE_OUTCOMES } from './records.ts';
import { digestSchema, exposureSchema, instantSchema, modelNameSchema } from './serving.ts';

const count = z.int().min(0);
const day = z.iso.date();

const argumentsSchema = z.strictObject({
  modelPath: z.string().describe('Model file as given'),
  until: day.nullable().describe('First partition day that was not replayed; null: the end of the data'),
  autoApprove: z.boolean().describe('Whether requests for approval were granted without a person'),
  drill: z.string().nullable().describe('Exercise of trouble that was played; null: none'),
  speed: z.number().nullable().describe('Event time ÷ wall time; null: in lockstep, as fast as the stages settle'),
});

const collectionSchema = z.strictObject({
  rows: count.describe('Rows of all landed partitions'),
  accepted: count.describe('Rows of accepted partitions that passed every check'),
  partitionsAccepted: count,
  quarantined: z.record(z.string(), count).describe('Check → rows set aside'),
  blocked: z.array(z.strictObject({ day, checkId: z.string(), reason: z.string() })).describe('Partitions held back'),
});

const candidateSchema = z.strictObject({
  bundle: digestSchema,
  idea: z.string(),
  attempt: z.int(),
  outcome: z.enum(CANDIDATE_OUTCOMES),
  step: z.string().nullable().describe('Step the candidate stood on when it was decided'),
  reason: z.string().nullable(),
  readyAt: instantSchema.describe('Event time at which it was submitted'),
  decidedAt: instantSchema.nullable(),
  exposureHistory: z.array(
    z.strictObject({
      exposure: exposureSchema,
      mode: z.string(),
      eventTime: instantSchema.describe('From which the exposure took effect'),
      decisionId: z.string(),
      evidenceDigest: digestSchema.nullable(),
    }),
  ),
});

const stableSchema = z.strictObject({
  bundle: digestSchema,
  idea: z.string(),
  since: instantSchema,
  rolloutId: z.string().nullable(),
});

const incidentSchema = z.strictObject({
  id: z.string(),
  objective: z.string(),
  openedAt: instantSchema,
  symptom: z.string(),
  cause: z.string().nullable(),
  response: z.string(),
  closedAt: instantSchema.nullable(),
  closingReason: z.string().nullable(),
});

const countsSchema = z.strictObject({
  predictions: count.describe('Predictions asked for by the replay and answered'),
  outcomes: count.describe('Outcomes sent and acknowledged, warm-up included'),
  decisions: count.describe('Decisions recorded by all rollouts'),
  approvals: count.describe('Commands of people in the command log'),
  shadowScores: count.nullable().describe('Scores nobody saw, by the gateway since its last start; null: not asked'),
  ledgerAccepted: count.nullable().describe('Changes of traffic the gateway has taken since its last start'),
  ledgerRefused: count.nullable().describe('Changes it has refused'),
  errors: count.nullable().describe('Failures of scoring, by the gateway since its last start'),
});

const workflowSchema = z.strictObject({
  id: z.string(),
  type: z.string(),
  runs: z.int().min(1).describe('Runs of this id, continue-as-new included'),
  historyEvents: count.describe('Events of all its runs'),
  status: z.string(),
});

export const summarySchema = z.strictObject({
  format: z.literal(1).describe('Version of this format'),
  storyDigest: digestSchema.describe('SHA-256 of the part that two runs with the same arguments must share'),
  model: modelNameSchema,
  declarationDigest: digestSchema,
  arguments: argumentsSchema,
  eventTime: z.strictObject({ from: instantSchema.nullable(), until: instantSchema.nullable() }),
  collection: collectionSchema,
  candidates: z.array(candidateSchema).describe('In order of event time, then idea and attempt'),
  stableHistory: z.array(stableSchema).describe('In order; the last one serves'),
  incidents: z.array(incidentSchema),
  counts: countsSchema,
  temporal: z.strictObject({ address: z.string(), namespace: z.string(), workflows: z.array(workflowSchema) }),
  wall: z.strictObject({
    totalSeconds: z.number(),
    byStage: z
      .record(z.string(), z.number())
      .describe('What the clock waited for, in seconds, by the first name waited for'),
  }),
});
export type Summary = z.infer<typeof summarySchema>;

/**
 * The part of a summary that depends on the data and the arguments alone: no addresses, run ids, wall times, or counts since a start.
 */
export function storyOf(summary: Omit<Summary, 'storyDigest'>): unknown {
  const { format, model, declarationDigest, eventTime, collection, candidates, stableHistory, incidents } = summary;
  const { until, autoApprove, drill } = summary.arguments;
  const { predictions, outcomes, decisions, approvals } = summary.counts;
  return {
    format,
    model,
    declarationDigest,
    arguments: { until, autoApprove, drill },
    eventTime,
    collection,
    candidates,
    stableHistory,
    incidents,
    counts: { predictions, outcomes, decisions, approvals },
  };
}
