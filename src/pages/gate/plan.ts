/** How long a policy takes, what it detects, and what it can never conclude. Pure. */
import type { DesignEffect } from '../../domain/gate/design-effect.ts';
import type { LadderPlan, PlannedStep, Quantiles } from '../../domain/gate/ladder-plan.ts';
import type { GatePolicy } from '../../domain/statistics/index.ts';
import { DAY_MS, epochMs, isoDay, lengthInWords } from '../../domain/time.ts';
import { aligned, basisPointsInWords, countInWords, differenceInWords, metricInWords, unitName } from './numbers.ts';
import type { MetricUnit } from './numbers.ts';

/** The document of `holdfast gate plan --json`. */
export interface GatePlanView {
  readonly world: {
    /** The file of a past; null where the base rate was given. */
    readonly path: string | null;
    readonly unit: string;
    readonly unitsPerDay: number;
    /** Mean of the metric. */
    readonly mean: number;
    readonly cohort: string;
    readonly cohortMs: number;
    readonly designEffect: DesignEffect | null;
    readonly designEffectUsed: number;
  };
  readonly policy: GatePolicy;
  readonly policySource: string;
  readonly stream: string;
  readonly unit: MetricUnit;
  /** Day the ladder begins, `2026-11-25`. */
  readonly start: string;
  readonly plan: LadderPlan;
  readonly dates: ReadonlyArray<{ readonly from: string; readonly p50: string; readonly p90: string } | null>;
  /** What can never conclude, and what will meet its deadline first. */
  readonly never: readonly string[];
  readonly notes: readonly string[];
}

/** Days of a step, median and nine in ten. */
export function daysOf(cohorts: Quantiles, cohortMs: number): Quantiles {
  return { p50: (cohorts.p50 * cohortMs) / DAY_MS, p90: (cohorts.p90 * cohortMs) / DAY_MS };
}

/** First day of each step and the days it ends by: along the median, and along the slowest of nine in ten. */
export function datesOf(steps: readonly PlannedStep[], start: string, cohortMs: number): GatePlanView['dates'] {
  let [p50, p90] = [epochMs(start), epochMs(start)];
  return steps.map(({ cohorts }) => {
    if (cohorts === null) return null;
    const from = isoDay(p50);
    p50 += cohorts.p50 * cohortMs;
    p90 += cohorts.p90 * cohortMs;
    return { from, p50: isoDay(p50), p90: isoDay(p90) };
  });
}

/** What never concludes, in words. */
export function neverInWords(plan: LadderPlan, cohortMs: number, unit: MetricUnit): string[] {
  const words = (value: number) => `${differenceInWords(value, unit)}${unitName(unit)}`;
  const stuck = plan.steps.findIndex(({ units }) => units === null);
  const lines = stuck === -1 ? [] : [stuckInWords(plan.steps[stuck]!, stuck, words)];
  for (const [index, { cohorts, maxCohorts }] of plan.steps.entries()) {
    if (cohorts === null || cohorts.p90 <= maxCohorts) continue;
    const how = cohorts.p50 > maxCohorts ? 'most rollouts meet' : 'more than one rollout in ten meets';
    lines.push(
      `step ${index + 1} calls a person after ${countInWords(maxCohorts)} cohorts (${lengthInWords(maxCohorts * cohortMs)}), and lasts ${countInWords(cohorts.p50)} … ${countInWords(cohorts.p90)}: ${how} the deadline`,
    );
  }
  // To be promoted is to pass the last step.
  const tolerated = plan.steps.at(-1)?.margin ?? null;
  for (const { delta, steps } of plan.harms) {
    if (delta <= plan.harmMargin) {
      lines.push(
        `a candidate worse by ${words(delta)} is never rolled back: that is within the harm margin of ${words(plan.harmMargin)}`,
      );
    } else if (tolerated !== null && delta < tolerated) {
      lines.push(
        `a candidate worse by ${words(delta)} may be promoted or rolled back, whichever is certified first: it is beyond the harm margin and within the tolerated ${words(tolerated)}`,
      );
    } else if (steps.every((step) => step === null)) {
      lines.push(
        `a candidate worse by ${words(delta)} cannot be told: the loss has no room for it, or nothing is matched`,
      );
    }
  }
  return lines;
}

function stuckInWords(
  { margin, exposureBp, matchedPerDay }: PlannedStep,
  index: number,
  words: (value: number) => string,
): string {
  const step = `step ${index + 1} (${basisPointsInWords(exposureBp)})`;
  if (matchedPerDay === 0) return `${step} can never conclude: nobody is in one of its arms, so nothing is matched`;
  if (margin === null) return `${step} can never conclude: the stream declares no safe margin`;
  if (margin <= 0)
    return `${step} never lets an equally good candidate pass: a margin of ${words(margin)} asks for an improvement`;
  return `${step} can never conclude: at a margin of ${words(margin)} the evidence of an equally good candidate does not grow`;
}

/** The whole plan as text. */
export function planInWords(view: GatePlanView): string {
  return [
    ...worldLines(view),
    '',
    'An equally good candidate',
    ...stepLines(view),
    totalInWords(view),
    ...harmLines(view),
    ...section('Never', view.never),
    ...section('Notes', view.notes),
  ].join('\n');
}

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  - ${line}`)];

function worldLines({ world, policySource, unit, stream }: GatePlanView): string[] {
  const { path, unitsPerDay, mean, cohortMs, designEffectUsed } = world;
  const source = path === null ? '' : ` (from ${path})`;
  const effect = designEffectUsed === 1 ? '' : `, design effect ${Number(designEffectUsed.toPrecision(3))}`;
  return [
    `${countInWords(unitsPerDay)} ${world.unit}s a day, ${stream} ${metricInWords(mean, unit)}, cohorts of ${lengthInWords(cohortMs)}${effect}${source}`,
    `  policy  ${policySource}`,
  ];
}

/** Days as people plan: `41 d`, `3.5 d`, `5 h`, `10 min`. */
function daysInWords(days: number): string {
  if (days >= 10) return `${countInWords(days)} d`;
  if (days >= 1) return `${Number(days.toPrecision(2))} d`;
  const hours = days * 24;
  return hours >= 1 ? `${Number(hours.toPrecision(2))} h` : `${Math.max(1, Math.round(hours * 60))} min`;
}

const range = ({ p50, p90 }: Quantiles, words: (value: number) => string): string =>
  p50 === p90 ? words(p50) : `${words(p50)} … ${words(p90)}`;

function stepLines({ plan, unit, world, dates }: GatePlanView): string[] {
  const header = [
    'step',
    'exposed',
    'then',
    `tolerated${unitName(unit)}`,
    'matched/day',
    'units needed',
    'lasts',
    'from',
    'until',
    'nine in ten by',
  ];
  const rows = plan.steps.map((step, index) => {
    const { exposureBp, nextExposureBp, margin, matchedPerDay, units, cohorts } = step;
    const date = dates[index] ?? null;
    const needed = units === null ? 'never' : units.p90 === 0 ? 'certified' : range(units, countInWords);
    return [
      String(index + 1),
      basisPointsInWords(exposureBp),
      basisPointsInWords(nextExposureBp),
      margin === null ? '–' : differenceInWords(margin, unit),
      countInWords(matchedPerDay),
      needed,
      cohorts === null ? '–' : range(daysOf(cohorts, world.cohortMs), daysInWords),
      ...(date === null ? ['–', '–', '–'] : [date.from, date.p50, date.p90]),
    ];
  });
  return aligned([header, ...rows], [0, 1, 2, 3, 4, 5, 6]).map((line) => `  ${line}`);
}

function totalInWords({ plan, world, dates }: GatePlanView): string {
  const total = { p50: 0, p90: 0 };
  for (const { cohorts } of plan.steps) {
    if (cohorts === null) return '  is never promoted: see below';
    total.p50 += cohorts.p50;
    total.p90 += cohorts.p90;
  }
  const days = daysOf(total, world.cohortMs);
  return `  is promoted after ${daysInWords(days.p50)} in half of all rollouts, within ${daysInWords(days.p90)} in nine of ten: by ${dates.at(-1)?.p90}`;
}

function harmLines({ plan, unit }: GatePlanView): string[] {
  if (plan.harms.length === 0) return [];
  const header = [
    `worse by${unitName(unit)}`,
    ...plan.steps.map(({ exposureBp }) => `at ${basisPointsInWords(exposureBp)}`),
  ];
  const rows = plan.harms.map(({ delta, steps }) => [
    differenceInWords(delta, unit),
    ...steps.map((step) =>
      step === null ? 'never' : `${range(step.days, daysInWords)} (${countInWords(step.p50)} units)`,
    ),
  ]);
  return [
    '',
    'A worse candidate is rolled back, counted from its first cohort at an exposure, after',
    ...aligned([header, ...rows], [0]).map((line) => `  ${line}`),
  ];
}
