/**
 * How long a good candidate takes to full exposure against how many requests a bad one serves: gate, proposed bets, rules of
 * progressive delivery and tests of fixed horizon, on the same requests of the reference world.
 */
import { normalQuantile } from '../../src/domain/statistics/index.ts';
import {
  argoLike,
  climb,
  criticalLimit,
  flaggerLike,
  kayentaLike,
  timedProcedure,
  zTestLike,
} from '../../src/simulation/gate/delivery-rules.ts';
import type { TimedRule } from '../../src/simulation/gate/delivery-rules.ts';
import { seedOf } from '../../src/simulation/gate/random.ts';
import { budgetPolicy, simulateRollout } from '../../src/simulation/gate/rollout.ts';
import type { RolloutOutcome } from '../../src/simulation/gate/rollout.ts';
import type { OutcomeStream } from '../../src/simulation/gate/world.ts';
import type { Draws, Params, Sample } from './experiments.ts';
import { simulatePlanned } from './planned-bets.ts';
import { COHORTS_PER_MINUTE, LADDER, minutesToFull, planOf, served, streamOf } from './reference-world.ts';

/** Runs one candidate to its end. */
type Climb = (stream: OutcomeStream) => RolloutOutcome;

const FAILURE_LIMIT = 3;
const FAILED_CHECKS = 10;
const MEASURED_EVERY = 5 * COHORTS_PER_MINUTE;
/** Success rate of at least 99 %. */
const FLAGGER_LIMIT = 0.01;

/** Rules that spend fixed minutes on each step, with the limit their documentation, or their level, gives. */
const TIMED: Record<string, (minutes: number) => { rule: TimedRule; limit: number }> = {
  'Argo-like': (minutes) => ({
    rule: argoLike({
      interval: MEASURED_EVERY,
      failureLimit: FAILURE_LIMIT,
      pause: minutes * COHORTS_PER_MINUTE,
    }),
    limit: 0.05,
  }),
  'Kayenta-like': (minutes) => ({
    rule: kayentaLike({ points: minutes, cohortsPerPoint: COHORTS_PER_MINUTE }),
    limit: normalQuantile(0.99),
  }),
  'z-test per step': (minutes) => ({
    rule: zTestLike({ pause: minutes * COHORTS_PER_MINUTE, looks: 'end' }),
    limit: normalQuantile(1 - 0.05 / 4),
  }),
  'z-test every look': (minutes) => ({
    rule: zTestLike({ pause: minutes * COHORTS_PER_MINUTE, looks: 'every' }),
    limit: normalQuantile(0.95),
  }),
};

const CALIBRATIONS = 1000;
const FALSE_ALARMS = 0.05;

/** Streams of an equally good candidate that no measurement uses. */
function calibrationStreams(count: number): OutcomeStream[] {
  return Array.from({ length: count }, (_, i) => streamOf(seedOf(1, i), 0));
}

/** The limit that five in a hundred good candidates exceed. */
function calibratedLimit(rule: TimedRule): number {
  const limits = calibrationStreams(CALIBRATIONS).map((stream) => criticalLimit(stream, LADDER, rule));
  return limits.sort((a, b) => a - b)[Math.ceil((1 - FALSE_ALARMS) * CALIBRATIONS) - 1]!;
}

/** Failed checks also take time, so this limit is searched: the lowest that aborts at most five in a hundred. */
function calibratedFlagger(interval: number): number {
  const streams = calibrationStreams(CALIBRATIONS / 2);
  const isTooMany = (limit: number) => {
    const aborted = streams.filter((stream) => {
      const procedure = flaggerLike({ interval, threshold: FAILED_CHECKS }, limit);
      return climb(stream, LADDER, procedure).terminal !== 'promoted';
    });
    return aborted.length > FALSE_ALARMS * streams.length;
  };
  let [low, high] = [0, 0.2];
  while (high - low > 1e-4) {
    const middle = (low + high) / 2;
    if (isTooMany(middle)) low = middle;
    else high = middle;
  }
  return high;
}

function climbOf(procedure: string, params: Params): Climb {
  const harmBudget = Number(params['harmBudget']);
  if (procedure === 'gate') {
    const policy = budgetPolicy(0, harmBudget);
    return (stream) => simulateRollout(stream, policy, LADDER.horizon);
  }
  if (procedure === 'planned bets') {
    const plan = planOf(harmBudget);
    return (stream) => simulatePlanned(stream, plan, { horizon: LADDER.horizon, judgesHarm: true });
  }
  const minutes = Number(params['minutes']);
  const isCalibrated = params['limit'] === 'calibrated';
  if (procedure === 'Flagger-like') {
    const interval = minutes * COHORTS_PER_MINUTE;
    const limit = isCalibrated ? calibratedFlagger(interval) : FLAGGER_LIMIT;
    return (stream) => climb(stream, LADDER, flaggerLike({ interval, threshold: FAILED_CHECKS }, limit));
  }
  const { rule, limit } = TIMED[procedure]!(minutes);
  const used = isCalibrated ? calibratedLimit(rule) : limit;
  return (stream) => climb(stream, LADDER, timedProcedure(rule, used));
}

/** Calibration takes seconds: once per procedure and thread. */
const climbs = new Map<string, Climb>();

/** One replication: a good candidate, and ones that are 1, 3 and 20 percentage points worse, on the same requests. */
export function frontier({ streamSeed }: Draws, params: Params): Sample {
  const key = JSON.stringify(params);
  const run = climbs.get(key) ?? climbOf(String(params['procedure']), params);
  climbs.set(key, run);
  const [good, worse1, worse3, worse20] = [0, 0.01, 0.03, 0.2].map((delta) => run(streamOf(streamSeed, delta)));
  return {
    falseRollback: Number(good!.terminal === 'rolled-back'),
    minutesToFull: minutesToFull(good!),
    promoted1: Number(worse1!.terminal === 'promoted'),
    served1: served(worse1!),
    served3: served(worse3!),
    served20: served(worse20!),
  };
}
