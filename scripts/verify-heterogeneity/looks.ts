/** What a gate in shadow says of one pair of models, from every start day. */
import { brierLoss, QUANTUM } from '../../src/domain/rollout/measure.ts';
import { analyzeCohorts } from '../../src/domain/statistics/index.ts';
import type { Cohort, DiffHistogram, GatePolicy } from '../../src/domain/statistics/index.ts';
import { DAY_MS, HOUR_MS } from '../../src/domain/time.ts';
import type { Random } from '../../src/simulation/gate/random.ts';

const STREAM = 'brier';
const HOURS_PER_DAY = 24;
const SPAN_DAYS = 7;
const LN_20 = -Math.log(0.05);

/** Paired differences of Brier's loss, each unit with its hour since the first day. */
export interface Pairs {
  hours: Int32Array;
  /** Multiples of 1/10,000; positive: the candidate is worse. */
  differences: Int32Array;
  days: number;
}

export function pairsOf(at: Float64Array, labels: Float64Array, candidate: Float64Array, stable: Float64Array): Pairs {
  const first = Math.floor(at[0]! / DAY_MS) * DAY_MS;
  const hours = Int32Array.from(at, (time) => Math.floor((time - first) / HOUR_MS));
  const differences = Int32Array.from(labels, (label, row) =>
    Math.floor((brierLoss(candidate[row]!, label) - brierLoss(stable[row]!, label)) * QUANTUM + 0.5),
  );
  return { hours, differences, days: Math.floor(hours.at(-1)! / HOURS_PER_DAY) + 1 };
}

/** The same differences at other times: what is left when every hour is like every other. */
export function shuffledInTime({ hours, differences, days }: Pairs, random: Random): Pairs {
  const moved = differences.slice();
  for (let i = moved.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [moved[i], moved[j]] = [moved[j]!, moved[i]!];
  }
  return { hours, differences: moved, days };
}

function histogramOf(differences: Iterable<number>): DiffHistogram {
  const counts = new Map<number, number>();
  for (const difference of differences) counts.set(difference, (counts.get(difference) ?? 0) + 1);
  return [...counts].map(([value, count]) => [value, QUANTUM, count] as const);
}

function byHour({ hours, differences, days }: Pairs): number[][] {
  const grouped: number[][] = Array.from({ length: days * HOURS_PER_DAY }, () => []);
  for (let row = 0; row < hours.length; row++) grouped[hours[row]!]!.push(differences[row]!);
  return grouped;
}

/** A shadow step that never ends: what is wanted is the evidence at every hour. */
function policyOf(harmMargin: number, safeMargin: number): GatePolicy {
  const never = 1_000_000_000;
  return {
    alpha: 0.05,
    beta: 0.05,
    alphaHold: 0.2,
    alphaSrm: 0.001,
    srmConcentration: 1000,
    maxMatch: 20,
    restartEvery: 0,
    steps: [{ exposureBp: 0, minUnits: 1, minCohorts: 1, maxCohorts: never, minSpan: never }],
    streams: [
      { id: STREAM, kind: 'difference', weight: 1, harmMargin, safeMargin, quantum: QUANTUM, requiredForAdvance: true },
    ],
  };
}

/** Shares of the start days. */
export interface Verdicts {
  startDays: number;
  /** Harm certified at some look of the seven days. */
  harmHourly: number;
  harmDaily: number;
  /** At the look that ends the seventh day: what a step in shadow with minSpan P7D asks. */
  harmAtEnd: number;
  certifiedAtEnd: number;
}

export function verdictsOf(pairs: Pairs, harmMargin: number, safeMargin: number): Verdicts {
  const policy = policyOf(harmMargin, safeMargin);
  const cohorts = byHour(pairs).map((differences, hour): Cohort => ({
    cohort: hour + 1,
    step: 0,
    exposureBp: 0,
    status: 'ok',
    assigned: { control: differences.length, candidate: 0 },
    differences: { [STREAM]: histogramOf(differences) },
  }));
  const startDays = pairs.days - SPAN_DAYS + 1;
  const count = { harmHourly: 0, harmDaily: 0, harmAtEnd: 0, certifiedAtEnd: 0 };
  for (let day = 0; day < startDays; day++) {
    const span = cohorts.slice(day * HOURS_PER_DAY, (day + SPAN_DAYS) * HOURS_PER_DAY);
    const looks = analyzeCohorts(
      policy,
      span.map((cohort, i) => ({ ...cohort, cohort: i + 1 })),
    ).decisions.map(({ streams }) => streams![STREAM]!);
    const isHarm = ({ lnHarm }: { lnHarm: number }) => lnHarm >= LN_20;
    if (looks.some(isHarm)) count.harmHourly++;
    if (looks.some((look, hour) => (hour + 1) % HOURS_PER_DAY === 0 && isHarm(look))) count.harmDaily++;
    if (isHarm(looks.at(-1)!)) count.harmAtEnd++;
    if (looks.at(-1)!.lnSafe! >= LN_20) count.certifiedAtEnd++;
  }
  const share = (n: number) => n / startDays;
  return {
    startDays,
    harmHourly: share(count.harmHourly),
    harmDaily: share(count.harmDaily),
    harmAtEnd: share(count.harmAtEnd),
    certifiedAtEnd: share(count.certifiedAtEnd),
  };
}

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Mean shares over pairs judged from the same start days. */
export function averageOf(verdicts: readonly Verdicts[]): Verdicts {
  const mean = (field: keyof Verdicts) => meanOf(verdicts.map((of) => of[field]));
  return {
    startDays: mean('startDays'),
    harmHourly: mean('harmHourly'),
    harmDaily: mean('harmDaily'),
    harmAtEnd: mean('harmAtEnd'),
    certifiedAtEnd: mean('certifiedAtEnd'),
  };
}

/** Mean difference in Brier's loss, its standard deviation, daily means, and how much more hourly means vary than independent units would. */
export function spreadOf(pairs: Pairs): { mean: number; deviation: number; designEffect: number; daily: number[] } {
  const { differences } = pairs;
  const n = differences.length;
  const mean = differences.reduce((sum, value) => sum + value, 0) / n;
  const variance = differences.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n;
  const sumOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
  const hourly = byHour(pairs);
  const between = hourly.reduce((sum, hour) => sum + (sumOf(hour) - hour.length * mean) ** 2, 0);
  const daily = Array.from({ length: pairs.days }, (_, day) => {
    const values = hourly.slice(day * HOURS_PER_DAY, (day + 1) * HOURS_PER_DAY).flat();
    return sumOf(values) / values.length / QUANTUM;
  });
  return {
    mean: mean / QUANTUM,
    deviation: Math.sqrt(variance) / QUANTUM,
    designEffect: between / (n * variance),
    daily,
  };
}
