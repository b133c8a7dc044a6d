/**
 * Experiments in the reference world of the harm budget: 100 requests a second, outcomes at once, base loss 5 %, cohorts of ten seconds,
 * 1, 5, 25, 50 % and then full, eight hours. Every procedure meets the same requests; a promoted bad model serves on to the end.
 */
import { budgetPolicy, servedToHorizon, simulateRollout } from '../../src/simulation/gate/rollout.ts';
import type { RolloutOutcome } from '../../src/simulation/gate/rollout.ts';
import { DRIFTING, outcomeStream, STEADY } from '../../src/simulation/gate/world.ts';
import type { OutcomeStream, World } from '../../src/simulation/gate/world.ts';
import type { Ladder } from '../../src/simulation/gate/delivery-rules.ts';
import type { Draws, Params, Sample } from './experiments.ts';
import { planBets, simulatePlanned } from './planned-bets.ts';

const UNITS_PER_COHORT = 1000;
export const COHORTS_PER_MINUTE = 6;
const BASE = 0.05;
export const HARM_BUDGET = 0.0035;
export const LADDER: Ladder = { exposuresBp: [100, 500, 2500, 5000], horizon: 8 * 60 * COHORTS_PER_MINUTE };

export function streamOf(seed: number, delta: number, base: World['base'] = STEADY): OutcomeStream {
  return outcomeStream({ unitsPerCohort: UNITS_PER_COHORT, base, delta }, seed);
}

/** Expected requests that any test of level 5 % needs when both rates are known: ln 20 over the Kullback-Leibler divergence (Wald 1945). */
export function waldBound(delta: number): number {
  const rate = BASE + delta;
  const divergence = rate * Math.log(rate / BASE) + (1 - rate) * Math.log((1 - rate) / (1 - BASE));
  return Math.log(20) / divergence;
}

export function minutesToFull({ terminal, cohorts }: RolloutOutcome): number {
  // NaN leaves a rollout out of a column: the published times are those of the promoted.
  return terminal === 'promoted' ? cohorts / COHORTS_PER_MINUTE : NaN;
}

export function served(outcome: RolloutOutcome): number {
  return servedToHorizon(outcome, UNITS_PER_COHORT, LADDER.horizon);
}

function sampleOf(outcome: RolloutOutcome, delta: number): Sample {
  const isStopped = outcome.terminal === 'rolled-back';
  return {
    rolledBack: Number(isStopped),
    promoted: Number(outcome.terminal === 'promoted'),
    minutesToFull: minutesToFull(outcome),
    served: served(outcome),
    servedIfStopped: isStopped ? outcome.served : NaN,
    timesWald: served(outcome) / waldBound(delta),
  };
}

/** One candidate under the specified gate, with plain K or restarts. */
export function budget({ streamSeed }: Draws, params: Params): Sample {
  const delta = Number(params['delta']);
  const policy = budgetPolicy(Number(params['restartEvery']));
  return sampleOf(simulateRollout(streamOf(streamSeed, delta), policy, LADDER.horizon), delta);
}

const plans = new Map<string, ReturnType<typeof planBets>>();

export function planOf(harmBudget: number, plannedLoss = BASE): ReturnType<typeof planBets> {
  const key = `${harmBudget}:${plannedLoss}`;
  const plan = plans.get(key) ?? planBets({ exposuresBp: LADDER.exposuresBp, harmBudget, plannedLoss });
  plans.set(key, plan);
  return plan;
}

/** Where nothing stops a candidate that is no good, two hours show what the safe tests let through. */
const HORIZON_WITHOUT_HARM = LADDER.horizon / 4;

/** One candidate under the proposed bets. `wrongFrom`: the first step, from 0, that it may not leave upwards. */
export function planned({ streamSeed }: Draws, params: Params): Sample {
  const delta = Number(params['delta']);
  const plan = planOf(HARM_BUDGET, Number(params['plannedLoss'] ?? BASE));
  const judgesHarm = params['judgesHarm'] !== 'no';
  const horizon = judgesHarm ? LADDER.horizon : HORIZON_WITHOUT_HARM;
  // Twice the loss after 400 cohorts, a little more than an hour, under a cycle of four minutes.
  const base = params['base'] === 'drifting' ? DRIFTING : STEADY;
  const outcome = simulatePlanned(streamOf(streamSeed, delta, base), plan, { horizon, judgesHarm });
  return { ...sampleOf(outcome, delta), wrongAdvance: Number(outcome.step > Number(params['wrongFrom'] ?? Infinity)) };
}
