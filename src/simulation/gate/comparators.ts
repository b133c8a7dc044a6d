import { normalQuantile, normalSf } from '../../domain/statistics/index.ts';
import { pooledZ } from './delivery-rules.ts';
import { shiftEvidence } from './rank-shift.ts';
import { beginOutcome } from './rollout.ts';
import type { RolloutOutcome } from './rollout.ts';
import type { ArmCounts, CountSource } from './world.ts';

/** A ladder on which every step lasts as many cohorts. */
export interface TimedLadder {
  readonly exposuresBp: readonly number[];
  readonly cohortsPerStep: number;
}

/** The reference rollout's, in cohorts of an hour. */
const REFERENCE: TimedLadder = { exposuresBp: [500, 1000, 2500, 5000], cohortsPerStep: 12 };

/** Whether the step's hours so far, the last of them new, make a rule abort. */
export type AbortRule = (hours: readonly ArmCounts[]) => boolean;

/** Limit on the hourly rate, as progressive-delivery tools count failures: the fourth bad hour of a step aborts. */
export function fixedThreshold(limit: number): AbortRule {
  return (hours) =>
    hours.filter(({ candidate, candidateBad }) => candidate > 0 && candidateBad / candidate > limit).length >= 4;
}

/** One-sided two-proportion z-test of the step's data: once at its end, or at every look. */
export function zTest(level: number, looks: 'end' | 'every', { cohortsPerStep } = REFERENCE): AbortRule {
  return (hours) => (looks === 'every' || hours.length === cohortsPerStep) && normalSf(pooledZ(hours)) <= level;
}

/**
 * Mann-Whitney on hourly rates as canary judges do: abort when the lower confidence bound of the shift exceeds `tolerance` of its
 * estimate.
 */
export function mannWhitney(confidence: number, tolerance: number, isLook: (hours: number) => boolean): AbortRule {
  return (hours) => {
    if (!isLook(hours.length)) return false;
    const candidate = hours.map((hour) => (hour.candidate > 0 ? hour.candidateBad / hour.candidate : 0));
    const control = hours.map((hour) => hour.controlBad / hour.control);
    return shiftEvidence(candidate, control, tolerance) >= normalQuantile((1 + confidence) / 2);
  };
}

/** Climbs a ladder, by default of twelve hours a step, and promotes whatever the rule did not abort. */
export function simulateComparator(stream: CountSource, rule: AbortRule, ladder = REFERENCE): RolloutOutcome {
  const outcome = beginOutcome();
  for (const exposureBp of ladder.exposuresBp) {
    const hours: ArmCounts[] = [];
    while (hours.length < ladder.cohortsPerStep) {
      outcome.cohorts++;
      const hour = stream.counts(outcome.cohorts, exposureBp);
      hours.push(hour);
      outcome.served += hour.candidate;
      if (rule(hours)) return { ...outcome, terminal: 'rolled-back' };
    }
    outcome.hasAdvanced = true;
  }
  return { ...outcome, terminal: 'promoted' };
}
