/**
 * Rules of progressive delivery, from their public documentation, on the streams of a world. They see counts per cohort, as a metrics
 * store would give them, and promote a candidate against which nothing was found.
 */
import { shiftEvidence } from './rank-shift.ts';
import { beginOutcome } from './rollout.ts';
import type { RolloutOutcome } from './rollout.ts';
import type { ArmCounts, CountSource } from './world.ts';

/** What carries one candidate up a ladder, cohort by cohort. */
export interface Procedure {
  look(counts: ArmCounts): 'stay' | 'advance' | 'abort';
}

export interface Ladder {
  exposuresBp: readonly number[];
  /** Cohorts after which an undecided rollout is given up. */
  horizon: number;
}

/** Runs one candidate up the ladder. */
export function climb(source: CountSource, { exposuresBp, horizon }: Ladder, procedure: Procedure): RolloutOutcome {
  const outcome = beginOutcome();
  let step = 0;
  while (outcome.cohorts < horizon) {
    outcome.cohorts++;
    const counts = source.counts(outcome.cohorts, exposuresBp[step]!);
    outcome.served += counts.candidate;
    const decision = procedure.look(counts);
    if (decision === 'abort') return { ...outcome, terminal: 'rolled-back' };
    if (decision === 'stay') continue;
    outcome.hasAdvanced = true;
    step++;
    if (step === exposuresBp.length) return { ...outcome, terminal: 'promoted' };
  }
  return outcome;
}

/** How much speaks against the candidate, from the cohorts of a step so far, the last of them new; null between looks. */
export type Statistic = (step: readonly ArmCounts[]) => number | null;

/** A ladder that spends a fixed time on each step and aborts when more than `tolerated` looks of the rollout exceeded a limit. */
export interface TimedRule {
  cohortsPerStep: number;
  statistic: Statistic;
  tolerated: number;
}

export function timedProcedure(rule: TimedRule, limit: number): Procedure {
  let step: ArmCounts[] = [];
  let exceeded = 0;
  return {
    look(counts) {
      step.push(counts);
      const value = rule.statistic(step);
      if (value !== null && value > limit) exceeded++;
      if (exceeded > rule.tolerated) return 'abort';
      if (step.length < rule.cohortsPerStep) return 'stay';
      step = [];
      return 'advance';
    },
  };
}

/** The limit that this rollout would just not exceed: what to take a quantile of to choose a share of false alarms. */
export function criticalLimit(source: CountSource, ladder: Ladder, rule: TimedRule): number {
  const values: number[] = [];
  const statistic: Statistic = (step) => {
    const value = rule.statistic(step);
    if (value !== null) values.push(value);
    return value;
  };
  climb(source, ladder, timedProcedure({ ...rule, statistic }, Infinity));
  return values.sort((a, b) => b - a)[rule.tolerated] ?? -Infinity;
}

function candidateRate(cohorts: readonly ArmCounts[]): number {
  let [bad, all] = [0, 0];
  for (const { candidate, candidateBad } of cohorts) {
    bad += candidateBad;
    all += candidate;
  }
  return all > 0 ? bad / all : 0;
}

/**
 * Argo Rollouts, background analysis: the candidate's loss rate of the last `interval`, measured every `interval`; the analysis fails
 * when more than `failureLimit` measurements do, and each step is a pause. As documented: interval 5m, failureLimit 3, pause 10m,
 * success rate ≥ 0.95.
 * Source: argo-rollouts.readthedocs.io, features/analysis.
 */
export function argoLike(o: { interval: number; failureLimit: number; pause: number }): TimedRule {
  return {
    cohortsPerStep: o.pause,
    tolerated: o.failureLimit,
    statistic: (step) => (step.length % o.interval === 0 ? candidateRate(step.slice(-o.interval)) : null),
  };
}

/**
 * Flagger, canary release: every `interval` the loss rate of the last one is checked; a check that passes raises the weight, one that
 * fails halts the advance and is counted; `threshold` failed checks roll back. As documented: interval 1m, threshold 10, success rate
 * ≥ 99 %. The weights are the ladder's (stepWeights).
 * Source: fluxcd.io/flagger, usage/how-it-works and usage/deployment-strategies; pkg/controller/scheduler.go.
 */
export function flaggerLike(o: { interval: number; threshold: number }, limit: number): Procedure {
  let window: ArmCounts[] = [];
  let failed = 0;
  return {
    look(counts) {
      window.push(counts);
      if (window.length < o.interval) return 'stay';
      const isGood = candidateRate(window) <= limit;
      window = [];
      if (isGood) return 'advance';
      failed++;
      return failed >= o.threshold ? 'abort' : 'stay';
    },
  };
}

/**
 * Kayenta's default judge: at the end of a step the loss rates of `points` intervals in candidate and an equally large baseline are
 * compared by Mann-Whitney; the metric fails when the confidence bound of the shift exceeds a quarter of its estimate. As documented:
 * 60 points of a minute, confidence 98 %, and one failed metric fails the canary. The statistic is the normal quantile of that bound.
 * Source: spinnaker.io, guides/user/canary (judge, best-practices); kayenta-judge, NetflixACAJudge and MannWhitneyClassifier.
 */
export function kayentaLike(o: { points: number; cohortsPerPoint: number }): TimedRule {
  const cohortsPerStep = o.points * o.cohortsPerPoint;
  return {
    cohortsPerStep,
    tolerated: 0,
    statistic: (step) => {
      if (step.length < cohortsPerStep) return null;
      const pointsOf = (bad: (counts: ArmCounts) => number) =>
        Array.from({ length: o.points }, (_, i) => {
          const point = step.slice(i * o.cohortsPerPoint, (i + 1) * o.cohortsPerPoint);
          return point.reduce((sum, counts) => sum + bad(counts), 0) / point.reduce((sum, c) => sum + c.candidate, 0);
        });
      return shiftEvidence(
        pointsOf((counts) => counts.candidateBad),
        pointsOf((counts) => counts.baselineBad),
        0.25,
      );
    },
  };
}

/** The two-proportion z statistic of a step's cohorts; 0 while nothing varies. */
export function pooledZ(step: readonly ArmCounts[]): number {
  const sum = (field: keyof ArmCounts) => step.reduce((total, counts) => total + counts[field], 0);
  const [n1, n0] = [sum('candidate'), sum('control')];
  const pooled = (sum('candidateBad') + sum('controlBad')) / (n1 + n0);
  const deviation = Math.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n0));
  return deviation > 0 ? (sum('candidateBad') / n1 - sum('controlBad') / n0) / deviation : 0;
}

/** A one-sided two-proportion z-test of each step: at its fixed horizon, or at every look although it is made for one. */
export function zTestLike(o: { pause: number; looks: 'end' | 'every' }): TimedRule {
  return {
    cohortsPerStep: o.pause,
    tolerated: 0,
    statistic: (step) => (o.looks === 'every' || step.length === o.pause ? pooledZ(step) : null),
  };
}
