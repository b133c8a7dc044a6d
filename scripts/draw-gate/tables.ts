/** Tables of the documentation, from what was measured. */
import { isAsked } from '../verify-gate/measures.ts';
import type { Target } from '../verify-gate/measures.ts';
import { rows } from '../verify-gate/rows.ts';
import { frontierRows, nameOf } from './frontier.ts';
import { valueOf } from './measured.ts';
import type { MeasuredFlights, MeasuredGate } from './measured.ts';

const NEVER = 'never';

/** Whole per cent, below ten with one digit, below one with two. */
function percent(value: number): string {
  const digits = value === 0 || value >= 0.0995 ? 0 : value >= 0.00995 ? 1 : 2;
  return `${Number((100 * value).toFixed(digits))} %`;
}

/** Three digits, with thousands set apart. */
function count(value: number): string {
  if (!Number.isFinite(value)) return NEVER;
  return value < 100
    ? String(Number(value.toPrecision(3)))
    : Math.round(Number(value.toPrecision(3))).toLocaleString('en');
}

function table(head: readonly string[], lines: ReadonlyArray<readonly string[]>): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [row(head), `|${head.map(() => '---|').join('')}`, ...lines.map(row)].join('\n');
}

const RULES = [
  ['fixed threshold, base rate + 2 points', 'threshold +2 pp'],
  ['fixed threshold, base rate + 3 points', 'threshold +3 pp'],
  ['Mann-Whitney on hourly rates, 98 %', 'Mann-Whitney'],
  ['z-test once per step, 5 %', 'z per step 5 %'],
  ['z-test once per step, 5 %/4', 'z per step 5 %/4'],
  ['z-test at every look, 5 %', 'z every look'],
] as const;

/** The reference rollout: gate and rules on the same streams. */
export function comparatorTable(measured: MeasuredGate): string {
  const line = (name: string, rows: { even: string; drift: string; one: string; three: string; twenty: string }) => [
    name,
    percent(valueOf(measured, rows.even, 'rolledBack')),
    percent(valueOf(measured, rows.drift, 'rolledBack')),
    percent(valueOf(measured, rows.one, 'promoted')),
    `${count(valueOf(measured, rows.three, 'hoursToRollback p50'))} h, ${Math.round(valueOf(measured, rows.three, 'excessBad mean'))}`,
    String(Math.round(valueOf(measured, rows.twenty, 'excessBad mean'))),
  ];
  return table(
    [
      '',
      'as good: rolled back',
      'the same, base rate drifting',
      '1 point worse: let through',
      '3 points worse: stopped after, extra bad outcomes',
      '20 points worse: extra bad outcomes',
    ],
    [
      line('**the gate**', {
        even: 'no difference',
        drift: 'no difference, base drifting 5 to 10 %, daily cycle',
        one: '+1 pp (tolerated, but worse)',
        three: '+3 pp',
        twenty: '+20 pp',
      }),
      ...RULES.map(([name, rule]) =>
        line(name, {
          even: `${rule}, no difference`,
          drift: `${rule}, no difference, drifting`,
          one: `${rule}, +1 pp`,
          three: `${rule}, +3 pp`,
          twenty: `${rule}, +20 pp`,
        }),
      ),
    ],
  );
}

/** The reference world of the harm budget: specified gate, with and without restarts, and the proposal. */
export function headlineTable(measured: MeasuredGate): string {
  const variants = [
    ['plain K', 'harm budget 0.35 pp, ', ', plain K'],
    ['restarts every 24 cohorts', 'harm budget 0.35 pp, ', ', restarts every 24'],
    ['planned bets (proposed)', 'proposed: planned bets, ', ''],
  ] as const;
  return table(
    ['', ...variants.map(([name]) => name)],
    [
      ['as good: rolled back', 'rolledBack', '+0 pp', percent] as const,
      ['as good: minutes to full, median', 'minutesToFull p50', '+0 pp', count] as const,
      ['as good: minutes to full, 90 %', 'minutesToFull p90', '+0 pp', count] as const,
      ...(['+1 pp', '+3 pp', '+20 pp'] as const).flatMap((delta) => [
        [`${delta}: requests served, mean`, 'served mean', delta, count] as const,
        [`${delta}: requests served, 90 %`, 'served p90', delta, count] as const,
        [`${delta}: mean as a multiple of Wald's bound`, 'timesWald mean', delta, count] as const,
      ]),
    ].map(([name, measure, delta, shown]) => [
      name,
      ...variants.map(([, before, after]) => shown(valueOf(measured, `${before}${delta}${after}`, measure))),
    ]),
  );
}

/** Every point of the frontier. */
export function frontierTable(measured: MeasuredGate): string {
  return table(
    [
      '',
      'as good: rolled back',
      'minutes to full, median',
      '+1 pp: let through',
      '+1 pp: served',
      '+3 pp: served',
      '+20 pp: served',
    ],
    frontierRows(measured).map((row) => [
      nameOf(row),
      percent(valueOf(measured, row, 'falseRollback')),
      count(valueOf(measured, row, 'minutesToFull p50')),
      percent(valueOf(measured, row, 'promoted1')),
      count(valueOf(measured, row, 'served1 mean')),
      count(valueOf(measured, row, 'served3 mean')),
      count(valueOf(measured, row, 'served20 mean')),
    ]),
  );
}

function beside(value: number, text: number | null | undefined): string {
  const whole = `${Math.round(100 * value)} %`;
  return text === null || text === undefined ? whole : `${whole} (${Math.round(100 * text)} %)`;
}

/** Verdicts on the flights from every start day; in brackets those of the gate statistics, whose trainer was another. */
export function heterogeneityTable({ lines }: MeasuredFlights): string {
  return table(
    [
      'pair of models',
      'Δ',
      'm_h, m',
      'harm within 7 days: hourly looks',
      'daily looks',
      'harm at day 7',
      'not worse at day 7',
    ],
    lines.map(({ pair, delta, harmMargin, safeMargin, verdicts, text }) => [
      pair,
      delta,
      `${harmMargin}, ${safeMargin}`,
      beside(verdicts.harmHourly, text[0]),
      beside(verdicts.harmDaily, text[1]),
      beside(verdicts.harmAtEnd, text[2]),
      beside(verdicts.certifiedAtEnd, text[3]),
    ]),
  );
}

/** What a measure is called in a table; those that are not here are shares called after their column. */
const MEASURE_NAMES: Record<string, string> = {
  rolledBack: 'rolled back',
  anyAdvance: 'any advance',
  wrongAdvance: 'wrong advance',
  sameWhenShuffled: 'same decisions when shuffled and doubled',
  sameAfterwards: 'same decisions after an outage',
  movedWhileDown: 'advance or rollback during an outage',
  alarm001: 'false alarm at 0.1 %',
  alarm01: 'false alarm at 1 %',
  'hours p50': 'hours to the decision, median',
  'hoursToRollback p50': 'hours until stopped, median',
  'hoursToRollback p90': 'hours until stopped, 90 %',
  'minutesToFull p50': 'minutes to full, median',
  'excessBad mean': 'extra bad outcomes, mean',
  'ratio p50': 'times the fixed size, median',
  'ratio p90': 'times the fixed size, 90 %',
  'units001 p50': 'units until alarm, median',
  'units mean': 'units until alarm, mean',
  'units p50': 'units until alarm, median',
  'served mean': 'requests served, mean',
  'served p90': 'requests served, 90 %',
  'timesWald mean': "times Wald's bound, mean",
};

function asked({ atMost, limit99, between }: Target, shown: (value: number) => string): string {
  const parts = [
    atMost === undefined ? '' : `≤ ${shown(atMost)}`,
    limit99 === undefined ? '' : `upper end ≤ ${shown(limit99)}`,
    between === undefined
      ? ''
      : between[1] === Infinity
        ? `≥ ${shown(between[0])}`
        : between[0] === between[1]
          ? shown(between[0])
          : `${shown(between[0])} – ${shown(between[1])}`,
  ];
  return parts.filter((part) => part !== '').join(', ');
}

/** Every row with a pass mark: what was measured, with its 98 % interval, beside what is asked and what was published. */
export function acceptanceTable(measured: MeasuredGate): string {
  const lines = rows.flatMap(({ title, measures }) =>
    measures.flatMap(({ name, percent: isShare, target }) => {
      if (target === undefined || !isAsked(target)) return [];
      const shown = isShare ? percent : count;
      const [value, low, high] = ([0, 1, 2] as const).map((part) => shown(valueOf(measured, title, name, part)));
      const published = target.published === undefined ? '' : shown(target.published);
      return [[title, MEASURE_NAMES[name] ?? name, value!, `${low} – ${high}`, asked(target, shown), published]];
    }),
  );
  return table(['row', 'measure', 'measured', '98 % interval', 'asked', 'published'], lines);
}
