import { analyzeCohorts, normalSf } from '../../src/domain/statistics/index.ts';
import { binomial, randomFrom } from '../../src/simulation/gate/random.ts';
import { recordCohort, referencePolicy } from '../../src/simulation/gate/rollout.ts';
import { firstRejection } from '../verify-gate/single-tests.ts';
import { outcomeStream, STEADY } from '../../src/simulation/gate/world.ts';
import { drawChart } from './chart.ts';
import type { MeasuredFlights } from './measured.ts';
import { COLORS } from './svg.ts';

const LINES = [COLORS.blue, COLORS.orange, COLORS.red] as const;
const HOURS = 60;
const PATHS = 101;

type Path = Array<readonly [hour: number, lnHarm: number]>;

/** ln e of harm until the gate decides, or for 60 hours. */
function evidencePath(seed: number, delta: number): Path {
  const policy = { ...referencePolicy(), steps: referencePolicy().steps.slice(0, 1) };
  const stream = outcomeStream({ unitsPerCohort: 1000, base: STEADY, delta }, seed);
  const cohorts = Array.from({ length: HOURS }, (_, hour) => recordCohort(stream, policy, hour + 1, 0));
  return analyzeCohorts(policy, cohorts).decisions.map(
    ({ cohort, streams }) => [cohort, streams!['loss-0']!.lnHarm] as const,
  );
}

/** Of many simulated rollouts the one in the middle, by when it ended and where. */
function medianPath(delta: number): Path {
  const paths = Array.from({ length: PATHS }, (_, i) => evidencePath(100 + i, delta));
  return paths.sort((a, b) => a.length - b.length || a.at(-1)![1] - b.at(-1)![1])[Math.floor(PATHS / 2)]!;
}

/** ln e of harm, hour by hour, of three candidates at 5 % exposure: the median of 101 simulated rollouts each. */
export function drawEvidence(): string {
  const lines = [0, 0.02, 0.03].map((delta, i) => ({
    label: delta === 0 ? 'as good' : `+${100 * delta} points worse`,
    color: LINES[i]!,
    points: medianPath(delta),
  }));
  return drawChart({
    title: 'Evidence of harm, hour by hour',
    xLabel: `hours at 5 % exposure, 50 candidate units an hour, base loss 5 %; median of ${PATHS} rollouts`,
    yLabel: 'ln e',
    x: [0, HOURS],
    y: [-2, 5],
    xTicks: [0, 12, 24, 36, 48, 60],
    yTicks: [-2, 0, 2, 4].map((y) => [y, String(y)] as const),
    lines,
    limits: [
      [-Math.log(0.05), 'rolls back'],
      [-Math.log(0.2), 'holds'],
    ],
  });
}

const REPLICATIONS = 4000;
const LOOKS = 60;
const UNITS_PER_LOOK = 100;
const RATE = 0.05;

/** First look at which a one-sided 5 % z-test of two equal models rejects; null when none does. */
function firstFalseZ(seed: number): number | null {
  const random = randomFrom(seed);
  let [candidateBad, controlBad] = [0, 0];
  for (let look = 1; look <= LOOKS; look++) {
    candidateBad += binomial(random, UNITS_PER_LOOK, RATE);
    controlBad += binomial(random, UNITS_PER_LOOK, RATE);
    const n = look * UNITS_PER_LOOK;
    const pooled = (candidateBad + controlBad) / (2 * n);
    const deviation = Math.sqrt((2 * pooled * (1 - pooled)) / n);
    if (deviation > 0 && normalSf((candidateBad - controlBad) / n / deviation) <= 0.05) return look;
  }
  return null;
}

function firstFalseE(seed: number): number | null {
  const setting = { direction: 'harm', candidateRate: RATE, controlRate: RATE, k: 1, margin: 0, level: 0.05 } as const;
  const units = firstRejection(randomFrom(seed), {
    ...setting,
    lookEvery: UNITS_PER_LOOK,
    unitsMax: LOOKS * UNITS_PER_LOOK,
  });
  return units === null ? null : units / UNITS_PER_LOOK;
}

function cumulative(first: ReadonlyArray<number | null>): Array<readonly [number, number]> {
  return Array.from(
    { length: LOOKS },
    (_, i) => [i + 1, first.filter((look) => look !== null && look <= i + 1).length / first.length] as const,
  );
}

/** Share of rollouts of an equally good candidate that have cried wolf by each look. */
export function drawFalseAlarms(): string {
  const seeds = Array.from({ length: REPLICATIONS }, (_, i) => 1000 + i);
  return drawChart({
    title: 'An equally good candidate, accused',
    xLabel: `looks, ${UNITS_PER_LOOK} units per arm each; ${REPLICATIONS} simulated rollouts`,
    yLabel: 'share rolled back so far',
    x: [0, LOOKS],
    y: [0, 0.4],
    xTicks: [0, 10, 20, 30, 40, 50, 60],
    yTicks: [0, 0.1, 0.2, 0.3, 0.4].map((y) => [y, `${Math.round(100 * y)} %`] as const),
    lines: [
      { label: 'z-test at each look', color: LINES[2]!, points: cumulative(seeds.map(firstFalseZ)) },
      { label: 'e-process', color: LINES[0]!, points: cumulative(seeds.map(firstFalseE)) },
    ],
    limits: [[0.05, 'promised: 5 %']],
  });
}

/** Mean difference in Brier's loss day by day: a retrained model against the frozen one, and two twins. */
export function drawDailyDifferences({ spreads }: MeasuredFlights): string {
  const perThousand = (name: string) =>
    spreads[name]!.daily.map((difference, day) => [day + 1, 1000 * difference] as const);
  const days = spreads['retrained']!.daily.length;
  return drawChart({
    title: 'The same pair of models, day by day',
    xLabel: 'days from 26 March 2001; flights of a day, both models on each',
    yLabel: 'difference per 1,000',
    x: [1, days],
    y: [-20, 15],
    xTicks: [1, 14, 28, 42, 56, 70, 84],
    yTicks: [-20, -15, -10, -5, 0, 5, 10, 15].map((y) => [y, String(y)] as const),
    lines: [
      { label: 'retrained − frozen', color: LINES[1], points: perThousand('retrained') },
      { label: 'twin − twin', color: LINES[0], points: perThousand('twins') },
    ],
    limits: [[4, 'margin']],
  });
}
