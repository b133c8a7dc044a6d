/**
 * The two gate runs of a rollout, from its declared policy. Shadow has a run of its own with the claim's margins; the canary run asks
 * for the harm budget at each next exposure and goes on through the watch after full exposure, because all looks share one budget.
 * All settings that people judge are per 1,000 units; here they become fractions.
 */
import type { GatePolicy, StepPolicy, StreamPolicy } from '../statistics/index.ts';
import { durationMs } from '../time.ts';
import { QUANTUM } from './measure.ts';
import type { Slice } from './slices.ts';

export const LOSS_STREAM = 'loss';
export const ERROR_STREAM = 'errors';
export type RunName = 'shadow' | 'canary';

interface SpanStep {
  readonly minSpan: string;
  readonly minUnits: number;
  readonly deadline: string;
  readonly patience?: string | undefined;
  readonly gates?: readonly string[] | undefined;
}

/** People whose yes a step asks for before it is left. */
export interface LadderApprovals {
  readonly roles: readonly string[];
  readonly quorum: number;
  readonly veto: readonly string[];
  readonly expiresAfter?: string | undefined;
  readonly authenticated: boolean;
}

type LadderStep =
  | { readonly mode: 'offline' }
  | { readonly mode: 'infra' }
  | ({ readonly mode: 'shadow' } & SpanStep)
  | ({
      readonly mode: 'canary';
      readonly exposure: number;
      readonly approvals?: LadderApprovals | undefined;
    } & SpanStep)
  | { readonly mode: 'full'; readonly watch: string; readonly holdback: number };

/** A step that a gate looks at. */
type JudgedStep = Exclude<LadderStep, { readonly mode: 'offline' | 'infra' }>;

export interface SlicePolicy extends Slice {
  readonly role: 'veto' | 'required' | 'diagnostic';
  readonly harmMarginPerThousand: number;
  readonly marginPerThousand?: number | undefined;
}

/** A metric whose counts come from elsewhere than the request log. */
export type MetricPolicy = {
  readonly name: string;
  readonly observable: readonly RunName[];
  readonly role: 'required' | 'guardrail' | 'diagnostic';
  readonly lag: string;
} & (
  | { readonly shape: 'count'; readonly harmRatio: number; readonly safeRatio?: number | undefined }
  | {
      readonly shape: 'difference';
      readonly harmMarginPerThousand: number;
      readonly marginPerThousand?: number | undefined;
    }
);

export interface LadderPolicy {
  readonly marginPerThousand: number;
  readonly harmBudgetPerThousand: number;
  /** Half the budget when absent. */
  readonly harmMarginPerThousand?: number | undefined;
  readonly errorRatio: number;
  readonly slices: readonly SlicePolicy[];
  readonly metrics: readonly MetricPolicy[];
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

/** A run's policy, and which streams gate leaving each of its steps. */
export interface GateRunPlan {
  readonly policy: GatePolicy;
  readonly requiredAt: ReadonlyArray<readonly string[]>;
}

/** Whole cohorts that a duration spans, rounded up. */
export function wholeCohorts(duration: string, cohortMs: number): number {
  return Math.ceil(durationMs(duration) / cohortMs);
}

/** Stream of a slice of the loss. */
export const sliceStream = (id: string): string => `${LOSS_STREAM}/${id}`;

/** Whether a ladder's last step goes on comparing with the predecessor. */
export function isWatched(step: { readonly mode: string; readonly watch?: string }): boolean {
  return step.mode === 'full' && durationMs(step.watch ?? 'PT0S') > 0;
}

/** The gate run a step is judged in; null where no gate looks. */
export function runOf(step: { readonly mode: string; readonly watch?: string }): RunName | null {
  if (step.mode === 'shadow') return 'shadow';
  return step.mode === 'canary' || isWatched(step) ? 'canary' : null;
}

/** One of the two runs of a policy. */
export function planGateRun(input: GateRunInput, run: RunName): GateRunPlan {
  const steps = input.policy.steps.filter((step): step is JudgedStep => runOf(step) === run);
  const streams = streamsOf(input, run);
  const certifiable = streams.filter(({ requiredForAdvance }) => requiredForAdvance === true).map(({ id }) => id);
  return {
    policy: {
      id: run,
      alpha: input.preset.alpha,
      beta: input.preset.beta,
      alphaHold: input.preset.alphaHold,
      alphaSrm: input.preset.alphaSrm,
      srmConcentration: 1000,
      maxMatch: 20,
      restartEvery: input.preset.restartEvery,
      grid: { points: 24, min: 0.005, max: 0.95 },
      steps: steps.map((step) => stepPolicy(step, input)),
      streams,
    },
    requiredAt: steps.map((step) => {
      const gates = 'gates' in step ? step.gates?.map((name) => streamNamed(input.policy, name)) : undefined;
      return certifiable.filter((id) => gates === undefined || gates.includes(id));
    }),
  };
}

/** Stream that a policy's gate names: the loss, a slice of it, or a metric. */
function streamNamed(policy: LadderPolicy, name: string): string {
  return policy.slices.some(({ id }) => id === name) ? sliceStream(name) : name;
}

/**
 * The policy a look is judged by: only the step's own gates are required, and an extended deadline counts.
 * @param extraCohorts By which people have extended the deadline of the step
 */
export function policyAtStep({ policy, requiredAt }: GateRunPlan, step: number, extraCohorts: number): GatePolicy {
  const required = requiredAt[step] ?? [];
  const streams = policy.streams.map((stream) =>
    stream.requiredForAdvance === true && !required.includes(stream.id)
      ? { ...stream, requiredForAdvance: false }
      : stream,
  );
  const steps = policy.steps.map((each, index) =>
    index === step ? { ...each, maxCohorts: each.maxCohorts + extraCohorts } : each,
  );
  return { ...policy, steps, streams };
}

function stepPolicy(step: JudgedStep, { cohortMs, labelLag }: GateRunInput): StepPolicy {
  if (step.mode === 'full') {
    const cohorts = wholeCohorts(step.watch, cohortMs);
    return {
      exposureBp: Math.round((1 - step.holdback) * 10_000),
      minUnits: 0,
      minCohorts: cohorts,
      minSpan: cohorts,
      // What was certified before full exposure and is not any more gets a second window before a person is called.
      maxCohorts: 2 * cohorts + labelLag,
    };
  }
  const minCohorts = wholeCohorts(step.minSpan, cohortMs);
  return {
    exposureBp: step.mode === 'canary' ? Math.round(step.exposure * 10_000) : 0,
    minUnits: step.minUnits,
    minCohorts,
    minSpan: minCohorts,
    // The deadline counts from the first cohort of the step to the look at which its last label can have matured.
    maxCohorts: wholeCohorts(step.deadline, cohortMs) + labelLag,
  };
}

/** Shares of the harm budget α: the whole first, then its slices, then what the system says. Source: gate statistics §8. */
function shares(slices: number): { readonly loss: number; readonly slice: number; readonly system: number } {
  return slices === 0 ? { loss: 0.8, slice: 0, system: 0.2 } : { loss: 0.6, slice: 0.3 / slices, system: 0.1 };
}

function streamsOf(input: GateRunInput, run: RunName): StreamPolicy[] {
  const { policy, cohortMs } = input;
  const metrics = policy.metrics.filter(({ observable }) => observable.includes(run));
  const share = shares(policy.slices.filter(({ role }) => role !== 'diagnostic').length);
  const watched = metrics.filter(({ role }) => role !== 'diagnostic');
  const systemWeight = share.system / (1 + watched.length);
  return [
    lossStream(input, run, share.loss),
    ...policy.slices.map((slice) => sliceStreamPolicy(slice, input, share.slice)),
    {
      id: ERROR_STREAM,
      kind: 'count',
      weight: systemWeight,
      harmRatio: policy.errorRatio,
      safeRatio: null,
      requiresExposureIntegrity: false,
    },
    ...metrics.map((metric) => metricStream(metric, metric.role === 'diagnostic' ? 0 : systemWeight, cohortMs)),
  ];
}

/** In shadow an improvement must be certified better, a not-worse claim within its margin; under exposure the budget rules. */
function lossStream({ policy, claim, labelLag }: GateRunInput, run: RunName, weight: number): StreamPolicy {
  const margin = policy.marginPerThousand / 1000;
  const budget = policy.harmBudgetPerThousand / 1000;
  const { harmMarginPerThousand } = policy;
  const margins =
    run === 'shadow'
      ? { safeMargin: claim === 'improve' ? 0 : margin, harmMargin: margin / 2 }
      : {
          safeMargin: null,
          harmMargin: harmMarginPerThousand === undefined ? budget / 2 : harmMarginPerThousand / 1000,
          harmBudget: budget,
        };
  return {
    id: LOSS_STREAM,
    kind: 'difference',
    weight,
    ...margins,
    lag: labelLag,
    floor: 'step',
    quantum: QUANTUM,
    requiredForAdvance: true,
  };
}

function sliceStreamPolicy(slice: SlicePolicy, { labelLag }: GateRunInput, weight: number): StreamPolicy {
  return {
    id: sliceStream(slice.id),
    kind: 'difference',
    weight: slice.role === 'diagnostic' ? 0 : weight,
    harmMargin: slice.harmMarginPerThousand / 1000,
    safeMargin: slice.role === 'required' ? (slice.marginPerThousand ?? 0) / 1000 : null,
    lag: labelLag,
    // A slice is small: all its units of the rollout count, or every step would wait for its rarest.
    floor: 'rollout',
    quantum: QUANTUM,
    requiredForAdvance: slice.role === 'required',
  };
}

function metricStream(metric: MetricPolicy, weight: number, cohortMs: number): StreamPolicy {
  const required = metric.role === 'required';
  const base = { id: metric.name, weight, lag: wholeCohorts(metric.lag, cohortMs), requiredForAdvance: required };
  if (metric.shape === 'count') {
    const safeRatio = required ? (metric.safeRatio ?? null) : null;
    return { ...base, kind: 'count', harmRatio: metric.harmRatio, safeRatio };
  }
  return {
    ...base,
    kind: 'difference',
    harmMargin: metric.harmMarginPerThousand / 1000,
    safeMargin: required ? (metric.marginPerThousand ?? 0) / 1000 : null,
    quantum: QUANTUM,
  };
}
