/**
 * The two gate runs of a rollout, from its declared policy. Shadow has a run of its own with the claim's margins; the canary run asks
 * for the harm budget at each next exposure. All settings that people judge are per 1,000 units; here they become fractions.
 */
import type { GatePolicy, StepPolicy } from '../statistics/index.ts';
import { durationMs } from '../time.ts';
import { QUANTUM } from './measure.ts';

export const LOSS_STREAM = 'loss';
export const ERROR_STREAM = 'errors';

/** Weights of the harm budget α: quality first, serving errors beside it. */
const LOSS_WEIGHT = 0.8;
const ERROR_WEIGHT = 0.2;

type LadderStep =
  | { readonly mode: 'offline' | 'full' }
  | { readonly mode: 'shadow'; readonly minSpan: string; readonly minUnits: number; readonly deadline: string }
  | {
      readonly mode: 'canary';
      readonly exposure: number;
      readonly minSpan: string;
      readonly minUnits: number;
      readonly deadline: string;
    };

export interface LadderPolicy {
  readonly marginPerThousand: number;
  readonly harmBudgetPerThousand: number;
  /** Half the budget when absent. */
  readonly harmMarginPerThousand?: number | undefined;
  readonly errorRatio: number;
  readonly steps: readonly LadderStep[];
}

/** What a preset fills in (`presets.ts`). */
export interface StatisticalSettings {
  readonly alpha: number;
  readonly beta: number;
  readonly alphaHold: number;
  readonly alphaSrm: number;
  readonly restartEvery: number;
}

export interface GateRunInput {
  readonly policy: LadderPolicy;
  readonly preset: StatisticalSettings;
  readonly claim: 'improve' | 'not-worse';
  readonly cohortMs: number;
  /** Whole cohorts from assignment to maturity of the label. */
  readonly labelLag: number;
}

/** Whole cohorts that a duration spans, rounded up. */
export function wholeCohorts(duration: string, cohortMs: number): number {
  return Math.ceil(durationMs(duration) / cohortMs);
}

/** Policy of the run at exposure 0: an improvement must be certified better, a not-worse claim within its margin. */
export function shadowPolicy(input: GateRunInput): GatePolicy {
  const margin = input.policy.marginPerThousand / 1000;
  const steps = input.policy.steps.flatMap((step) => (step.mode === 'shadow' ? [stepPolicy(step, 0, input)] : []));
  const safeMargin = input.claim === 'improve' ? 0 : margin;
  return gatePolicy('shadow', input, steps, { safeMargin, harmMargin: margin / 2 });
}

/** Policy of the run under exposure: upper bound of the difference × next exposure within the harm budget, at every step. */
export function canaryPolicy(input: GateRunInput): GatePolicy {
  const budget = input.policy.harmBudgetPerThousand / 1000;
  const { harmMarginPerThousand } = input.policy;
  const harmMargin = harmMarginPerThousand === undefined ? budget / 2 : harmMarginPerThousand / 1000;
  const steps = input.policy.steps.flatMap((step) =>
    step.mode === 'canary' ? [stepPolicy(step, step.exposure, input)] : [],
  );
  return gatePolicy('canary', input, steps, { safeMargin: null, harmMargin, harmBudget: budget });
}

function stepPolicy(
  step: { readonly minSpan: string; readonly minUnits: number; readonly deadline: string },
  exposure: number,
  { cohortMs, labelLag }: GateRunInput,
): StepPolicy {
  const minCohorts = wholeCohorts(step.minSpan, cohortMs);
  return {
    exposureBp: Math.round(exposure * 10_000),
    minUnits: step.minUnits,
    minCohorts,
    minSpan: minCohorts,
    // The deadline counts from the first cohort of the step to the look at which its last label can have matured.
    maxCohorts: wholeCohorts(step.deadline, cohortMs) + labelLag,
  };
}

function gatePolicy(
  id: string,
  { preset, policy, labelLag }: GateRunInput,
  steps: StepPolicy[],
  margins: { readonly safeMargin: number | null; readonly harmMargin: number; readonly harmBudget?: number },
): GatePolicy {
  return {
    id,
    alpha: preset.alpha,
    beta: preset.beta,
    alphaHold: preset.alphaHold,
    alphaSrm: preset.alphaSrm,
    srmConcentration: 1000,
    maxMatch: 20,
    restartEvery: preset.restartEvery,
    grid: { points: 24, min: 0.005, max: 0.95 },
    steps,
    streams: [
      {
        id: LOSS_STREAM,
        kind: 'difference',
        weight: LOSS_WEIGHT,
        ...margins,
        lag: labelLag,
        floor: 'step',
        quantum: QUANTUM,
        requiredForAdvance: true,
      },
      {
        id: ERROR_STREAM,
        kind: 'count',
        weight: ERROR_WEIGHT,
        harmRatio: policy.errorRatio,
        safeRatio: null,
        requiresExposureIntegrity: false,
      },
    ],
  };
}
