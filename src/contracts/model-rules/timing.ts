/** Event time fits together: cohorts tile days, spans are whole minutes, features and objectives agree on ages. */
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../domain/time.ts';
import type { FaultPath } from '../model-fault.ts';
import { isWholeMinutes, lengthMs, rule } from './rule.ts';
import type { Rule, RuleFault } from './rule.ts';

const WHOLE_MINUTES = 'whole minutes, for example PT15M or P1D';

/** Faults of one duration: its form, whole minutes, and its least length. */
function* span(path: FaultPath, iso: string, leastMs: number, least: string): Generator<RuleFault> {
  const ms = lengthMs(iso);
  if (ms === null) yield { path, problem: 'is not a duration', allowed: `ISO 8601 in ${WHOLE_MINUTES}` };
  else if (!isWholeMinutes(ms)) yield { path, problem: 'is not whole minutes', allowed: WHOLE_MINUTES };
  else if (ms < leastMs) yield { path, problem: 'is too short', allowed: least };
}

const cohortTiles = rule(['cohort'], function* ({ cohort }) {
  const ms = lengthMs(cohort) ?? 0;
  const tiles = ms > 0 && isWholeMinutes(ms) && (DAY_MS % ms === 0 || ms % DAY_MS === 0);
  if (!tiles) {
    yield {
      path: ['cohort'],
      problem: 'neither divides a day nor is whole days',
      allowed: 'for example PT1H, PT3H, PT6H, P1D, P7D',
      remedy: 'cohorts begin at the same hours every day',
    };
  }
});

const featureSpans = rule(['features'], function* ({ features }) {
  for (const [index, feature] of features.entries()) {
    if (feature.kind !== 'outcomeRate') continue;
    yield* span(['features', index, 'window'], feature.window, MINUTE_MS, 'at least one minute');
    yield* span(
      ['features', index, 'lag'],
      feature.lag,
      MINUTE_MS,
      'at least one minute: with less, what is seen in training and in serving would differ by a race',
    );
    yield* span(['features', index, 'age'], feature.age, 0, 'zero or more');
  }
});

const partitionCloses = rule(['source'], function* ({ source }) {
  yield* span(['source', 'closesAfter'], source.closesAfter, 0, 'zero or more');
  const ms = lengthMs(source.closesAfter) ?? 0;
  if (source.timeZone !== 'UTC' && ms < 12 * HOUR_MS) {
    yield {
      path: ['source', 'closesAfter'],
      problem: 'closes a day before it has ended everywhere',
      allowed: 'PT12H or more where timeZone is not UTC',
      remedy: 'places at UTC-12 end their day twelve hours after UTC does',
    };
  }
});

const labelWindow = rule(['label'], ({ label }) =>
  span(['label', 'attributionWindow'], label.attributionWindow, MINUTE_MS, 'at least one minute'),
);

const ideaSpans = rule(['ideas', 'cohort'], function* ({ ideas, cohort }) {
  const cohortMs = lengthMs(cohort) ?? 0;
  for (const [index, idea] of ideas.entries()) {
    yield* span(['ideas', index, 'trainOn'], idea.trainOn, DAY_MS, 'at least P1D: partitions are days');
    yield* span(['ideas', index, 'trainingTime'], idea.trainingTime, 0, 'zero or more');
    if (idea.every !== undefined) {
      yield* span(['ideas', index, 'every'], idea.every, Math.max(cohortMs, MINUTE_MS), `at least a cohort, ${cohort}`);
    }
  }
});

const freshnessReachable = rule(['objectives', 'features'], function* ({ objectives, features }) {
  const lags = features.flatMap((feature) => (feature.kind === 'outcomeRate' ? [lengthMs(feature.lag) ?? 0] : []));
  for (const [index, objective] of objectives.entries()) {
    if (objective.kind !== 'featureFreshness') continue;
    if (lags.length === 0) {
      yield {
        path: ['objectives', index, 'kind'],
        problem: 'watches outcome-rate features, and none is declared',
        remedy: 'declare a feature of kind "outcomeRate" or remove the objective',
      };
    } else if ((lengthMs(objective.maxAge) ?? 0) <= Math.max(...lags)) {
      yield {
        path: ['objectives', index, 'maxAge'],
        problem: 'is broken from the start: it is not longer than the largest declared lag',
        allowed: `more than ${Math.max(...lags) / MINUTE_MS} minutes`,
        remedy: 'raise maxAge above the lag of every outcome-rate feature',
      };
    }
  }
});

export const timingRules: readonly Rule[] = [
  cohortTiles,
  featureSpans,
  partitionCloses,
  labelWindow,
  ideaSpans,
  freshnessReachable,
];
