/** How a policy fares against candidates of known difference, beside the rules people use. Pure. */
import type { GatePolicy } from '../../domain/statistics/index.ts';
import { lengthInWords } from '../../domain/time.ts';
import { aligned, countInWords, differenceInWords, shareInWords, unitName } from './numbers.ts';
import type { MetricUnit } from './numbers.ts';

/** An estimate with its interval; null where it is beyond what was simulated. */
export interface EstimateView {
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

export interface ProcedureView {
  readonly procedure: string;
  readonly delta: number;
  readonly rolledBack: EstimateView;
  readonly promoted: EstimateView;
  readonly anyAdvance: EstimateView;
  readonly held: EstimateView;
  readonly escalated: EstimateView;
  readonly daysP50: EstimateView;
  readonly daysP90: EstimateView;
  readonly excessBad: EstimateView;
  readonly excessBadToHorizon: EstimateView;
}

/** The document of `holdfast gate simulate --json`. */
export interface SimulationView {
  readonly policy: GatePolicy;
  readonly policySource: string;
  readonly unit: MetricUnit;
  readonly stream: string;
  readonly world: {
    readonly base: number;
    readonly cycle: number;
    readonly unitsPerDay: number;
    readonly cohort: string;
    readonly cohortMs: number;
    readonly horizonCohorts: number;
  };
  readonly replications: number;
  readonly seed: number;
  readonly confidence: number;
  readonly margin: number;
  readonly harmMargin: number;
  readonly cohortsPerStep: number;
  readonly results: readonly ProcedureView[];
  readonly notes: readonly string[];
}

/** What a candidate of a difference is to the policy. */
export function kindOf(delta: number, { margin, harmMargin }: Pick<SimulationView, 'margin' | 'harmMargin'>): string {
  if (delta === 0) return 'no difference: a rollback is false';
  if (delta < 0) return 'better: a rollback is false';
  if (delta >= margin) return 'beyond what is tolerated: an advance is wrong';
  return delta > harmMargin ? 'harm, and tolerated: either verdict is true' : 'tolerated: a rollback is false';
}

/** The whole answer as text, a table for each difference. */
export function simulationInWords(view: SimulationView): string {
  const deltas = [...new Set(view.results.map(({ delta }) => delta))];
  return [
    ...worldLines(view),
    ...deltas.flatMap((delta) => ['', ...deltaLines(view, delta)]),
    ...(view.notes.length === 0 ? [] : ['', 'Notes', ...view.notes.map((note) => `  - ${note}`)]),
  ].join('\n');
}

function worldLines({ world, policySource, replications, seed, cohortsPerStep, confidence }: SimulationView): string[] {
  const cycle = world.cycle === 0 ? '' : `, ± ${shareInWords(world.cycle)} over the day`;
  return [
    `${countInWords(replications)} simulated rollouts a line (seed ${seed}; intervals ${shareInWords(confidence)})`,
    `  world   ${countInWords(world.unitsPerDay)} units a day, base loss ${shareInWords(world.base)}${cycle}, cohorts of ${lengthInWords(world.cohortMs)}, for ${lengthInWords(world.horizonCohorts * world.cohortMs)}`,
    `  policy  ${policySource}`,
    `  rules   spend ${cohortsPerStep} cohorts on each step and promote what they did not abort`,
  ];
}

function deltaLines(view: SimulationView, delta: number): string[] {
  const header = ['', 'rolled back', 'promoted', 'any advance', 'decided: half', '9 in 10', 'excess bad'];
  const rows = view.results
    .filter((result) => result.delta === delta)
    .map((result) => [
      result.procedure,
      shareWithInterval(result.rolledBack),
      shareWithInterval(result.promoted),
      shareWithInterval(result.anyAdvance),
      daysInWords(result.daysP50.value),
      daysInWords(result.daysP90.value),
      delta <= 0 ? '–' : countWithInterval(result.excessBad),
    ]);
  const name = delta === 0 ? 'No difference' : `${differenceInWords(delta, view.unit)}${unitName(view.unit)}`;
  const title = delta === 0 ? 'No difference: a rollback is false' : `${name}, ${kindOf(delta, view)}`;
  return [title, ...aligned([header, ...rows], [4, 5]).map((line) => `  ${line}`)];
}

/** `1.1 % [0.7, 1.7]`. */
function shareWithInterval({ value, low, high }: EstimateView): string {
  const percent = (share: number | null) => (share === null ? '?' : rounded(100 * share));
  return `${percent(value)} % [${percent(low)}, ${percent(high)}]`;
}

function rounded(value: number): string {
  if (value === 0 || value === 100) return String(value);
  return value < 10 || value > 90 ? value.toFixed(1) : value.toFixed(0);
}

function countWithInterval({ value, low, high }: EstimateView): string {
  const text = (count: number | null) => (count === null ? '?' : count < 10 ? count.toFixed(1) : countInWords(count));
  return `${text(value)} [${text(low)}, ${text(high)}]`;
}

function daysInWords(days: number | null): string {
  if (days === null) return 'never';
  if (days >= 10) return `${countInWords(days)} d`;
  if (days >= 1) return `${days.toFixed(1)} d`;
  return days * 24 >= 1 ? `${Math.round(days * 24)} h` : `${Math.max(1, Math.round(days * 1440))} min`;
}

const BAR_CELLS = 24;

/** One line that shows how far a simulation is. */
export function progressBar(done: number, secondsLeft: number | null): string {
  const filled = Math.round(done * BAR_CELLS);
  const left =
    secondsLeft === null
      ? ''
      : `, about ${secondsLeft < 90 ? `${Math.ceil(secondsLeft)} s` : `${Math.ceil(secondsLeft / 60)} min`} left`;
  return `simulating ${'█'.repeat(filled)}${'░'.repeat(BAR_CELLS - filled)} ${Math.floor(100 * done)} %${left}`;
}
