/**
 * One model, one file: the declaration of a model's whole production life. Everything else is derived from it; nothing about a
 * model is in code. The published JSON Schema is generated from these schemas.
 */
import { z } from 'zod';
import { STATISTICAL_PRESETS } from '../domain/rollout/presets.ts';
import type { PresetName } from '../domain/rollout/presets.ts';
import { featureSchema, modelNameSchema } from './serving.ts';

export const DURATION_PATTERN = /^P(?=.)(?:\d+W)?(?:\d+D)?(?:T(?=.)(?:\d+H)?(?:\d+M)?(?:\d+S)?)?$/;
export const NAME_PATTERN = /^[a-zA-Z][a-zA-Z0-9_-]{0,62}$/;

const PRESET_NAMES = Object.keys(STATISTICAL_PRESETS) as [PresetName, ...PresetName[]];

const durationSchema = z
  .string()
  .regex(DURATION_PATTERN)
  .describe('ISO 8601 duration in weeks, days, hours, minutes: "PT3H", "P7D"');
const daySchema = z.iso.date().describe('Calendar day, 2001-01-29');
const sqlSchema = z.string().min(1).max(2000).describe('Expression in DuckDB SQL over the columns of the file');
const rateSchema = z.number().min(0).max(1);
const nameSchema = z.string().regex(NAME_PATTERN);

const timeZoneSchema = z.union([
  z.string().min(1).describe('UTC or an IANA zone: the zone of eventTime in the file'),
  z.strictObject({
    file: z.string().describe('Table of places: a path beside the model file, or npm:<package>/<path>'),
    key: sqlSchema.describe('Expression in the source that names the place'),
    match: z.string().describe('Column of the table it is found in'),
    latitude: z.string().describe('Column with degrees north'),
    longitude: z.string().describe('Column with degrees east'),
  }),
]);

const sourceSchema = z.strictObject({
  kind: z.literal('file').describe('Adapter of the data source'),
  file: z.string().min(1).describe('Parquet or CSV: a path beside the model file, or npm:<package>/<path>'),
  eventTime: sqlSchema.describe('TIMESTAMP at which the prediction is asked for, in timeZone'),
  timeZone: timeZoneSchema.default('UTC'),
  key: z.array(nameSchema).min(1).max(8).describe('Inputs or columns that identify a unit; repeats get an ordinal'),
  inputs: z.record(nameSchema, sqlSchema).describe('What callers send with a prediction: name → expression'),
  partition: z.literal('P1D').default('P1D').describe('One partition per event day of the file (local time)'),
  closesAfter: durationSchema
    .default('PT12H')
    .describe('How long after its day’s end (UTC) a partition is complete: time zones'),
  backfillUntil: daySchema.describe('First event day that is replayed as live traffic; days before land as backfill'),
});

const labelSchema = z.strictObject({
  name: nameSchema,
  expression: sqlSchema.describe('true/false (binary) or a number (regression)'),
  arrivesAfter: sqlSchema.describe('Minutes from the event until the label is known, as an expression'),
  valid: sqlSchema.default('true').describe('False where the outcome is impossible: such labels never train or judge'),
  attributionWindow: durationSchema.describe('How long after the event a label may arrive and still count'),
  absence: z.enum(['exclude', 'zero']).describe('What no label at the end of the window means'),
  affectsLabel: z.boolean().describe('Does acting on the prediction change or censor the outcome?'),
});

const checkSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('rowRange'),
    id: nameSchema,
    expression: sqlSchema,
    min: z.number().optional(),
    max: z.number().optional(),
    action: z.literal('quarantine').default('quarantine'),
    owner: z.string(),
    reviewBy: daySchema,
  }),
  z.strictObject({
    kind: z.literal('exactDuplicate'),
    id: nameSchema,
    action: z.literal('quarantine').default('quarantine'),
    owner: z.string(),
    reviewBy: daySchema,
  }),
  z.strictObject({
    kind: z.literal('rowCount'),
    id: nameSchema,
    min: z.int().min(0),
    action: z.literal('block').default('block'),
    owner: z.string(),
    reviewBy: daySchema,
  }),
  z.strictObject({
    kind: z.literal('missingShare'),
    id: nameSchema,
    input: nameSchema,
    max: rateSchema,
    action: z.literal('block').default('block'),
    owner: z.string(),
    reviewBy: daySchema,
  }),
]);
export type QualityCheck = z.infer<typeof checkSchema>;

const recipeSchema = z.strictObject({
  trainer: z.enum(['gradient-boosting', 'logistic-regression']),
  features: z.array(nameSchema).min(1).describe('Names of declared features, in the model’s column order'),
  options: z
    .record(z.string(), z.number())
    .default({})
    .describe('Trainer options, for example trees, leaves, learningRate'),
});

const ideaSchema = z.strictObject({
  id: nameSchema,
  hypothesis: z.string().min(1).describe('What is expected to get better, and why'),
  recipe: nameSchema.describe('A recipe; "stable" is the recipe of the bundle that serves').optional(),
  artifactOf: nameSchema.describe('Serve the latest artifact of another idea instead of training').optional(),
  serveWith: z
    .record(nameSchema, nameSchema)
    .default({})
    .describe('Column → declared feature that fills it when serving'),
  trainOn: durationSchema.default('P28D').describe('Trailing event time of the training data'),
  trainingTime: durationSchema.default('PT3H').describe('Event time a training run takes in an unattended replay'),
  claim: z
    .enum(['improve', 'not-worse'])
    .describe('improve: must be certified better in shadow; not-worse: within the margin'),
  every: durationSchema
    .optional()
    .describe('Repeats on a calendar; without it the idea is tried once, in the order given'),
});
export type Idea = z.infer<typeof ideaSchema>;

const approvalSchema = z.strictObject({
  roles: z.array(nameSchema).min(1),
  quorum: z.int().min(1).max(10).default(1),
});

const stepSchema = z.discriminatedUnion('mode', [
  z.strictObject({ mode: z.literal('offline') }),
  z.strictObject({
    mode: z.literal('shadow'),
    minSpan: durationSchema.describe('Event time the evidence must cover; never sufficient by itself'),
    minUnits: z.int().min(0),
    deadline: durationSchema.describe('Event time after which a candidate without a verdict is refused'),
  }),
  z.strictObject({
    mode: z.literal('canary'),
    exposure: z.number().gt(0).lt(1),
    minSpan: durationSchema,
    minUnits: z.int().min(0),
    deadline: durationSchema.describe('Event time after which the step escalates to a person'),
    approvals: approvalSchema.optional().describe('People whose yes is needed to leave this step'),
  }),
  z.strictObject({ mode: z.literal('full') }),
]);
export type LadderStep = z.infer<typeof stepSchema>;

const rolloutSchema = z.strictObject({
  preset: z
    .enum(PRESET_NAMES)
    .default('standard')
    .describe('Fills the statistical settings: how sure a rollback, an advance and a hold have to be'),
  season: durationSchema.default('P7D').describe('Evidence must cover it before exposure exceeds 25 %'),
  seasonWaiver: z.string().optional().describe('Why less than a season is enough here'),
  loss: z.enum(['brier', 'squaredError']).describe('Bounded loss of one unit; squaredError is scaled by lossRange'),
  lossRange: z.tuple([z.number(), z.number()]).optional().describe('Range of the label, for squaredError'),
  marginPerThousand: z.number().gt(0).max(500).describe('Tolerated extra loss per 1,000 units for a not-worse claim'),
  harmBudgetPerThousand: z
    .number()
    .gt(0)
    .max(500)
    .describe('Upper bound of difference × next exposure, per 1,000 units'),
  errorRatio: z.number().min(1).default(2).describe('Tolerated ratio of serving errors, candidate to stable'),
  newerCandidate: z
    .strictObject({
      ideas: z.enum(['queue', 'supersede', 'reject']).default('queue'),
      retrains: z.enum(['queue', 'supersede', 'reject']).default('supersede'),
    })
    .prefault({}),
  steps: z.array(stepSchema).min(2).max(20),
});
export type RolloutPolicy = z.infer<typeof rolloutSchema>;

const suiteCaseSchema = z.strictObject({
  id: nameSchema,
  where: sqlSchema.default('true').describe('Rows of the held-out days the case looks at'),
  lastDays: z.int().min(1).max(60).default(7),
  maxRegressionPerThousand: z
    .number()
    .min(0)
    .describe('Tolerated extra mean loss against the serving bundle, per 1,000 units'),
  minUnits: z.int().min(1).default(200),
});

const objectiveSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('lossAgainstFallback'),
    id: nameSchema,
    maxDifferencePerThousand: z
      .number()
      .describe('Daily mean loss of what is served minus that of the declared fallback'),
    days: z.int().min(1).default(2).describe('Consecutive days before it counts as broken'),
    response: z.enum(['rollback', 'fallback', 'retrain', 'page']),
  }),
  z.strictObject({
    kind: z.literal('featureFreshness'),
    id: nameSchema,
    maxAge: durationSchema.describe('Oldest tolerated state of the outcome-rate features at prediction time'),
    response: z.enum(['fallback', 'page']),
  }),
  z.strictObject({
    kind: z.literal('calibration'),
    id: nameSchema,
    maxRatioError: z.number().gt(0).describe('|mean prediction / mean label − 1| over the trailing days'),
    days: z.int().min(1).default(7),
    response: z.enum(['retrain', 'page']),
  }),
]);
export type Objective = z.infer<typeof objectiveSchema>;

export const modelFileSchema = z.strictObject({
  holdfast: z.literal(1).describe('Version of this format'),
  model: modelNameSchema,
  title: z.string().min(1).describe('The question the model answers'),
  owner: z.string().min(1),
  task: z.enum(['binary', 'regression']),
  unit: z.strictObject({
    name: nameSchema.describe('What is assigned and analysed, for example flight'),
    cluster: nameSchema.nullable().default(null).describe('Input that moves together; null: none'),
    assignment: z.enum(['unit', 'cluster', 'shadow-only']).default('unit'),
  }),
  cohort: durationSchema.describe('Length of a cohort; decisions fall on its boundaries'),
  source: sourceSchema,
  label: labelSchema,
  checks: z.array(checkSchema).max(50).default([]),
  features: z.array(featureSchema).min(1).max(200),
  recipes: z.record(nameSchema, recipeSchema),
  ideas: z.array(ideaSchema).min(1).max(50).describe('Worked through in order'),
  suite: z.array(suiteCaseSchema).max(50).default([]),
  rollout: rolloutSchema,
  objectives: z.array(objectiveSchema).max(20).default([]),
  fallback: z.strictObject({ constant: z.number().describe('Answered when no bundle is healthy; the first stable') }),
  healthyRange: z.tuple([z.number(), z.number()]).describe('Predictions outside are answered by the fallback chain'),
  people: z.record(nameSchema, z.array(z.string().min(1)).min(1)).describe('Role → names that may act in it'),
});

/** A validated model declaration with every default filled in. */
export type ModelDeclaration = z.infer<typeof modelFileSchema>;
