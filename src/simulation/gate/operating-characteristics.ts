/**
 * How often a policy is wrong, and what it costs: rollouts of candidates of known difference, by the gate and by the rules people use
 * instead, on a counted world. A job is a pure function of the trial and its numbers, so threads may share them out in any order.
 */
import type { GatePolicy } from '../../domain/statistics/index.ts';
import { countedRecord, countSource } from './counted-world.ts';
import type { CountedWorld } from './counted-world.ts';
import { fixedThreshold, mannWhitney, simulateComparator, zTest } from './comparators.ts';
import type { AbortRule, TimedLadder } from './comparators.ts';
import { meanEstimate, quantileEstimate, shareEstimate } from './estimates.ts';
import type { Estimate } from './estimates.ts';
import { seedOf } from './random.ts';
import { runRollout, servedToHorizon } from './rollout.ts';
import type { RolloutOutcome } from './rollout.ts';

/** What is tried out; plain data, so that it travels to threads. */
export interface Trial {
  readonly policy: GatePolicy;
  /** The stream that the difference is on. */
  readonly stream: string;
  readonly base: number;
  /** Relative height of a daily cycle of the base rate; 0 for none. */
  readonly cycle: number;
  readonly cohortsPerDay: number;
  readonly unitsPerCohort: number;
  readonly horizon: number;
  readonly replications: number;
  readonly seed: number;
  readonly deltas: readonly number[];
  /** Difference that is tolerated: the limit of thresholds, and what makes an advance wrong. */
  readonly margin: number;
  /** Cohorts that the rules spend on a step. */
  readonly cohortsPerStep: number;
}

/** One-sided level of the tests that are compared. */
const LEVEL = 0.05;
/** Confidence of a canary judge, and the part of its estimate that a shift's bound must exceed. */
const JUDGE = 0.98;
const TOLERANCE = 0.25;

const ladderOf = ({ policy, cohortsPerStep }: Trial): TimedLadder => ({
  exposuresBp: policy.steps.map(({ exposureBp }) => exposureBp),
  cohortsPerStep,
});

type Rule = (trial: Trial) => AbortRule;

/** The rules, by the names people know them by. */
const RULES: Readonly<Record<string, Rule>> = {
  'fixed threshold': ({ base, margin }) => fixedThreshold(base + Math.max(margin, 0)),
  'z-test per step': (trial) => zTest(LEVEL, 'end', ladderOf(trial)),
  'z-test per step, level shared': (trial) => zTest(LEVEL / trial.policy.steps.length, 'end', ladderOf(trial)),
  'z-test at every look': (trial) => zTest(LEVEL, 'every', ladderOf(trial)),
  'rank test': ({ cohortsPerStep }) => {
    const every = Math.max(1, Math.round(cohortsPerStep / 2));
    return mannWhitney(JUDGE, TOLERANCE, (cohorts) => cohorts % every === 0);
  },
};

export const GATE = 'gate';
export const PROCEDURES = [GATE, ...Object.keys(RULES)];

/** Replications `from` to `to` (excluded) of one procedure and difference. */
export interface Job {
  readonly procedure: string;
  readonly delta: number;
  readonly from: number;
  readonly to: number;
}

/** One rollout as numbers. */
export interface TrialSample {
  readonly rolledBack: boolean;
  readonly promoted: boolean;
  readonly advanced: boolean;
  readonly held: boolean;
  readonly escalated: boolean;
  readonly cohorts: number;
  /** Units served by the candidate until the decision, and up to the horizon: a promoted one serves on. */
  readonly served: number;
  readonly servedToHorizon: number;
}

/** Replications that one job runs at most: small enough to share out and to show progress. */
const JOB_REPLICATIONS = 100;

export function jobsOf({ deltas, replications }: Trial): Job[] {
  return deltas.flatMap((delta) =>
    PROCEDURES.flatMap((procedure) =>
      Array.from({ length: Math.ceil(replications / JOB_REPLICATIONS) }, (_, chunk) => ({
        procedure,
        delta,
        from: chunk * JOB_REPLICATIONS,
        to: Math.min(replications, (chunk + 1) * JOB_REPLICATIONS),
      })),
    ),
  );
}

export function runJob(trial: Trial, { procedure, delta, from, to }: Job): TrialSample[] {
  const { base, cycle, cohortsPerDay, unitsPerCohort, stream } = trial;
  const world: CountedWorld = {
    unitsPerCohort,
    base: cycle === 0 ? () => base : (cohort) => base * (1 + cycle * Math.sin((2 * Math.PI * cohort) / cohortsPerDay)),
    delta,
    stream,
  };
  const run = procedure === GATE ? gateRun(trial, world) : ruleRun(trial, world, RULES[procedure]!);
  return Array.from({ length: to - from }, (_, index) => sampleOf(run(seedOf(trial.seed, from + index)), trial));
}

function gateRun({ policy, horizon }: Trial, world: CountedWorld): (seed: number) => RolloutOutcome {
  return (seed) => runRollout(policy, horizon, (cohort, step) => countedRecord(world, policy, seed, cohort, step));
}

function ruleRun(trial: Trial, world: CountedWorld, ruleOf: Rule): (seed: number) => RolloutOutcome {
  const [rule, ladder] = [ruleOf(trial), ladderOf(trial)];
  return (seed) => simulateComparator(countSource(world, seed), rule, ladder);
}

function sampleOf(outcome: RolloutOutcome, { unitsPerCohort, horizon }: Trial): TrialSample {
  return {
    rolledBack: outcome.terminal === 'rolled-back',
    promoted: outcome.terminal === 'promoted',
    advanced: outcome.hasAdvanced,
    held: outcome.isEverHeld,
    escalated: outcome.isEverEscalated,
    cohorts: outcome.cohorts,
    served: outcome.served,
    servedToHorizon: servedToHorizon(outcome, unitsPerCohort, horizon),
  };
}

/** What one procedure does with candidates of one difference; estimates with 95 % intervals. */
export interface Characteristics {
  readonly procedure: string;
  readonly delta: number;
  readonly rolledBack: Estimate;
  readonly promoted: Estimate;
  readonly anyAdvance: Estimate;
  readonly held: Estimate;
  readonly escalated: Estimate;
  /** Days until rolled back or promoted, over all rollouts; infinite where more than that share stay undecided. */
  readonly daysP50: Estimate;
  readonly daysP90: Estimate;
  /** Bad outcomes more than the control would have had: until the decision, and up to the horizon. */
  readonly excessBad: Estimate;
  readonly excessBadToHorizon: Estimate;
}

const CONFIDENCE = 0.95;

export function characteristicsOf(
  trial: Trial,
  { procedure, delta }: Pick<Job, 'procedure' | 'delta'>,
  samples: readonly TrialSample[],
): Characteristics {
  const share = (is: (sample: TrialSample) => boolean) =>
    shareEstimate(samples.filter(is).length, samples.length, CONFIDENCE);
  const days = samples.map(({ rolledBack, promoted, cohorts }) =>
    rolledBack || promoted ? cohorts / trial.cohortsPerDay : Infinity,
  );
  const excess = (served: (sample: TrialSample) => number) =>
    meanEstimate(
      samples.map((sample) => served(sample) * Math.max(delta, 0)),
      CONFIDENCE,
    );
  return {
    procedure,
    delta,
    rolledBack: share(({ rolledBack }) => rolledBack),
    promoted: share(({ promoted }) => promoted),
    anyAdvance: share(({ advanced }) => advanced),
    held: share(({ held }) => held),
    escalated: share(({ escalated }) => escalated),
    daysP50: quantileEstimate(days, 0.5, CONFIDENCE),
    daysP90: quantileEstimate(days, 0.9, CONFIDENCE),
    excessBad: excess(({ served }) => served),
    excessBadToHorizon: excess((sample) => sample.servedToHorizon),
  };
}
