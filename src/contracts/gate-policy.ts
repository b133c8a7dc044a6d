/**
 * A gate policy as a file: what `holdfast gate` judges, plans and simulates by. The fields are those of the gate's own policy, with
 * defaults from a preset; every gate policy can be written as such a file.
 */
import { z } from 'zod';
import { STATISTICAL_PRESETS } from '../domain/rollout/presets.ts';
import type { PresetName } from '../domain/rollout/presets.ts';
import { gateStep, NO_DEADLINE } from '../domain/gate/default-policy.ts';
import { requirePolicy, StatisticsError } from '../domain/statistics/index.ts';
import type { GatePolicy, StepPolicy, StreamPolicy } from '../domain/statistics/index.ts';
import { valueAt, valueInWords } from './model-fault.ts';
import type { FaultPath, ModelFault } from './model-fault.ts';
import { parseShape } from './model-shape.ts';

const PRESET_NAMES = Object.keys(STATISTICAL_PRESETS) as [PresetName, ...PresetName[]];
const BP_WHOLE = 10_000;

const levelSchema = z.number().gt(0).lt(1);
const countSchema = z.int().min(0);

const stepSchema = z.strictObject({
  exposure: z.number().min(0).max(1).optional().describe('Share of units assigned to the candidate; 0 is shadow'),
  exposureBp: z
    .int()
    .min(0)
    .max(BP_WHOLE)
    .optional()
    .describe('The same in basis points, 500 for 5 %; give one of the two'),
  minUnits: countSchema.default(0).describe('Matched differences that each required stream needs before an advance'),
  minCohorts: countSchema.default(0).describe('Cohorts that the step lasts at least'),
  maxCohorts: countSchema.default(NO_DEADLINE).describe('Cohorts after which a person is called; none unless given'),
  minSpan: countSchema.optional().describe('Cohorts that the evidence must cover before an advance'),
});

const streamFields = {
  id: z.string().min(1).max(200).describe('Name of the stream'),
  column: z
    .string()
    .min(1)
    .optional()
    .describe('Column of a table that holds it; by default the one named like the stream'),
  weight: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe(
      'Share of alpha that its harm test may spend, 0 to switch it off; by default an equal part of what is left',
    ),
  beta: levelSchema.optional().describe('Level of its safe test; the policy’s beta unless given'),
  lag: countSchema.optional().describe('Cohorts from assignment to maturity; 0 unless given'),
  floor: z.enum(['step', 'rollout']).optional().describe('Whether minUnits counts the step’s cohorts or all'),
  cluster: z.string().optional().describe('What moves together and is counted as one unit, for the reader'),
  requiredForAdvance: z
    .boolean()
    .optional()
    .describe('Whether an advance needs its certificate; true unless given where there is a safe margin'),
  requiresExposureIntegrity: z
    .boolean()
    .optional()
    .describe('false judges it although the split is broken: errors that the gateway sees itself'),
};

const differenceSchema = z
  .strictObject({
    ...streamFields,
    kind: z.literal('difference').describe('Matched differences of a loss between 0 and 1'),
    safeMargin: z
      .number()
      .nullable()
      .default(null)
      .describe('Difference that is still tolerated, 0.01 for one percentage point; null: watched for harm only'),
    harmMargin: z
      .number()
      .optional()
      .describe('Difference beyond which there is harm; half of safeMargin or of harmBudget unless given'),
    harmBudget: z
      .number()
      .gt(0)
      .lt(1)
      .optional()
      .describe('Bound on difference × next exposure, instead of safeMargin'),
    quantum: countSchema
      .optional()
      .describe('Differences are kept as multiples of 1/quantum; absent: exact, for losses of 0 and 1'),
  })
  .describe('A loss compared unit by unit');

const countSchemaOfStream = z
  .strictObject({
    ...streamFields,
    kind: z.literal('count').describe('Events in two arms, at most one a unit'),
    harmRatio: z.number().gt(0).describe('Ratio of event rates, candidate to control, beyond which there is harm'),
    safeRatio: z
      .number()
      .gt(0)
      .nullable()
      .default(null)
      .describe('Ratio that is still tolerated; null: watched for harm only'),
  })
  .describe('Events such as errors, compared by rate');

/** The shape of a policy file. */
export const gatePolicyFileSchema = z.strictObject({
  id: z.string().optional().describe('Name of the policy'),
  preset: z.enum(PRESET_NAMES).default('standard').describe('Fills alpha, beta, alphaHold, alphaSrm and restartEvery'),
  alpha: levelSchema
    .optional()
    .describe('Chance, over all looks and streams, to roll back a candidate that does no harm'),
  beta: levelSchema
    .optional()
    .describe('Chance, over all looks and steps, to advance one that is worse than its margin'),
  alphaHold: levelSchema.optional().describe('Level of suspicion that holds'),
  alphaSrm: levelSchema.optional().describe('Level at which the split is called broken'),
  srmConcentration: z.number().gt(0).default(1000).describe('Concentration of the sample-ratio test’s prior'),
  maxMatch: z.int().min(1).max(20).default(20).describe('Most units of the larger arm matched to one of the smaller'),
  restartEvery: countSchema.optional().describe('Cohorts after which the watch for late harm starts afresh; 0: never'),
  grid: z
    .strictObject({
      points: z.int().min(1).describe('Number of betting fractions'),
      min: z.number().gt(0).describe('Smallest fraction'),
      max: z.number().gt(0).lt(1).describe('Largest fraction'),
    })
    .optional()
    .describe('Betting fractions of the tests; 24 from 0.005 to 0.95 unless given'),
  steps: z
    .array(stepSchema)
    .min(1)
    .max(100)
    .optional()
    .describe('The ladder; absent: one step, at the exposure that the data have'),
  streams: z
    .array(z.discriminatedUnion('kind', [differenceSchema, countSchemaOfStream]))
    .min(1)
    .max(500)
    .describe('What is compared'),
});
type GatePolicyFile = z.infer<typeof gatePolicyFileSchema>;
type StreamFile = GatePolicyFile['streams'][number];

/** A policy as a file declares it. */
export interface DeclaredGatePolicy {
  /** With the steps as declared; a ladder of no step where the file leaves it to the data. */
  readonly policy: GatePolicy;
  /** Column of each stream, by its id. */
  readonly columns: Readonly<Record<string, string>>;
}

/**
 * Judges parsed YAML as a gate policy.
 * @returns the policy with defaults filled in, or every fault found.
 */
export function checkGatePolicy(
  content: unknown,
): { value: DeclaredGatePolicy; faults: null } | { value: null; faults: ModelFault[] } {
  const shape = parseShape(gatePolicyFileSchema, content);
  if (shape.value === null) return { value: null, faults: shape.faults };
  const faults = [...ruleFaults(shape.value)].map((fault) => withValue(fault, content));
  if (faults.length > 0) return { value: null, faults };
  const policy = policyOf(shape.value);
  const refused = refusal(policy);
  if (refused !== null) return { value: null, faults: [withValue(refused, content)] };
  return { value: { policy, columns: columnsOf(shape.value) }, faults: null };
}

interface RuleFault {
  readonly path: FaultPath;
  readonly problem: string;
  readonly remedy: string;
}

function withValue({ path, problem, remedy }: RuleFault, content: unknown): ModelFault {
  const written = valueAt(content, path);
  const isScalar = written !== undefined && (written === null || typeof written !== 'object');
  return { path, at: 'value', problem, got: isScalar ? valueInWords(written) : null, allowed: null, remedy };
}

function* ruleFaults(file: GatePolicyFile): Generator<RuleFault> {
  for (const [index, { exposure, exposureBp }] of (file.steps ?? []).entries()) {
    const path = ['steps', index] as const;
    if (exposure === undefined && exposureBp === undefined) {
      yield { path, problem: 'says no exposure', remedy: 'give exposure as a fraction, 0.05 for 5 %' };
    } else if (exposure !== undefined && exposureBp !== undefined) {
      yield { path: [...path, 'exposureBp'], problem: 'says the exposure again', remedy: 'keep exposure alone' };
    } else if (exposure !== undefined && !isWholeBp(exposure)) {
      yield { path: [...path, 'exposure'], problem: 'is finer than 0.0001', remedy: 'round it to four places' };
    }
  }
  const unweighted = file.streams.filter(({ weight }) => weight === undefined).length;
  const given = file.streams.reduce((sum, { weight = 0 }) => sum + weight, 0);
  if (unweighted > 0 && given >= 1) {
    yield {
      path: ['streams'],
      problem: `weights sum to ${given} and leave nothing to ${unweighted} more`,
      remedy: 'give every stream its weight; all harm tests share one alpha, so together at most 1',
    };
  }
  for (const [index, stream] of file.streams.entries()) {
    if (stream.kind === 'difference' && harmMarginOf(stream) === null) {
      yield {
        path: ['streams', index, 'harmMargin'],
        problem: 'is missing',
        remedy:
          'without a positive safeMargin or a harmBudget to take half of, say beyond which difference there is harm',
      };
    }
  }
}

const isWholeBp = (exposure: number): boolean => Math.abs(exposure * BP_WHOLE - Math.round(exposure * BP_WHOLE)) < 1e-9;

function harmMarginOf({
  harmMargin,
  safeMargin,
  harmBudget,
}: Extract<StreamFile, { kind: 'difference' }>): number | null {
  if (harmMargin !== undefined) return harmMargin;
  if (harmBudget !== undefined) return harmBudget / 2;
  return safeMargin !== null && safeMargin > 0 ? safeMargin / 2 : null;
}

function policyOf(file: GatePolicyFile): GatePolicy {
  const preset = STATISTICAL_PRESETS[file.preset];
  const unweighted = file.streams.filter(({ weight }) => weight === undefined).length;
  const left = 1 - file.streams.reduce((sum, { weight = 0 }) => sum + weight, 0);
  return {
    ...(file.id === undefined ? {} : { id: file.id }),
    alpha: file.alpha ?? preset.alpha,
    beta: file.beta ?? preset.beta,
    alphaHold: file.alphaHold ?? preset.alphaHold,
    alphaSrm: file.alphaSrm ?? preset.alphaSrm,
    srmConcentration: file.srmConcentration,
    maxMatch: file.maxMatch,
    restartEvery: file.restartEvery ?? preset.restartEvery,
    ...(file.grid === undefined ? {} : { grid: file.grid }),
    steps: (file.steps ?? []).map(stepOf),
    streams: file.streams.map((stream) => streamOf(stream, left / unweighted)),
  };
}

function stepOf({ exposure, exposureBp, ...floors }: NonNullable<GatePolicyFile['steps']>[number]): StepPolicy {
  return { exposureBp: exposureBp ?? Math.round((exposure ?? 0) * BP_WHOLE), ...floors };
}

function streamOf({ column: _column, ...stream }: StreamFile, weight: number): StreamPolicy {
  const isCertifiable =
    stream.kind === 'count' ? stream.safeRatio !== null : stream.safeMargin !== null || stream.harmBudget !== undefined;
  const shared = {
    weight: stream.weight ?? weight,
    requiredForAdvance: stream.requiredForAdvance ?? isCertifiable,
  };
  // A difference stream without a harm margin was refused before.
  if (stream.kind === 'difference') return { ...stream, ...shared, harmMargin: harmMarginOf(stream) ?? 0 };
  return { ...stream, ...shared };
}

function columnsOf(file: GatePolicyFile): Record<string, string> {
  return Object.fromEntries(file.streams.map(({ id, column }) => [id, column ?? id]));
}

/** What the gate itself refuses; a ladder left to the data is judged with one step in its place. */
function refusal(policy: GatePolicy): RuleFault | null {
  const steps = policy.steps.length > 0 ? policy.steps : [gateStep(BP_WHOLE / 2)];
  try {
    requirePolicy({ ...policy, steps });
    return null;
  } catch (error) {
    if (!(error instanceof StatisticsError)) throw error;
    const [problem = '', ...remedy] = error.message.replace(/^[\w-]+: /, '').split('; ');
    return {
      path: placeOf(problem, policy),
      problem: problem.replace(/^\S+ (?=is |runs )/, ''),
      remedy: remedy.join('; '),
    };
  }
}

/** The gate names a place as `streams[loss].safeMargin` or `steps[1].minUnits`. */
function placeOf(problem: string, { streams }: GatePolicy): FaultPath {
  const [, list, name = '', field] = /^(streams|steps)\[(.*?)\]\.?(\w+)?/.exec(problem) ?? [];
  if (list === undefined) {
    const [first = ''] = problem.split(/[ .]/);
    return first === 'stream' ? ['streams'] : first in gatePolicyFileSchema.shape ? [first] : [];
  }
  const index = list === 'steps' ? Number(name) : streams.findIndex(({ id }) => id === name);
  return field === undefined ? [list, index] : [list, index, field];
}
