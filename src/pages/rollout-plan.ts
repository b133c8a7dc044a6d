/** A planned rollout for people: a bar for each step, what is found how soon, and what can never conclude. */
import { alignedTable } from '../domain/aligned-table.ts';
import { exposureInWords } from '../domain/rollout/words.ts';
import type {
  ExpectedTraffic,
  PlannedHarm,
  PlannedStep,
  Quantiles,
  RolloutForecast,
} from '../domain/rollout/rollout-plan.ts';
import { DAY_MS, isoDay } from '../domain/time.ts';

export interface RolloutPlanView {
  readonly model: string;
  readonly claim: 'improve' | 'not-worse';
  readonly unitName: string;
  readonly traffic: ExpectedTraffic;
  /** First day, epoch milliseconds; null for a plan without dates. */
  readonly start: number | null;
  readonly forecast: RolloutForecast;
}

const BAR_COLUMNS = 40;

/** Words, a picture of the ladder in event time, and a table of harms. */
export function rolloutPlanInWords(view: RolloutPlanView): string {
  const { forecast, traffic, unitName, model, claim } = view;
  const { steps, harms, totalDays, warnings } = forecast;
  const length = Math.max(1e-9, totalDays?.p90 ?? steps.reduce((sum, { days }) => sum + (days?.p90 ?? 0), 0));
  const total = totalDays === null ? 'it can never end' : `${span(totalDays)} in all`;
  return [
    `${model}, a candidate that claims ${claim === 'improve' ? 'to be better' : 'to be no worse'}: ${total}`,
    `expects ${whole(traffic.unitsPerDay)} ${unitName}s a day, differences of ${(traffic.deviation * 1000).toFixed(0)} per 1,000 (standard deviation), a gain of ${(traffic.gain * 1000).toFixed(1)} per 1,000`,
    '',
    ...picture(view, length),
    '',
    'Half of the rollouts (and nine in ten) find a candidate that is worse by',
    alignedTable([['stream', 'per 1,000', 'units', 'days'], ...harms.map(harmRow)], 'lrrr'),
    ...(warnings.length === 0 ? [] : ['', ...warnings.map((warning) => `! ${warning}`)]),
  ].join('\n');
}

/** Bars from left to right in event time: solid for half of the rollouts, light for nine in ten. */
function picture({ forecast, start }: RolloutPlanView, length: number): string[] {
  let at = { p50: 0, p90: 0 };
  const rows = forecast.steps.map((step) => {
    const begin = at;
    at = { p50: at.p50 + (step.days?.p50 ?? 0), p90: at.p90 + (step.days?.p90 ?? 0) };
    const columns = (days: number): number => Math.round((days / length) * BAR_COLUMNS);
    const solid = step.days === null ? '' : '█'.repeat(Math.max(step.days.p50 > 0 ? 1 : 0, columns(step.days.p50)));
    const light = step.days === null ? '∞' : '░'.repeat(columns(step.days.p90 - step.days.p50));
    const date = start === null || step.days === null ? '' : `from ${isoDay(start + begin.p50 * DAY_MS)}`;
    return [
      stepName(step),
      `${' '.repeat(columns(begin.p50))}${solid}${light}`.padEnd(BAR_COLUMNS),
      duration(step),
      unitsOf(step),
      date,
      wants(step),
    ];
  });
  return alignedTable([['step', 'event time', 'lasts', 'judged units', '', 'held by'], ...rows], 'llllll').split('\n');
}

const stepName = ({ mode, exposure }: PlannedStep): string => (mode === 'canary' ? exposureInWords(exposure) : mode);
const duration = ({ days }: PlannedStep): string => (days === null ? 'for ever' : days.p90 === 0 ? '–' : span(days));
const span = ({ p50, p90 }: Quantiles): string =>
  p50.toFixed(1) === p90.toFixed(1) ? `${p50.toFixed(1)} days` : `${p50.toFixed(1)} (${p90.toFixed(1)}) days`;
const whole = (count: number): string => Math.round(count).toLocaleString('en');
const unitsOf = ({ units }: PlannedStep): string =>
  units === null ? 'never enough' : units.p90 === 0 ? '–' : `${whole(units.p50)} (${whole(units.p90)})`;

function wants({ heldBy, approvals }: PlannedStep): string {
  const people =
    approvals === 0 ? '' : `${heldBy === 'nothing' ? '' : ', '}${approvals} approval${approvals === 1 ? '' : 's'}`;
  return `${heldBy === 'nothing' ? '' : heldBy}${people}`;
}

function harmRow({ stream, perThousand, units, days }: PlannedHarm): string[] {
  const never = units === null || days === null;
  return [
    stream,
    perThousand.toFixed(0),
    never ? 'never' : `${whole(units.p50)} (${whole(units.p90)})`,
    never ? '–' : `${days.p50.toFixed(2)} (${days.p90.toFixed(2)})`,
  ];
}
