/**
 * The rollout policy of a model: what is judged, how sure a verdict has to be, and the ladder of steps a candidate climbs. A rollout keeps
 * the policy it began with until it is re-based on record.
 */
import { z } from 'zod';
import { STATISTICAL_PRESETS } from '../domain/rollout/presets.ts';
import type { PresetName } from '../domain/rollout/presets.ts';
import { durationSchema, nameSchema } from './model-scalars.ts';

const PRESET_NAMES = Object.keys(STATISTICAL_PRESETS) as [PresetName, ...PresetName[]];

const approvalSchema = z.strictObject({
  roles: z.array(nameSchema).min(1).describe('Roles of people; a name counts once, whatever its roles'),
  quorum: z.int().min(1).max(10).default(1).describe('How many different people have to say yes'),
  veto: z.array(nameSchema).default([]).describe('Further roles whose single no withdraws the candidate at this step'),
  expiresAfter: durationSchema.optional().describe('Event time after which a yes has to be given again'),
  authenticated: z
    .boolean()
    .default(false)
    .describe('Whether a yes counts only when the HTTP edge has authenticated who gave it'),
});

const minSpanSchema = durationSchema.describe('Event time the evidence must cover; never sufficient by itself');
const minUnitsSchema = z.int().min(0).max(1_000_000_000).describe('Fewest judged units; never sufficient by itself');
const gatesSchema = z
  .array(nameSchema)
  .min(1)
  .optional()
  .describe('Required metrics and slices that gate leaving this step; default: all that it can observe');
const patienceSchema = durationSchema
  .optional()
  .describe('Workflow time after which the step escalates although event time stands still');

const stepSchema = z.discriminatedUnion('mode', [
  z.strictObject({ mode: z.literal('offline').describe('Passes the validation suite; nobody is exposed') }),
  z.strictObject({
    mode: z.literal('infra').describe('Loads and answers recorded requests in a process of its own; nobody is exposed'),
    requests: z.int().min(1).max(100_000).default(500).describe('How many recorded requests it has to answer'),
    latencyMsMax: z.number().gt(0).max(60_000).default(50).describe('Slowest tolerated 99th percentile, milliseconds'),
  }),
  z.strictObject({
    mode: z.literal('shadow').describe('Scored beside the stable bundle, seen by nobody'),
    minSpan: minSpanSchema,
    minUnits: minUnitsSchema,
    gates: gatesSchema,
    deadline: durationSchema.describe('Event time after which a candidate without a verdict is refused'),
    patience: patienceSchema,
  }),
  z.strictObject({
    mode: z.literal('canary').describe('Serves a fraction of the units'),
    exposure: z.number().gt(0).lt(1).describe('That fraction, in steps of 0.0001; must rise from step to step'),
    minSpan: minSpanSchema,
    minUnits: minUnitsSchema,
    gates: gatesSchema,
    deadline: durationSchema.describe('Event time after which the step escalates to a person'),
    patience: patienceSchema,
    approvals: approvalSchema.optional().describe('People whose yes is needed to leave this step'),
  }),
  z.strictObject({
    mode: z.literal('full').describe('Serves all units and becomes the stable'),
    watch: durationSchema
      .default('PT0S')
      .describe('Event time the comparison with the predecessor goes on before the candidate is the stable'),
    holdback: z
      .number()
      .min(0)
      .max(0.05)
      .default(0)
      .describe('Fraction of units that stays on the predecessor during the watch; 0: it is scored in shadow'),
  }),
]);
export type LadderStep = z.infer<typeof stepSchema>;

const conditionSchema = z.union([
  z
    .array(z.union([z.string(), z.number()]))
    .min(1)
    .max(1000)
    .describe('The input is one of these'),
  z
    .strictObject({
      min: z.number().optional().describe('Lowest value, itself included'),
      max: z.number().optional().describe('Highest value, itself included'),
    })
    .describe('The input lies in a range'),
]);

const sliceSchema = z.strictObject({
  id: nameSchema.describe('Name of the slice, once in the policy'),
  where: z
    .record(nameSchema, conditionSchema)
    .describe('Input → values or range; all conditions hold for a unit of the slice'),
  role: z
    .enum(['veto', 'required', 'diagnostic'])
    .default('veto')
    .describe(
      'veto: certified harm in it stops the candidate, whatever the whole says; required: it also has to be certified safe',
    ),
  harmMarginPerThousand: z
    .number()
    .min(0)
    .max(500)
    .default(0)
    .describe('Extra loss per 1,000 units of the slice that stops; 0 stops at any certified harm, a bad day included'),
  marginPerThousand: z
    .number()
    .gt(0)
    .max(500)
    .optional()
    .describe('Tolerated extra loss per 1,000 units of the slice that has to be certified, for a required slice'),
});
export type SlicePolicy = z.infer<typeof sliceSchema>;

const metricSourceSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z
      .literal('pushed')
      .describe('A job or a client script records it: HTTP, holdfast evidence push, or an update'),
  }),
  z.strictObject({
    kind: z.literal('prometheus').describe('Range queries over the HTTP API of Prometheus'),
    url: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('Address of the server; default: the setting HOLDFAST_PROMETHEUS_URL'),
    events: z
      .string()
      .min(1)
      .max(4000)
      .describe('PromQL of bad events; $arm is stable or candidate, $step the step of the query'),
    exposures: z.string().min(1).max(4000).describe('PromQL of what could have been one, with $arm and $step'),
    step: durationSchema.default('PT1M').describe('Step of the query; divides the cohort'),
  }),
]);

const metricRoleSchema = z
  .enum(['required', 'guardrail', 'diagnostic'])
  .describe('required: must be certified safe; guardrail: watched for harm only; diagnostic: shown');

const metricFields = {
  name: nameSchema.describe('Name of the metric, once in the policy'),
  meaning: z.string().min(1).max(300).describe('What it counts, for people'),
  unitOfAnalysis: nameSchema.describe(
    'What one count stands for; what is not the unit of assignment can only be diagnostic',
  ),
  direction: z
    .enum(['lower-is-better', 'higher-is-better'])
    .default('lower-is-better')
    .describe('higher-is-better: the events are good ones, and their absence is what is judged'),
  observable: z
    .array(z.enum(['shadow', 'canary']))
    .min(1)
    .default(['canary'])
    .describe('Where it can be seen at all: a click cannot be observed in shadow'),
  role: metricRoleSchema,
  lag: durationSchema.default('PT0S').describe('Event time from the end of a cohort until its counts are complete'),
};

const metricSchema = z.discriminatedUnion('shape', [
  z.strictObject({
    shape: z.literal('count').describe('Events among exposures, in both arms'),
    ...metricFields,
    source: metricSourceSchema.describe('Who measures it'),
    harmRatio: z
      .number()
      .min(1)
      .max(1000)
      .describe('Tolerated ratio of event rates, candidate to stable; above it is harm'),
    safeRatio: z.number().gt(1).max(1000).optional().describe('Ratio that a required metric must be certified below'),
  }),
  z.strictObject({
    shape: z.literal('difference').describe('Differences of a bounded loss, candidate minus stable, unit by unit'),
    ...metricFields,
    source: z
      .strictObject({ kind: z.literal('pushed').describe('A job or a client script records it') })
      .describe('Who measures it: differences can only be pushed'),
    harmMarginPerThousand: z.number().min(0).max(500).describe('Extra loss per 1,000 units that is harm'),
    marginPerThousand: z
      .number()
      .gt(0)
      .max(500)
      .optional()
      .describe('Extra loss per 1,000 units that a required metric must be certified below'),
  }),
]);
export type MetricPolicy = z.infer<typeof metricSchema>;

const newerCandidateSchema = z.enum(['queue', 'supersede', 'reject']);

export const rolloutPolicySchema = z.strictObject({
  preset: z
    .enum(PRESET_NAMES)
    .default('standard')
    .describe('Fills the statistical settings: how sure a rollback, an advance and a hold have to be'),
  season: durationSchema.default('P7D').describe('Evidence must cover it before exposure exceeds 25 %'),
  seasonWaiver: z.string().optional().describe('Why less than a season is enough here'),
  loss: z
    .enum(['brier', 'squaredError'])
    .describe('The headline metric: bounded loss of one unit; squaredError is scaled by lossRange'),
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
  errorRatio: z
    .number()
    .min(1)
    .default(2)
    .describe('Ratio of serving errors, candidate to stable, above which is harm'),
  slices: z
    .array(sliceSchema)
    .max(20)
    .default([])
    .describe('Named subsets of units with a verdict of their own on the loss'),
  metrics: z
    .array(metricSchema)
    .max(20)
    .default([])
    .describe('What else is judged, beside the loss and the serving errors'),
  newerCandidate: z
    .strictObject({
      ideas: newerCandidateSchema.default('queue').describe('A candidate of an idea that is tried once'),
      retrains: newerCandidateSchema.default('supersede').describe('A candidate of an idea that repeats'),
    })
    .prefault({})
    .describe(
      'What a candidate does that arrives while another is in flight: wait, replace one that waits, or be refused',
    ),
  steps: z
    .array(stepSchema)
    .min(2)
    .max(20)
    .describe('The ladder: offline, infra where wanted, shadow, canaries of rising exposure, full'),
});
export type RolloutPolicy = z.infer<typeof rolloutPolicySchema>;

/** The pushed metric whose batches also say how many new units each arm has got: a unit's assignment counts once. Null without one. */
export function metricOfTheSplit(metrics: readonly MetricPolicy[]): string | null {
  return (
    metrics.find(({ source, observable }) => source.kind === 'pushed' && observable.includes('canary'))?.name ?? null
  );
}
