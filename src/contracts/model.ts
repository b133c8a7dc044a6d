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
  timeZone: timeZoneSchema
    .default('UTC')
    .describe('Zone of eventTime: one for all, or the local time of a place of each row'),
  key: z.array(nameSchema).min(1).max(8).describe('Inputs or columns that identify a unit; repeats get an ordinal'),
  inputs: z.record(nameSchema, sqlSchema).describe('What callers send with a prediction: name → expression'),
  partition: z.literal('P1D').default('P1D').describe('One partition per event day of the file (local time)'),
  closesAfter: durationSchema
    .default('PT12H')
    .describe('How long after its day’s end (UTC) a partition is complete: time zones'),
  backfillUntil: daySchema.describe('First event day that is replayed as live traffic; days before land as backfill'),
});

const labelSchema = z.strictObject({
  name: nameSchema.describe('Name of the outcome'),
  expression: sqlSchema.describe('true/false (binary) or a number (regression)'),
  arrivesAfter: sqlSchema.describe('Minutes from the event until the label is known, as an expression'),
  valid: sqlSchema.default('true').describe('False where the outcome is impossible: such labels never train or judge'),
  attributionWindow: durationSchema.describe('How long after the event a label may arrive and still count'),
  absence: z.enum(['exclude', 'zero']).describe('What no label at the end of the window means'),
  affectsLabel: z.boolean().describe('Does acting on the prediction change or censor the outcome?'),
});

const checkOwner = {
  id: nameSchema.describe('Name of the check, once in the file'),
  owner: z.string().describe('Who is told when it fails'),
  reviewBy: daySchema.describe('Day by which someone asks whether the check is still right'),
};
const quarantines = z.literal('quarantine').default('quarantine').describe('Failing rows are set aside');
const blocks = z.literal('block').default('block').describe('The whole partition is held back');

const checkSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('rowRange').describe('Every row’s value lies in a range'),
    expression: sqlSchema,
    min: z.number().optional().describe('Lowest value that is possible'),
    max: z.number().optional().describe('Highest value that is possible'),
    action: quarantines,
    ...checkOwner,
  }),
  z.strictObject({
    kind: z.literal('exactDuplicate').describe('No row repeats another in every column'),
    action: quarantines,
    ...checkOwner,
  }),
  z.strictObject({
    kind: z.literal('rowCount').describe('The partition is complete enough'),
    min: z.int().min(0).max(1_000_000_000).describe('Fewest rows of a partition'),
    action: blocks,
    ...checkOwner,
  }),
  z.strictObject({
    kind: z.literal('missingShare').describe('An input is there often enough'),
    input: nameSchema.describe('Input that is looked at'),
    max: rateSchema.describe('Largest share of rows without it, 0 to 1'),
    action: blocks,
    ...checkOwner,
  }),
]);
export type QualityCheck = z.infer<typeof checkSchema>;

const recipeSchema = z.strictObject({
  trainer: z.enum(['gradient-boosting', 'logistic-regression']).describe('Who trains the artifact'),
  features: z.array(nameSchema).min(1).describe('Names of declared features, in the model’s column order'),
  options: z
    .record(z.string(), z.number())
    .default({})
    .describe('Options of the trainer; the rest take their defaults'),
});

const ideaSchema = z.strictObject({
  id: nameSchema.describe('Name of the idea, once in the file'),
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
  roles: z.array(nameSchema).min(1).describe('Roles of people; a name counts once, whatever its roles'),
  quorum: z.int().min(1).max(10).default(1).describe('How many different people have to say yes'),
});

const minSpanSchema = durationSchema.describe('Event time the evidence must cover; never sufficient by itself');
const minUnitsSchema = z.int().min(0).max(1_000_000_000).describe('Fewest judged units; never sufficient by itself');

const stepSchema = z.discriminatedUnion('mode', [
  z.strictObject({ mode: z.literal('offline').describe('Passes the validation suite; nobody is exposed') }),
  z.strictObject({
    mode: z.literal('shadow').describe('Scored beside the stable bundle, seen by nobody'),
    minSpan: minSpanSchema,
    minUnits: minUnitsSchema,
    deadline: durationSchema.describe('Event time after which a candidate without a verdict is refused'),
  }),
  z.strictObject({
    mode: z.literal('canary').describe('Serves a fraction of the units'),
    exposure: z.number().gt(0).lt(1).describe('That fraction, in steps of 0.0001; must rise from step to step'),
    minSpan: minSpanSchema,
    minUnits: minUnitsSchema,
    deadline: durationSchema.describe('Event time after which the step escalates to a person'),
    approvals: approvalSchema.optional().describe('People whose yes is needed to leave this step'),
  }),
  z.strictObject({ mode: z.literal('full').describe('Serves all units and becomes the stable') }),
]);
export type LadderStep = z.infer<typeof stepSchema>;

const newerCandidateSchema = z.enum(['queue', 'supersede', 'reject']);

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
  harmMarginPerThousand: z
    .number()
    .gt(0)
    .max(500)
    .optional()
    .describe(
      'Extra loss per 1,000 units that rolls back under exposure at any time; above what single days do. Default: half the budget',
    ),
  errorRatio: z.number().min(1).default(2).describe('Tolerated ratio of serving errors, candidate to stable'),
  newerCandidate: z
    .strictObject({
      ideas: newerCandidateSchema.default('queue').describe('A candidate of an idea that is tried once'),
      retrains: newerCandidateSchema.default('supersede').describe('A candidate of an idea that repeats'),
    })
    .prefault({})
    .describe(
      'What a candidate does that arrives while another is in flight: wait, replace one that waits, or be refused',
    ),
  steps: z.array(stepSchema).min(2).max(20).describe('The ladder: offline, shadow, canaries of rising exposure, full'),
});

const suiteCaseSchema = z.strictObject({
  id: nameSchema.describe('Name of the case, once in the file'),
  where: sqlSchema.default('true').describe('Rows of the held-out days the case looks at'),
  lastDays: z.int().min(1).max(60).default(7).describe('Held-out days, counted back from the newest labelled one'),
  maxRegressionPerThousand: z
    .number()
    .min(0)
    .describe('Tolerated extra mean loss against the serving bundle, per 1,000 units'),
  minUnits: z.int().min(1).max(1_000_000_000).default(200).describe('Fewest units the case can be judged on'),
});

const objectiveId = nameSchema.describe('Name of the objective, once in the file');

const objectiveSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('lossAgainstFallback').describe('What is served beats the declared fallback'),
    id: objectiveId,
    maxDifferencePerThousand: z
      .number()
      .describe('Daily mean loss of what is served minus that of the declared fallback, per 1,000 units'),
    days: z.int().min(1).max(400).default(2).describe('Consecutive days before it counts as broken'),
    response: z.enum(['rollback', 'fallback', 'retrain', 'page']).describe('What is done when it is broken'),
  }),
  z.strictObject({
    kind: z.literal('featureFreshness').describe('Outcome-rate features are as fresh as declared'),
    id: objectiveId,
    maxAge: durationSchema.describe('Oldest tolerated state of the outcome-rate features at prediction time'),
    response: z.enum(['fallback', 'page']).describe('What is done when it is broken'),
  }),
  z.strictObject({
    kind: z.literal('calibration').describe('Predictions are right on average'),
    id: objectiveId,
    maxRatioError: z.number().gt(0).describe('|mean prediction / mean label − 1| over the trailing days'),
    days: z.int().min(1).max(400).default(7).describe('Trailing days of matured labels'),
    response: z.enum(['retrain', 'page']).describe('What is done when it is broken'),
  }),
]);
export type Objective = z.infer<typeof objectiveSchema>;

export const modelFileSchema = z.strictObject({
  holdfast: z.literal(1).describe('Version of this format'),
  model: modelNameSchema,
  title: z.string().min(1).describe('The question the model answers'),
  owner: z.string().min(1).describe('Who answers for the model'),
  task: z.enum(['binary', 'regression']).describe('What is predicted: a probability, or a number'),
  unit: z
    .strictObject({
      name: nameSchema.describe('What is assigned and analysed, for example flight'),
      cluster: nameSchema.nullable().default(null).describe('Input that moves together; null: none'),
      assignment: z
        .enum(['unit', 'cluster', 'shadow-only'])
        .default('unit')
        .describe('What an arm is drawn for; shadow-only: nothing is ever exposed before full'),
    })
    .describe('What is assigned to an arm, and so what is analysed'),
  cohort: durationSchema.describe('Length of a cohort; decisions fall on its boundaries'),
  source: sourceSchema.describe('Where rows come from, and what callers send'),
  label: labelSchema.describe('The true outcome, and how the world reports it'),
  checks: z.array(checkSchema).max(50).default([]).describe('What a partition has to pass before it is used'),
  features: z.array(featureSchema).min(1).max(200).describe('What a model may see at prediction time'),
  recipes: z.record(nameSchema, recipeSchema).describe('Ways to train: name → trainer, features, options'),
  ideas: z.array(ideaSchema).min(1).max(50).describe('Worked through in order'),
  suite: z.array(suiteCaseSchema).max(50).default([]).describe('Cases every candidate must pass; incidents add more'),
  rollout: rolloutSchema.describe('How a candidate reaches users, and what stops it'),
  objectives: z
    .array(objectiveSchema)
    .max(20)
    .default([])
    .describe('What the served model is held to, and the response'),
  fallback: z
    .strictObject({ constant: z.number().describe('Answered when no bundle is healthy; the first stable') })
    .describe('The safe answer'),
  healthyRange: z.tuple([z.number(), z.number()]).describe('Predictions outside are answered by the fallback chain'),
  people: z.record(nameSchema, z.array(z.string().min(1)).min(1)).describe('Role → names that may act in it'),
});

/** A validated model declaration with every default filled in. */
export type ModelDeclaration = z.infer<typeof modelFileSchema>;
