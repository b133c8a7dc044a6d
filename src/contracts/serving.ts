/**
 * What crosses the gateway: bundles, the split schedule, predictions, outcomes and the records of its log.
 * The control plane and the data plane meet only here.
 */
import { z } from 'zod';

export const instantSchema = z.iso
  .datetime({ offset: false })
  .describe('ISO 8601 UTC instant, for example 2001-02-25T06:00:00Z');
export const digestSchema = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .describe('SHA-256 of the canonical JSON, lower-case hex');
export const exposureSchema = z.number().min(0).max(1).describe('Fraction of units served by the candidate, 0 to 1');
export const modelNameSchema = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,62}$/)
  .describe('Name of a model: lower-case letters, digits and hyphens');

/** One input or feature value as it travels; null is missing. */
export const inputValueSchema = z.union([z.number(), z.string(), z.null()]);
export type InputValue = z.infer<typeof inputValueSchema>;

const featureNameSchema = z.string().min(1).describe('Name of the feature, once in the file');

/** A feature taken from the request as sent. */
const staticFeatureSchema = z.strictObject({
  kind: z.enum(['numeric', 'categorical']),
  name: featureNameSchema,
  input: z.string().min(1).describe('Name of the request input it is read from'),
});

/**
 * Share of outcomes with label 1 among those that had arrived in a trailing window, per key:
 * (positives + prior.weight · prior.rate) / (outcomes + prior.weight), over arrivals in (t − lag − age − window, t − lag − age],
 * where t is the request's event time cut to the whole minute.
 */
const outcomeRateFeatureSchema = z.strictObject({
  kind: z.literal('outcomeRate').describe('A share of recent true outcomes, from the log'),
  name: featureNameSchema,
  key: z.array(z.string().min(1)).max(3).describe('Inputs that select which outcomes count; empty: all of them'),
  window: z.string().describe('Length of the trailing window, ISO 8601, whole minutes'),
  lag: z
    .string()
    .describe('Outcomes younger than this do not count yet, whole minutes; keeps offline and online equal'),
  age: z.string().default('PT0S').describe('Additional age of the window, whole minutes; P1D makes a day-old rate'),
  prior: z
    .strictObject({
      rate: z.number().min(0).max(1).describe('Rate where nothing has arrived'),
      weight: z.number().positive().describe('How many outcomes it counts as'),
    })
    .describe('What the rate falls back to as outcomes get few'),
});

export const featureSchema = z.discriminatedUnion('kind', [
  staticFeatureSchema.extend({ kind: z.literal('numeric').describe('A number of the request') }),
  staticFeatureSchema.extend({ kind: z.literal('categorical').describe('A text of the request') }),
  outcomeRateFeatureSchema,
]);
export type FeatureDeclaration = z.infer<typeof featureSchema>;
export type OutcomeRateFeature = z.infer<typeof outcomeRateFeatureSchema>;

/** One column of the model's input row, in the artifact's order, and the declared feature that fills it when serving. */
const boundFeatureSchema = z.strictObject({
  name: z.string().min(1).describe('Column the artifact was trained on'),
  feature: featureSchema,
  categories: z
    .array(z.string())
    .optional()
    .describe('Categories by code, for categorical columns; others are unknown (-1)'),
});

export const bundleManifestSchema = z.strictObject({
  model: modelNameSchema,
  idea: z.string().min(1),
  artifact: digestSchema.describe('Object store name of the model artifact (JSON)'),
  features: z.array(boundFeatureSchema),
  healthyRange: z.tuple([z.number(), z.number()]).describe('Predictions outside are answered by the fallback chain'),
  recipe: z.string().min(1).describe('Training recipe of the model file; "constant" for a declared fallback'),
  datasetVersion: digestSchema.nullable(),
  codeVersion: z.string(),
});
export type BundleManifest = z.infer<typeof bundleManifestSchema>;
export type BoundFeature = z.infer<typeof boundFeatureSchema>;

/** One entry of the split schedule: who serves whom from an event time on. */
export const splitEntrySchema = z.strictObject({
  effectiveFrom: instantSchema.nullable().describe('Event time from which the entry chooses the arm; null: at once'),
  stable: digestSchema,
  candidate: digestSchema.nullable(),
  exposure: exposureSchema,
  salt: z.string().describe('Rollout salt of the sticky assignment'),
  mirror: z.boolean().describe('Whether the arm that does not serve is scored in shadow'),
});
export type SplitEntry = z.infer<typeof splitEntrySchema>;

export const putTrafficSchema = z.strictObject({
  generation: z.int().min(1).describe('Fencing token: must be above the present one, unless the content is the same'),
  decisionId: z.string().min(1),
  entry: splitEntrySchema.describe('Ends every entry that is not yet in effect; those in effect stay in the schedule'),
});
export type PutTraffic = z.infer<typeof putTrafficSchema>;

/** Monitoring's separate overriding field: while set, this bundle serves everyone; the split stays as it is beneath. */
export const putFallbackSchema = z.strictObject({
  generation: z.int().min(1),
  decisionId: z.string().min(1),
  bundle: digestSchema.nullable().describe('null returns to the split'),
});
export type PutFallback = z.infer<typeof putFallbackSchema>;

export const trafficStateSchema = z.strictObject({
  model: modelNameSchema,
  generation: z.int().min(0),
  decisionId: z.string().nullable(),
  entries: z.array(splitEntrySchema),
  fallback: z.strictObject({ generation: z.int().min(0), bundle: digestSchema.nullable() }),
  watermark: instantSchema.nullable().describe('Event time through which this gateway has logged everything'),
  eventClock: instantSchema
    .nullable()
    .describe('First event time of which nothing has been answered; a rise must not take effect before it'),
  servingNow: z.strictObject({
    stable: digestSchema.nullable(),
    candidate: digestSchema.nullable(),
    exposure: exposureSchema,
    candidateInFlight: z.int().min(0),
  }),
});
export type TrafficState = z.infer<typeof trafficStateSchema>;

export const predictionRequestSchema = z.strictObject({
  requestId: z.string().min(1).max(200),
  unit: z.string().min(1).max(200).describe('What is assigned and analysed; assignment is sticky by it'),
  eventTime: instantSchema.optional().describe('When it happens in the world; the gateway’s clock where absent'),
  inputs: z.record(z.string(), inputValueSchema),
});
export type PredictionRequest = z.infer<typeof predictionRequestSchema>;

export const predictionAnswerSchema = z.strictObject({
  requestId: z.string(),
  prediction: z.number(),
  bundle: digestSchema,
  arm: z.enum(['stable', 'candidate', 'fallback']),
});
export type PredictionAnswer = z.infer<typeof predictionAnswerSchema>;

/**
 * Revision of a label that people gave where the world had not answered: below every revision of the world's own, so that whatever the
 * world says holds, whenever it comes.
 */
export const PEOPLE_REVISION = -1;

export const outcomeSchema = z.strictObject({
  requestId: z.string().min(1).max(200),
  revision: z
    .int()
    .min(PEOPLE_REVISION)
    .default(0)
    .describe(
      '0 first, higher for corrections; -1: a label by people, which holds until the world answers; the same revision again is ignored',
    ),
  label: z.number().nullable().describe('true outcome; null where it is known to be invalid'),
  knownAt: instantSchema.optional().describe('Event time at which it became known; the gateway’s clock where absent'),
  inputs: z
    .record(z.string(), inputValueSchema)
    .describe('Inputs of the prediction, for the keys of outcome-rate features'),
});
export type Outcome = z.infer<typeof outcomeSchema>;

/** A promise of the sender: everything with an event time before `through` has been sent. Closes the open log segment. */
export const watermarkSchema = z.strictObject({ through: instantSchema });

/** What a gateway must know of a model before it answers for it; registering the same again changes nothing. */
export const modelRegistrationSchema = z.strictObject({
  freshFeatures: z
    .array(outcomeRateFeatureSchema)
    .max(200)
    .describe('Every outcome-rate feature of the model; kept up to date online and logged with each prediction'),
  fallback: digestSchema.describe('Bundle that answers before the first split and when no other can'),
});
export type ModelRegistration = z.infer<typeof modelRegistrationSchema>;

/** Rehearsed trouble, only where the gateway was started with drills enabled. What is not named is healed. */
export const drillSchema = z.strictObject({
  frozenFeatures: z
    .boolean()
    .default(false)
    .describe('true: outcome-rate features stay as they are at the event clock; false: they move again'),
  candidateFails: z.boolean().default(false).describe('true: scoring a candidate fails, as a crash in it would'),
  candidateWrongWhere: z
    .record(z.string(), z.array(z.union([z.string(), z.number()])).min(1))
    .nullable()
    .default(null)
    .describe('Input → values: a candidate answers such requests mirrored in its healthy range; null: none'),
});
export type GatewayDrill = z.infer<typeof drillSchema>;

/** One item of a batch that was refused; the others are not affected. */
export interface RejectedItem {
  /** Place in the batch as sent, from 0. */
  readonly index: number;
  readonly requestId: string | null;
  readonly code: string;
  readonly message: string;
}

export interface PredictionBatchAnswer {
  /** In the order of the batch, without the rejected. */
  readonly answers: readonly PredictionAnswer[];
  readonly rejected: readonly RejectedItem[];
}

export interface OutcomeBatchAnswer {
  readonly accepted: number;
  /** Known by (request id, revision) already, and ignored. */
  readonly duplicates: number;
  readonly rejected: readonly RejectedItem[];
}

/** What a gateway has counted since its start. */
export interface GatewayCounters {
  readonly predictions: number;
  readonly shadowScores: number;
  readonly outcomes: number;
  readonly duplicates: number;
  readonly rejected: number;
  /** Records with an event time before the watermark that stood when they came. */
  readonly late: number;
  /** Predictions that were answered although the log could not be written. */
  readonly unlogged: number;
  readonly ledgerAccepted: number;
  readonly ledgerRefused: number;
  readonly errors: { readonly stable: number; readonly candidate: number; readonly fallback: number };
}

/** What each counter counts, for the documentation. */
export const GATEWAY_COUNTERS: Readonly<Record<keyof GatewayCounters, string>> = {
  predictions: 'Predictions answered',
  shadowScores: 'Answers that were also asked of the arm that did not serve',
  outcomes: 'Outcomes taken',
  duplicates: 'Predictions and outcomes that came again and were taken once',
  rejected: 'Requests and outcomes of the wrong shape',
  late: 'Records with an event time before the watermark that stood when they came',
  unlogged: 'Predictions that were answered although the log could not be written: look at the disk',
  ledgerAccepted: 'Splits taken',
  ledgerRefused:
    'Splits refused because their generation was not above the present one: somebody else writes the split',
  errors:
    'By stable, candidate and fallback: how often it gave no healthy answer, so that the next in the chain answered',
};

/** A prediction as logged (one JSON object a frame, before the answer is sent). */
export interface PredictionRecord {
  readonly kind: 'prediction';
  readonly requestId: string;
  readonly unit: string;
  /** Event time, epoch milliseconds. */
  readonly at: number;
  readonly generation: number;
  /** Desired exposure of the schedule entry in effect. */
  readonly exposure: number;
  /** Arm by assignment; what answered is `served`. */
  readonly arm: 'stable' | 'candidate';
  readonly served: 'stable' | 'candidate' | 'fallback';
  readonly bundle: string;
  readonly prediction: number;
  /** Score of each arm where it was computed; null where it failed or was not asked for. */
  readonly stable: number | null;
  readonly candidate: number | null;
  readonly stableBundle: string;
  readonly candidateBundle: string | null;
  /** What failed at scoring an arm, in words; null where nothing did. */
  readonly stableError: string | null;
  readonly candidateError: string | null;
  /**
   * How long the bundle took for its score in the gateway's process, milliseconds to the microsecond: without the network, the log, and the
   * outcome-rate features that both share. Null without a score; absent of requests that were not timed. For pages: nothing is judged by it.
   */
  readonly stableMs?: number | null;
  readonly candidateMs?: number | null;
  readonly inputs: Readonly<Record<string, InputValue>>;
  /** Values of the outcome-rate features at `at`, by feature name. */
  readonly fresh: Readonly<Record<string, number>>;
  /** Event time through which outcomes had been taken into the online features, epoch milliseconds; null without any. */
  readonly freshThrough: number | null;
}

/** An outcome as logged (durable before it is acknowledged). */
export interface OutcomeRecord {
  readonly kind: 'outcome';
  readonly requestId: string;
  readonly revision: number;
  readonly label: number | null;
  /** Event time at which it arrived, epoch milliseconds. */
  readonly knownAt: number;
  readonly inputs: Readonly<Record<string, InputValue>>;
}

export type LogRecord = PredictionRecord | OutcomeRecord;

/** One line of a gateway's exposure ledger: appended and fsynced before the change is acknowledged; refusals are lines too. */
export interface LedgerEntry {
  readonly sequence: number;
  readonly kind: 'split' | 'fallback';
  readonly accepted: boolean;
  readonly reason: string | null;
  readonly generation: number;
  readonly decisionId: string;
  readonly entry: SplitEntry | { readonly bundle: string | null };
  /** The gateway's event clock when it was accepted, ISO 8601. */
  readonly eventTime: string | null;
  readonly previousDigest: string;
  readonly digest: string;
}

/** A closed log segment, offered for compaction. */
export interface SegmentInfo {
  readonly gateway: string;
  readonly segment: number;
  readonly records: number;
  readonly bytes: number;
  readonly through: string;
}
