/**
 * How long a policy takes: matched units, cohorts and days of each step until an equally good candidate is certified, and until harms
 * of given sizes are. Evidence goes on from step to step, as the gate's does. Source: gate statistics §12, along a ladder.
 */
import { stake } from '../statistics/betting-martingale.ts';
import { DEFAULT_GRID, sharedEtaGrid } from '../statistics/eta-grid.ts';
import { effectiveHarmMargin, effectiveSafeMargin } from '../statistics/gate-policy.ts';
import { inverseGaussianQuantile, planSampleSize } from '../statistics/index.ts';
import type { DifferenceStreamPolicy, GatePolicy, SamplePlan } from '../statistics/index.ts';
import { logMeanExp } from '../statistics/log-sum-exp.ts';
import { DAY_MS } from '../time.ts';
import { differencesAt, matchAt, shifted, shiftRange } from './loss-shape.ts';
import type { LossShape } from './loss-shape.ts';

/** What a plan assumes of the world. */
export interface PlannedWorld {
  readonly shape: LossShape;
  readonly unitsPerDay: number;
  readonly cohortMs: number;
  /** Variance of block means over what independent units would have; 1 for independent ones. */
  readonly designEffect: number;
}

/** Half of all rollouts need no more, and nine in ten. */
export interface Quantiles {
  readonly p50: number;
  readonly p90: number;
}

export interface PlannedStep {
  readonly exposureBp: number;
  /** Exposure that the advance leads to; all units after the last step. */
  readonly nextExposureBp: number;
  /** Difference that the advance tolerates. */
  readonly margin: number | null;
  readonly k: number;
  readonly matchedPerDay: number;
  /** Matched units of this step until the certificate, 0 where earlier steps have earned it; null when it never comes. */
  readonly units: Quantiles | null;
  /** Cohorts that the step lasts, floors and maturity included. */
  readonly cohorts: Quantiles | null;
  readonly isHeldByFloors: boolean;
  readonly maxCohorts: number;
}

export interface PlannedHarm {
  readonly delta: number;
  /** Per step, for a candidate that is harmful from its beginning; null where it is never detected. */
  readonly steps: ReadonlyArray<(Quantiles & { readonly days: Quantiles }) | null>;
}

export interface LadderPlan {
  readonly steps: readonly PlannedStep[];
  readonly harms: readonly PlannedHarm[];
  readonly harmMargin: number;
  readonly lag: number;
}

const BP_WHOLE = 10_000;
const QUANTILES = { p50: 0.5, p90: 0.9 } as const;
/** The restart mixture leaves three quarters of the harm bet to the whole history. */
const WHOLE_HISTORY = 0.75;
/** Matched units beyond any past: never. */
const UNITS_MAX = 1e12;

type Differences = ReturnType<typeof differencesAt>;
type Path = Record<keyof typeof QUANTILES, number>;

/** Plans one required difference stream along the ladder. @throws StatisticsError for a policy or margin that is none */
export function planLadder(
  policy: GatePolicy,
  stream: DifferenceStreamPolicy,
  world: PlannedWorld,
  harms: readonly number[],
): LadderPlan {
  const lag = stream.lag ?? 0;
  return {
    steps: plannedSteps(policy, stream, world, lag),
    harms: harms.map((delta) => plannedHarm(policy, stream, world, lag, delta)),
    harmMargin: stream.harmMargin,
    lag,
  };
}

const perCohortAt = ({ unitsPerDay, cohortMs }: PlannedWorld, exposureBp: number): number =>
  (unitsPerDay * (cohortMs / DAY_MS) * Math.min(exposureBp, BP_WHOLE - exposureBp)) / BP_WHOLE;

function plannedSteps(
  policy: GatePolicy,
  stream: DifferenceStreamPolicy,
  world: PlannedWorld,
  lag: number,
): PlannedStep[] {
  const growth = new Growth(policy, stream);
  const spent: Path = { p50: 0, p90: 0 };
  let isOpen = true;
  return policy.steps.map((step, index) => {
    const { exposureBp, minUnits, minCohorts, minSpan = 0, maxCohorts } = step;
    const perCohort = perCohortAt(world, exposureBp);
    const floorCohorts = Math.max(1, minCohorts, minSpan, perCohort === 0 ? 0 : Math.ceil(minUnits / perCohort));
    const margin = effectiveSafeMargin(policy, stream, index);
    const differences = differencesAt(world.shape, world.shape, exposureBp, policy.maxMatch);
    const until = isOpen && margin !== null && perCohort > 0 ? growth.until(differences, margin) : null;
    isOpen &&= until !== null;
    const planned = {
      exposureBp,
      nextExposureBp: policy.steps[index + 1]?.exposureBp ?? BP_WHOLE,
      margin,
      k: matchAt(exposureBp, policy.maxMatch).k,
      matchedPerDay: (perCohort * DAY_MS) / world.cohortMs,
      maxCohorts,
    };
    if (until === null) return { ...planned, units: null, cohorts: null, isHeldByFloors: false };
    growth.pass(differences, Math.max(until.units, (floorCohorts * perCohort) / world.designEffect));
    const units = { p50: 0, p90: 0 };
    const cohorts = { p50: 0, p90: 0 };
    for (const name of ['p50', 'p90'] as const) {
      units[name] = Math.ceil(Math.max(0, until.total[name] - spent[name]) * world.designEffect);
      const lasting = Math.max(floorCohorts, Math.ceil(units[name] / perCohort));
      cohorts[name] = lasting + lag;
      spent[name] += (lasting * perCohort) / world.designEffect;
    }
    return { ...planned, units, cohorts, isHeldByFloors: units.p50 <= floorCohorts * perCohort };
  });
}

/** Expected evidence of an equally good candidate, as it grows along a ladder. */
class Growth {
  private readonly etas: Float64Array;
  private readonly threshold: number;
  private readonly passed: Array<{ differences: Differences; units: number }> = [];
  private last: Path = { p50: 0, p90: 0 };

  constructor(policy: GatePolicy, stream: DifferenceStreamPolicy) {
    this.etas = sharedEtaGrid(policy.grid ?? DEFAULT_GRID);
    this.threshold = -Math.log(stream.beta ?? policy.beta);
  }

  pass(differences: Differences, units: number): void {
    this.passed.push({ differences, units });
  }

  /**
   * Units of these differences until the expected evidence is enough, and the quantiles of all units so far by then; null when it never is.
   */
  until(differences: Differences, margin: number): { units: number; total: Path } | null {
    const before = this.etas.map((eta) =>
      this.passed.reduce((sum, step) => sum + step.units * meanLogFactor(step.differences, margin, eta), 0),
    );
    const rates = this.etas.map((eta) => meanLogFactor(differences, margin, eta));
    const isReached = (units: number) => logMeanExp(before.map((sum, g) => sum + units * rates[g]!)) >= this.threshold;
    if (isReached(0)) return { units: 0, total: this.last };
    if (!(Math.max(...rates) > 0)) return null;
    let high = 1;
    while (!isReached(high)) if ((high *= 2) > UNITS_MAX) return null;
    let low = Math.floor(high / 2);
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (isReached(middle)) high = middle;
      else low = middle;
    }
    this.last = this.quantilesAt(differences, margin, high, before, rates);
    return { units: high, total: this.last };
  }

  /** First-passage quantiles at the bet that has won most: an inverse Gaussian with the drift and variance of the whole path. */
  private quantilesAt(
    differences: Differences,
    margin: number,
    units: number,
    before: Float64Array,
    rates: Float64Array,
  ): Path {
    const won = before.map((sum, g) => sum + units * rates[g]!);
    const best = won.indexOf(Math.max(...won));
    const path = [...this.passed, { differences, units }];
    const variance = path.reduce(
      (sum, step) => sum + step.units * varianceOfLogFactor(step.differences, margin, this.etas[best]!),
      0,
    );
    const total = path.reduce((sum, step) => sum + step.units, 0);
    const shape = variance === 0 ? Infinity : won[best]! ** 2 / variance;
    return { p50: total * inverseGaussianQuantile(0.5, shape), p90: total * inverseGaussianQuantile(0.9, shape) };
  }
}

function meanLogFactor({ values, probs }: Differences, margin: number, eta: number): number {
  return values.reduce((sum, value, i) => sum + probs[i]! * Math.log1p(eta * stake(value, margin, 'safe')), 0);
}

function varianceOfLogFactor(differences: Differences, margin: number, eta: number): number {
  const mean = meanLogFactor(differences, margin, eta);
  return differences.values.reduce(
    (sum, value, i) => sum + differences.probs[i]! * (Math.log1p(eta * stake(value, margin, 'safe')) - mean) ** 2,
    0,
  );
}

function plannedHarm(
  policy: GatePolicy,
  stream: DifferenceStreamPolicy,
  world: PlannedWorld,
  lag: number,
  delta: number,
): PlannedHarm {
  const [, worst] = shiftRange(world.shape);
  const margin = effectiveHarmMargin(stream);
  const level = (policy.restartEvery === 0 ? 1 : WHOLE_HISTORY) * policy.alpha * stream.weight;
  const steps = policy.steps.map(({ exposureBp }) => {
    const perCohort = perCohortAt(world, exposureBp);
    if (perCohort === 0 || delta <= margin || delta > worst || level === 0) return null;
    const differences = differencesAt(shifted(world.shape, delta), world.shape, exposureBp, policy.maxMatch);
    return detection(planSampleSize({ ...differences, margin, direction: 'harm', level }), world, perCohort, lag);
  });
  return { delta, steps };
}

function detection(
  { n50, n90 }: SamplePlan,
  { designEffect, cohortMs }: PlannedWorld,
  perCohort: number,
  lag: number,
): PlannedHarm['steps'][number] {
  if (n50 === null || n90 === null) return null;
  const units = { p50: Math.ceil(n50 * designEffect), p90: Math.ceil(n90 * designEffect) };
  const days = (count: number) => ((Math.ceil(count / perCohort) + lag) * cohortMs) / DAY_MS;
  return { ...units, days: { p50: days(units.p50), p90: days(units.p90) } };
}
