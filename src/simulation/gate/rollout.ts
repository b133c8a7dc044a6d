import { beginGate } from '../../domain/statistics/gate.ts';
import { readCohort } from '../../domain/statistics/gate-cohort.ts';
import { planGate } from '../../domain/statistics/gate-plan.ts';
import { GateRun } from '../../domain/statistics/gate-run.ts';
import type { Cohort, GatePolicy, StreamPolicy } from '../../domain/statistics/index.ts';
import { candidateUnits, matchedDifferences } from './world.ts';
import type { OutcomeStream } from './world.ts';

const BASE: Omit<GatePolicy, 'streams' | 'steps'> = {
  alpha: 0.05,
  beta: 0.05,
  alphaHold: 0.2,
  alphaSrm: 0.001,
  srmConcentration: 1000,
  maxMatch: 20,
  restartEvery: 24,
};

function ladder(exposuresBp: readonly number[], floors: { minUnits: number; minCohorts: number }): GatePolicy['steps'] {
  return exposuresBp.map((exposureBp) => ({ exposureBp, ...floors, maxCohorts: 1_000_000 }));
}

/** The reference rollout: hourly cohorts of 1000 units, steps of 5, 10, 25 and 50 %, one binary stream. */
export function referencePolicy(o: { harmMargin?: number; streams?: number } = {}): GatePolicy {
  const count = o.streams ?? 1;
  const streams = Array.from({ length: count }, (_, i): StreamPolicy => ({
    id: `loss-${i}`,
    kind: 'difference',
    weight: 1 / count,
    harmMargin: o.harmMargin ?? 0,
    safeMargin: 0.02,
    requiredForAdvance: true,
  }));
  return { ...BASE, steps: ladder([500, 1000, 2500, 5000], { minUnits: 500, minCohorts: 4 }), streams };
}

/** The reference world of the harm budget: 100 requests a second in cohorts of 10 s, 1, 5, 25, 50 % and then full. */
export function budgetPolicy(restartEvery: number, harmBudget = 0.0035): GatePolicy {
  return {
    ...BASE,
    restartEvery,
    steps: ladder([100, 500, 2500, 5000], { minUnits: 0, minCohorts: 0 }),
    streams: [
      {
        id: 'loss',
        kind: 'difference',
        weight: 1,
        harmMargin: 0,
        safeMargin: null,
        harmBudget,
        requiredForAdvance: true,
      },
    ],
  };
}

export interface RolloutOutcome {
  terminal: 'promoted' | 'rolled-back' | null;
  /** Cohorts until the decision, or the horizon. */
  cohorts: number;
  isEverHeld: boolean;
  /** Whether a person was called. */
  isEverEscalated: boolean;
  hasAdvanced: boolean;
  /** Units served by the candidate until the decision, or the horizon. */
  served: number;
}

export function beginOutcome(): RolloutOutcome {
  return { terminal: null, cohorts: 0, isEverHeld: false, isEverEscalated: false, hasAdvanced: false, served: 0 };
}

/** Units served by the candidate up to the horizon: one that was promoted serves on. */
export function servedToHorizon(outcome: RolloutOutcome, unitsPerCohort: number, horizon: number): number {
  return outcome.served + (outcome.terminal === 'promoted' ? (horizon - outcome.cohorts) * unitsPerCohort : 0);
}

/** The record of a cohort as the world makes it at the gate's present step. */
export function recordCohort(stream: OutcomeStream, policy: GatePolicy, cohort: number, step: number): Cohort {
  const { exposureBp } = policy.steps[step]!;
  const { unitsPerCohort } = stream.world;
  const candidate = candidateUnits(unitsPerCohort, exposureBp);
  const differences = Object.fromEntries(
    policy.streams.map(({ id }, i) => [id, matchedDifferences(stream.losses(cohort, i), exposureBp)]),
  );
  return {
    cohort,
    step,
    exposureBp,
    status: 'ok',
    assigned: { control: unitsPerCohort - candidate, candidate },
    differences,
  };
}

/** Runs one rollout to its end: every exposure is the one the gate has reached. */
export function simulateRollout(stream: OutcomeStream, policy: GatePolicy, horizon: number): RolloutOutcome {
  return runRollout(policy, horizon, (cohort, step) => recordCohort(stream, policy, cohort, step));
}

/** As `simulateRollout`, with records from anywhere. */
export function runRollout(
  policy: GatePolicy,
  horizon: number,
  recordOf: (cohort: number, step: number) => Cohort,
): RolloutOutcome {
  const run = new GateRun(planGate(policy), beginGate(policy));
  const outcome = beginOutcome();
  let step = 0;
  while (outcome.cohorts < horizon) {
    outcome.cohorts++;
    const record = recordOf(outcome.cohorts, step);
    outcome.served += record.assigned.candidate;
    const { decision } = run.look(readCohort(policy, record));
    if (decision === 'hold') outcome.isEverHeld = true;
    if (decision === 'escalate') outcome.isEverEscalated = true;
    if (decision === 'rollback') return { ...outcome, terminal: 'rolled-back' };
    if (decision === 'advance') {
      outcome.hasAdvanced = true;
      step++;
      if (step === policy.steps.length) return { ...outcome, terminal: 'promoted' };
    }
  }
  return outcome;
}
