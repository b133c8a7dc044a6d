/**
 * One model, one file: the declaration of a model's whole production life. Everything else is derived from it; nothing about a
 * model is in code. The published JSON Schema is generated from these schemas.
 */
import { z } from 'zod';
import { daySchema, durationSchema, nameSchema, rateSchema, sqlSchema } from './model-scalars.ts';
import { labelingSchema } from './labeling.ts';
import { notificationsSchema } from './notifications.ts';
import { rolloutPolicySchema } from './rollout-policy.ts';
import { featureSchema, modelNameSchema } from './serving.ts';

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
  ingestionLag: durationSchema
    .default('PT0S')
    .describe(
      'How long a label that arrived may take until it is in the log; added to the window before a cohort counts',
    ),
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
  z.strictObject({
    kind: z
      .literal('lossShift')
      .describe('What is served loses no more than its rollout certified, with nothing beside it to compare with'),
    id: objectiveId,
    tolerancePerThousand: z
      .number()
      .min(0)
      .max(500)
      .describe('Tolerated daily mean loss above the bound that the rollout certified, per 1,000 units'),
    falseAlarmDays: z
      .int()
      .min(2)
      .max(100_000)
      .default(365)
      .describe('A false alarm comes after that many days on average, or later; more days see a rise later'),
    days: z
      .int()
      .min(1)
      .max(400)
      .default(3)
      .describe('Consecutive days within the tolerance before it counts as met again'),
    response: z
      .enum(['retrain', 'page'])
      .describe('What is done when it is broken: the world may have changed, so nothing is ever rolled back'),
  }),
]);
export type Objective = z.infer<typeof objectiveSchema>;

const newCasesSchema = z.strictObject({
  role: nameSchema.describe('Role of people whose word accepts or declines a case'),
  within: durationSchema
    .default('P3D')
    .describe('Workflow time for that word; without one by then the case is accepted'),
});

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
  rollout: rolloutPolicySchema.describe('How a candidate reaches users, and what stops it'),
  objectives: z
    .array(objectiveSchema)
    .max(20)
    .default([])
    .describe('What the served model is held to, and the response'),
  newCases: newCasesSchema
    .optional()
    .describe(
      'Who judges the case that an incident leaves behind, before the suite takes it; default: it enters at once',
    ),
  fallback: z
    .strictObject({ constant: z.number().describe('Answered when no bundle is healthy; the first stable') })
    .describe('The safe answer'),
  healthyRange: z.tuple([z.number(), z.number()]).describe('Predictions outside are answered by the fallback chain'),
  notifications: notificationsSchema.optional().describe('Who is told when a person is needed; default: nobody'),
  labeling: labelingSchema
    .optional()
    .describe('How people label requests whose outcome has not come; default: nobody is asked'),
  people: z.record(nameSchema, z.array(z.string().min(1)).min(1)).describe('Role → names that may act in it'),
});

/** A validated model declaration with every default filled in. */
export type ModelDeclaration = z.infer<typeof modelFileSchema>;
