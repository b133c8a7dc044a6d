/**
 * How long a rollout takes before it starts: units and days of each step until an equally good candidate (or one that is as much better as
 * claimed) is certified, which harms are found how soon, and what can never conclude. Pure. Source: gate statistics §12, along the ladder.
 */
import { effectiveHarmMargin, effectiveSafeMargin, planSampleSize } from '../statistics/index.ts';
import type { DifferenceStreamPolicy, GatePolicy } from '../statistics/index.ts';
import { DAY_MS } from '../time.ts';
import { LOSS_STREAM, runOf, sliceStream } from './gate-runs.ts';
import type { RunName } from './gate-runs.ts';
import { gateRunPlan, labelLagOf } from './recorded-policy.ts';
import type { RecordedPolicy } from './recorded-policy.ts';

export interface ExpectedTraffic {
  readonly unitsPerDay: number;
  /** Share of the units in each slice, by its id. */
  readonly sliceShares: Readonly<Record<string, number>>;
  /** Standard deviation of the difference of the two losses on one unit, 0 to 1. */
  readonly deviation: number;
  /** By how much the candidate is better, in absolute loss; 0 for an equally good one. */
  readonly gain: number;
}

/** Half of all rollouts need no more, and nine in ten. */
export interface Quantiles {
  readonly p50: number;
  readonly p90: number;
}

export interface PlannedStep {
  readonly mode: string;
  readonly exposure: number;
  /** Judged units until the certificate; null when it never comes, 0 where nothing has to be certified. */
  readonly units: Quantiles | null;
  /** Event time on the step, days, maturity of the labels included; null: for ever. */
  readonly days: Quantiles | null;
  /** What the step waits for longest. */
  readonly heldBy: 'nothing' | 'span' | 'units' | 'evidence' | 'never';
  /** The declared deadline, days; null where there is none. */
  readonly deadlineDays: number | null;
  readonly approvals: number;
}

export interface PlannedHarm {
  readonly stream: string;
  /** Size of the harm, extra loss per 1,000 units of the stream. */
  readonly perThousand: number;
  readonly units: Quantiles | null;
  readonly days: Quantiles | null;
}

export interface RolloutForecast {
  readonly steps: readonly PlannedStep[];
  readonly harms: readonly PlannedHarm[];
  /** What the numbers say in sentences, most important first. */
  readonly warnings: readonly string[];
  readonly totalDays: Quantiles | null;
}

const QUANTILES = ['p50', 'p90'] as const;
/** The restart mixture leaves three quarters of the harm bet to the whole history. */
const WHOLE_HISTORY = 0.75;
/** A rise takes effect a whole cohort after the one it was decided in. */
const ACTUATION_COHORTS = 1;
/** Harms to plan for, as multiples of what counts as harm. */
const HARMS = [2, 5] as const;

/** Plans the loss and its slices along the ladder of a policy. */
export function planRollout(policy: RecordedPolicy, traffic: ExpectedTraffic): RolloutForecast {
  const steps = plannedSteps(policy, traffic);
  const harms = plannedHarms(policy, traffic);
  const isOpen = steps.every(({ days }) => days !== null);
  const total = (q: keyof Quantiles): number => steps.reduce((sum, { days }) => sum + (days?.[q] ?? 0), 0);
  return {
    steps,
    harms,
    warnings: warningsOf(policy, steps, harms),
    totalDays: isOpen ? { p50: total('p50'), p90: total('p90') } : null,
  };
}

/** Pairs of scores are judged on every unit; arms only on as many as the smaller has. */
function judgedPerDay({ affectsLabel }: RecordedPolicy, { unitsPerDay }: ExpectedTraffic, exposure: number): number {
  return affectsLabel ? unitsPerDay * Math.min(exposure, 1 - exposure) : unitsPerDay;
}

function plannedSteps(policy: RecordedPolicy, traffic: ExpectedTraffic): PlannedStep[] {
  const gathered: Record<RunName, { p50: number; p90: number }> = {
    shadow: { p50: 0, p90: 0 },
    canary: { p50: 0, p90: 0 },
  };
  const indexes: Record<RunName, number> = { shadow: 0, canary: 0 };
  return policy.rollout.steps.map((step) => {
    const run = runOf(step);
    const exposure = step.mode === 'canary' ? step.exposure : step.mode === 'full' ? 1 - step.holdback : 0;
    const approvals = step.mode === 'canary' ? (step.approvals?.quorum ?? 0) : 0;
    if (run === null) {
      const days = { p50: 0, p90: 0 };
      return { mode: step.mode, exposure, units: days, days, heldBy: 'nothing', deadlineDays: null, approvals };
    }
    const { policy: gate } = gateRunPlan(policy, run);
    const inRun = indexes[run];
    indexes[run] += 1;
    const perDay = judgedPerDay(policy, traffic, exposure);
    return { mode: step.mode, exposure, approvals, ...stepInRun(policy, gate, inRun, perDay, traffic, gathered[run]) };
  });
}

/** One step of a gate run; `gathered` grows by what is judged on it. */
function stepInRun(
  policy: RecordedPolicy,
  gate: GatePolicy,
  index: number,
  perDay: number,
  traffic: ExpectedTraffic,
  gathered: { p50: number; p90: number },
): Pick<PlannedStep, 'units' | 'days' | 'heldBy' | 'deadlineDays'> {
  const step = gate.steps[index]!;
  const cohortDays = policy.cohortMs / DAY_MS;
  const deadlineDays = step.maxCohorts * cohortDays;
  const needed = certificate(gate, lossOf(gate), index, traffic);
  if (needed === null || perDay === 0) return { units: null, days: null, heldBy: 'never', deadlineDays };
  const spanDays = Math.max(step.minCohorts, step.minSpan ?? 0) * cohortDays;
  const floorDays = step.minUnits / perDay;
  const units = { p50: 0, p90: 0 };
  const days = { p50: 0, p90: 0 };
  for (const q of QUANTILES) {
    units[q] = Math.max(0, needed[q] - gathered[q]);
    // Decisions fall on whole cohorts, and the last one has to mature.
    const lasting = Math.ceil(Math.max(spanDays, floorDays, units[q] / perDay) / cohortDays - 1e-9) * cohortDays;
    days[q] = lasting + (labelLagOf(policy) + ACTUATION_COHORTS) * cohortDays;
    gathered[q] += lasting * perDay;
  }
  const evidenceDays = units.p50 / perDay;
  const longest = Math.max(spanDays, floorDays, evidenceDays);
  const heldBy = longest === spanDays ? 'span' : longest === floorDays ? 'units' : 'evidence';
  return { units, days, heldBy, deadlineDays };
}

function lossOf(gate: GatePolicy): DifferenceStreamPolicy {
  return gate.streams.find(({ id }) => id === LOSS_STREAM) as DifferenceStreamPolicy;
}

/** Units until safety is certified at a step, from the first unit on; null when it never is. */
function certificate(
  gate: GatePolicy,
  stream: DifferenceStreamPolicy,
  step: number,
  { deviation, gain }: ExpectedTraffic,
): Quantiles | null {
  const margin = effectiveSafeMargin(gate, stream, step);
  if (margin === null) return null;
  const level = stream.beta ?? gate.beta;
  return quantilesOf(planSampleSize({ ...twoPoints(-gain, deviation), margin, direction: 'safe', level }));
}

const quantilesOf = ({ n50, n90 }: ReturnType<typeof planSampleSize>): Quantiles | null =>
  n50 === null || n90 === null ? null : { p50: n50, p90: n90 };

/** A difference of this mean and deviation; the bets see little more than these two. */
function twoPoints(mean: number, deviation: number): { values: number[]; probs: number[] } {
  const within = (value: number): number => Math.min(1, Math.max(-1, value));
  return { values: [within(mean - deviation), within(mean + deviation)], probs: [0.5, 0.5] };
}

function plannedHarms(policy: RecordedPolicy, traffic: ExpectedTraffic): PlannedHarm[] {
  const exposure = policy.rollout.steps.find((step) => step.mode === 'canary')?.exposure ?? 0;
  const hasCanary = policy.rollout.steps.some(({ mode }) => mode === 'canary');
  const { policy: gate } = gateRunPlan(policy, hasCanary ? 'canary' : 'shadow');
  const shareOf = (id: string): number => {
    const slice = policy.rollout.slices.find((each) => sliceStream(each.id) === id);
    return slice === undefined ? 1 : (traffic.sliceShares[slice.id] ?? 0);
  };
  return gate.streams.flatMap((stream) => {
    if (stream.kind !== 'difference' || stream.weight === 0 || !stream.id.startsWith(LOSS_STREAM)) return [];
    const margin = effectiveHarmMargin(stream);
    const perDay = judgedPerDay(policy, traffic, exposure) * shareOf(stream.id);
    const level = WHOLE_HISTORY * gate.alpha * stream.weight;
    const base = Math.max(margin, policy.rollout.marginPerThousand / 1000);
    return HARMS.map((times) => {
      const delta = times * base;
      const planned = planSampleSize({ ...twoPoints(delta, traffic.deviation), margin, direction: 'harm', level });
      const units = quantilesOf(planned);
      const days = units === null || perDay === 0 ? null : { p50: units.p50 / perDay, p90: units.p90 / perDay };
      return { stream: stream.id, perThousand: delta * 1000, units, days };
    });
  });
}

function warningsOf(policy: RecordedPolicy, steps: readonly PlannedStep[], harms: readonly PlannedHarm[]): string[] {
  const stuck = steps.find(({ heldBy }) => heldBy === 'never');
  const late = steps.filter(
    ({ days, deadlineDays }) => days !== null && deadlineDays !== null && days.p50 > deadlineDays,
  );
  const blind = new Set(harms.filter(({ days }) => days === null).map(({ stream }) => stream));
  const deadlineDays = steps.reduce((sum, step) => sum + (step.deadlineDays ?? 0), 0);
  const slow = new Set(
    harms
      .filter(({ days }) => days !== null && deadlineDays > 0 && days.p50 > deadlineDays)
      .map(({ stream }) => stream),
  );
  return [
    ...(stuck === undefined
      ? []
      : [
          `step ${stuck.mode} can never conclude: ${policy.claim === 'improve' ? 'an improvement has to be certified, and none is expected' : 'its margin is below what the evidence can show'}; expect a gain, or widen the margin`,
        ]),
    ...late.map(
      ({ mode, exposure, days, deadlineDays: limit }) =>
        `half of the rollouts need ${days?.p50.toFixed(1)} days on ${mode} at ${exposure}, longer than its deadline of ${limit?.toFixed(1)} days: widen the margin, or give it time`,
    ),
    ...[...blind].map((stream) => `${stream} can never conclude: no unit of it is expected`),
    ...[...slow].map(
      (stream) =>
        `${stream} finds the harms below only after the whole ladder has passed: give it more traffic, or a wider harm margin`,
    ),
  ];
}
