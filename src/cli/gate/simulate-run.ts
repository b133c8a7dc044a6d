/** `holdfast gate simulate`: what a policy does with candidates of known difference, by seeded simulation. */
import { composeGateTrial } from '../../compose.ts';
import { HoldfastError } from '../../contracts/errors.ts';
import { planLadder } from '../../domain/gate/ladder-plan.ts';
import { binaryShape } from '../../domain/gate/loss-shape.ts';
import { effectiveSafeMargin } from '../../domain/statistics/index.ts';
import type { GatePolicy } from '../../domain/statistics/index.ts';
import { DAY_MS } from '../../domain/time.ts';
import { progressBar, simulationInWords } from '../../pages/gate/simulation.ts';
import type { EstimateView, ProcedureView, SimulationView } from '../../pages/gate/simulation.ts';
import { simulationChart } from '../../pages/gate/simulation-chart.ts';
import type { CommandResult, Invocation } from '../command.ts';
import { requirePlaceFor, writeOutput } from '../output-file.ts';
import { durationOption, numberOption, numbersOption, stepsOption, textOption } from './options.ts';
import { unitOf } from './policy.ts';
import { cohortFor, required, triedPolicy, unitsPerDayOption } from './traffic.ts';
import type { TriedPolicy } from './traffic.ts';

type Options = Invocation['options'];
type RunTrial = Awaited<ReturnType<typeof composeGateTrial>>;
type Trial = Parameters<RunTrial>[0];
type Characteristics = Awaited<ReturnType<RunTrial>>[number];

const CONFIDENCE = 0.95;
const REPLICATIONS_MAX = 100_000;
const COHORTS_MAX = 20_000;

export async function simulateCommand(invocation: Invocation): Promise<CommandResult> {
  const { options } = invocation;
  const chart = textOption(options, 'chart');
  const base = required(baseOption(options), '--base', '0.05');
  const unitsPerDay = required(unitsPerDayOption(options), '--units-per-day', '24000');
  const cohort = cohortFor(options, unitsPerDay, stepsOption(options)[0] ?? 0.05);
  const tried = await triedPolicy(options, 1, cohort.ms);
  const trial = trialOf(options, tried, { base, unitsPerDay, cohortMs: cohort.ms });
  if (chart !== null) await requirePlaceFor(chart, 'GATE_CHART_NOT_WRITTEN');
  const runTrial = await composeGateTrial();
  const results = await runTrial(trial, progressOf(invocation));
  invocation.redraw?.('');
  const view: SimulationView = {
    policy: trial.policy,
    policySource: tried.source,
    unit: unitOf(trial.policy, 1),
    stream: trial.stream,
    world: {
      base,
      cycle: trial.cycle,
      unitsPerDay,
      cohort: cohort.text,
      cohortMs: cohort.ms,
      horizonCohorts: trial.horizon,
    },
    replications: trial.replications,
    seed: trial.seed,
    confidence: CONFIDENCE,
    margin: trial.margin,
    harmMargin: tried.stream.harmMargin,
    cohortsPerStep: trial.cohortsPerStep,
    results: results.map(viewOf),
    notes: notesOf(tried, trial, chart),
  };
  if (chart !== null) await writeOutput(chart, simulationChart(view), 'GATE_CHART_NOT_WRITTEN');
  return { exit: 'ok', document: view, text: simulationInWords(view) };
}

const baseOption = (options: Options): number | null =>
  numberOption(options, '--base', (value) => value > 0 && value < 1, 'a rate between 0 and 1, 0.05 for 5 in 100');

const whole =
  (min: number, max: number) =>
  (value: number): boolean =>
    Number.isInteger(value) && value >= min && value <= max;

function trialOf(
  options: Options,
  { policy, stream }: TriedPolicy,
  { base, unitsPerDay, cohortMs }: { base: number; unitsPerDay: number; cohortMs: number },
): Trial {
  const exposed = exposedSteps(policy);
  const margin = effectiveSafeMargin(exposed, stream, exposed.steps.length - 1) ?? stream.harmMargin;
  const between = (value: number) => value > -base && value < 1 - base;
  const allowed = `differences that leave a rate between 0 and 1 at a base of ${base}, such as 0,0.01,0.03`;
  const asked = numbersOption(options, '--differences', between, allowed);
  const unitsPerCohort = Math.round((unitsPerDay * cohortMs) / DAY_MS);
  const horizon = durationOption(options, '--horizon')?.ms;
  const planned = { shape: binaryShape(base), unitsPerDay, cohortMs, designEffect: 1 };
  return {
    policy: exposed,
    stream: stream.id,
    base,
    cycle: numberOption(options, '--cycle', (value) => value >= 0 && value < 1, 'a share from 0 to 1') ?? 0,
    cohortsPerDay: DAY_MS / cohortMs,
    unitsPerCohort,
    horizon: requireHorizon(
      horizon === undefined ? plannedHorizon(exposed, stream, planned) : Math.ceil(horizon / cohortMs),
    ),
    replications:
      numberOption(
        options,
        '--replications',
        whole(10, REPLICATIONS_MAX),
        `a whole number from 10 to ${REPLICATIONS_MAX}`,
      ) ?? 1000,
    seed: numberOption(options, '--seed', whole(0, 2 ** 32 - 1), 'a whole number') ?? 1,
    deltas: asked ?? [0, 0.5, 1, 1.5, 5].map((times) => times * Math.max(margin, 0.001)).filter(between),
    margin,
    cohortsPerStep: numberOption(options, '--step-cohorts', whole(1, 1000), 'a whole number from 1 to 1000') ?? 12,
  };
}

/** Nobody is exposed in shadow, so nothing of it can be simulated here. */
function exposedSteps(policy: GatePolicy): GatePolicy {
  const steps = policy.steps.filter(({ exposureBp }) => exposureBp > 0 && exposureBp < 10_000);
  if (steps.length > 0) return { ...policy, steps };
  throw new HoldfastError(
    'GATE_POLICY_INVALID',
    'the policy has no step at which both arms serve: there is nothing to simulate',
    {
      remedy: 'Give steps with exposures between 0 and 1',
    },
  );
}

/** Twice what nine in ten equally good candidates need; where that never ends, a hundred cohorts a step. */
function plannedHorizon(
  policy: GatePolicy,
  stream: TriedPolicy['stream'],
  world: Parameters<typeof planLadder>[2],
): number {
  const steps = planLadder(policy, stream, world, []).steps;
  const total = steps.reduce((sum, { cohorts }) => sum + (cohorts?.p90 ?? 100), 0);
  return Math.min(COHORTS_MAX, Math.max(100, 2 * total));
}

function requireHorizon(cohorts: number): number {
  if (cohorts <= COHORTS_MAX) return cohorts;
  throw new HoldfastError(
    'CLI_USAGE',
    `--horizon makes ${cohorts.toLocaleString('en')} cohorts; at most ${COHORTS_MAX.toLocaleString('en')} are simulated`,
    {
      remedy: 'Give a shorter horizon or a longer --cohort',
    },
  );
}

/** A bar where a person watches, else a line at each quarter. */
function progressOf({ redraw, progress }: Invocation): (done: number) => void {
  const began = Date.now();
  let quarter = 0;
  return (done) => {
    if (redraw !== null) {
      const seconds = (Date.now() - began) / 1000;
      redraw(progressBar(done, seconds < 1 ? null : (seconds * (1 - done)) / done));
    } else if (Math.floor(4 * done) > quarter && done < 1) {
      quarter = Math.floor(4 * done);
      progress(`simulated ${25 * quarter} %`);
    }
  };
}

/** JSON knows no infinity: what lies beyond the simulated is null. */
function estimateView({ value, low, high }: Characteristics['promoted']): EstimateView {
  const known = (number: number) => (Number.isFinite(number) ? number : null);
  return { value: known(value), low: known(low), high: known(high) };
}

function viewOf(result: Characteristics): ProcedureView {
  const { procedure, delta } = result;
  return {
    procedure,
    delta,
    rolledBack: estimateView(result.rolledBack),
    promoted: estimateView(result.promoted),
    anyAdvance: estimateView(result.anyAdvance),
    held: estimateView(result.held),
    escalated: estimateView(result.escalated),
    daysP50: estimateView(result.daysP50),
    daysP90: estimateView(result.daysP90),
    excessBad: estimateView(result.excessBad),
    excessBadToHorizon: estimateView(result.excessBadToHorizon),
  };
}

function notesOf({ policy, stream }: TriedPolicy, trial: Trial, chart: string | null): string[] {
  const notes = [
    `the fixed threshold aborts at the fourth cohort of a step above ${Number((100 * (trial.base + Math.max(trial.margin, 0))).toPrecision(4))} %; z-tests are one-sided at 5 %; the rank test is a canary judge’s, twice a step at 98 %`,
    'who aborts early has served fewer bad outcomes and accused more good candidates: read both columns together',
  ];
  if (policy.steps.length > trial.policy.steps.length) notes.push('steps at which one arm serves nobody were left out');
  if (policy.streams.length > 1)
    notes.push(`the difference is on ${stream.id}; every other stream has none, at the same base rate`);
  if (trial.unitsPerCohort * trial.policy.steps[0]!.exposureBp < 10_000)
    notes.push('the first cohorts hold less than one candidate unit each: give a longer --cohort');
  if (chart !== null) notes.push(`chart: ${chart}`);
  return notes;
}
