import { analyzeCohorts } from '../../src/domain/statistics/index.ts';
import type { Cohort } from '../../src/domain/statistics/index.ts';
import { fixedThreshold, mannWhitney, simulateComparator, zTest } from '../../src/simulation/gate/comparators.ts';
import type { AbortRule } from '../../src/simulation/gate/comparators.ts';
import type { Random } from '../../src/simulation/gate/random.ts';
import { recordCohort, referencePolicy, simulateRollout } from '../../src/simulation/gate/rollout.ts';
import type { RolloutOutcome } from '../../src/simulation/gate/rollout.ts';
import { frontier } from './frontier.ts';
import { budget, planned } from './reference-world.ts';
import { detectorRun, firstRejection, sampleRatioAlarms } from './single-tests.ts';
import type { TestSetting } from './single-tests.ts';
import { DRIFTING, outcomeStream, STEADY } from '../../src/simulation/gate/world.ts';
import type { OutcomeStream, World } from '../../src/simulation/gate/world.ts';

/** One replication: named numbers, Infinity for what never happened. */
export type Sample = Record<string, number>;
export type Params = Record<string, number | string>;

/** What a replication may draw from. */
export interface Draws {
  /** Of its own. */
  random: Random;
  /** Of the replication: equal in every row, so that the procedures of different rows meet the same units. */
  streamSeed: number;
}

export type Experiment = (draws: Draws, params: Params) => Sample;

const HORIZON_HOURS = 400;
const UNITS_PER_HOUR = 1000;

function worldOf(params: Params): World {
  return {
    unitsPerCohort: UNITS_PER_HOUR,
    base: params['base'] === 'drifting' ? DRIFTING : STEADY,
    delta: Number(params['delta']),
  };
}

function sampleOf(outcome: RolloutOutcome, delta: number): Sample {
  const isRolledBack = outcome.terminal === 'rolled-back';
  return {
    rolledBack: Number(isRolledBack),
    promoted: Number(outcome.terminal === 'promoted'),
    anyAdvance: Number(outcome.hasAdvanced),
    everHeld: Number(outcome.isEverHeld),
    hours: outcome.terminal === null ? Infinity : outcome.cohorts,
    hoursToRollback: isRolledBack ? outcome.cohorts : Infinity,
    excessBad: outcome.served * delta,
  };
}

function rollout({ streamSeed }: Draws, params: Params): Sample {
  const policy = referencePolicy({
    harmMargin: Number(params['harmMargin'] ?? 0),
    streams: Number(params['streams'] ?? 1),
  });
  const outcome = simulateRollout(outcomeStream(worldOf(params), streamSeed), policy, HORIZON_HOURS);
  return sampleOf(outcome, Number(params['delta']));
}

const RULES: Record<string, AbortRule> = {
  'threshold +2 pp': fixedThreshold(0.07),
  'threshold +3 pp': fixedThreshold(0.08),
  'Mann-Whitney': mannWhitney(0.98, 0.25, (hours) => hours % 6 === 0),
  'z per step 5 %': zTest(0.05, 'end'),
  'z per step 5 %/4': zTest(0.05 / 4, 'end'),
  'z every look': zTest(0.05, 'every'),
};

export const COMPARATORS = Object.keys(RULES);

function comparator({ streamSeed }: Draws, params: Params): Sample {
  const outcome = simulateComparator(outcomeStream(worldOf(params), streamSeed), RULES[String(params['rule'])]!);
  return sampleOf(outcome, Number(params['delta']));
}

function singleTest({ random }: Draws, params: Params): Sample {
  const units = firstRejection(random, params as unknown as TestSetting);
  return {
    rejected: Number(units !== null),
    units: units ?? Infinity,
    ratio: (units ?? Infinity) / Number(params['fixedSize'] ?? 1),
  };
}

function sampleRatio({ random }: Draws, params: Params): Sample {
  const [at001, at01] = sampleRatioAlarms(random, {
    candidateShare: Number(params['candidateShare']),
    looks: 1000,
    unitsPerLook: 100,
    levels: [0.001, 0.01],
  });
  return { alarm001: Number(at001 !== null), alarm01: Number(at01 !== null), units001: at001 ?? Infinity };
}

function detector({ random }: Draws, params: Params): Sample {
  const [threshold, rate, blockSize, healthy] = ['threshold', 'rate', 'blockSize', 'healthy'].map((name) =>
    Number(params[name] ?? 0),
  );
  return {
    units: detectorRun(random, { threshold: threshold!, rate: rate!, blockSize: blockSize!, healthy: healthy! }),
  };
}

/** Cohorts of a rollout that follows its own gate, for the delivery rows. */
function recordedCohorts(stream: OutcomeStream): Cohort[] {
  const policy = referencePolicy();
  const cohorts: Cohort[] = [];
  let step = 0;
  for (let cohort = 1; cohort <= 60 && step < policy.steps.length; cohort++) {
    cohorts.push(recordCohort(stream, policy, cohort, step));
    if (cohort % 10 === 0) step++;
  }
  return cohorts;
}

/** Delivery shuffled and duplicated; a tenth of the cohorts pending first; the source down from some cohort on. */
function delivery({ random, streamSeed }: Draws, params: Params): Sample {
  const policy = referencePolicy();
  const cohorts = recordedCohorts(outcomeStream(worldOf(params), streamSeed));
  const decide = (records: readonly Cohort[]) => analyzeCohorts(policy, records).decisions;
  const reference = JSON.stringify(decide(cohorts));
  const shuffled = [...cohorts, ...cohorts.filter(() => random() < 0.3)].map((cohort) => ({ cohort, key: random() }));
  shuffled.sort((a, b) => a.key - b.key);
  const pending = cohorts.map((cohort): Cohort => (random() < 0.1 ? { ...cohort, status: 'pending' } : cohort));
  const from = Math.floor(random() * 30);
  const down = cohorts.map((cohort, i): Cohort =>
    i >= from && i < from + 30 ? { ...cohort, status: 'pending' } : cohort,
  );
  const whileDown = [...decide(pending), ...decide(down).slice(from)].filter(
    ({ reasons }) => reasons[0] === 'data-pending',
  );
  return {
    sameWhenShuffled: Number(JSON.stringify(decide(shuffled.map(({ cohort }) => cohort))) === reference),
    sameAfterwards: Number(
      [pending, down].every((first) => JSON.stringify(decide([...first, ...cohorts])) === reference),
    ),
    movedWhileDown: Number(whileDown.some(({ decision }) => decision !== 'hold')),
  };
}

export const experiments = {
  rollout,
  budget,
  planned,
  frontier,
  comparator,
  singleTest,
  sampleRatio,
  detector,
  delivery,
} satisfies Record<string, Experiment>;
export type ExperimentName = keyof typeof experiments;
