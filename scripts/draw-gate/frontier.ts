import { valueOf } from './measured.ts';
import type { MeasuredGate } from './measured.ts';
import { drawScatter } from './scatter.ts';
import type { Series } from './scatter.ts';
import { COLORS } from './svg.ts';

const PREFIX = 'frontier: ';

const SERIES = [
  ['gate', 'gate, four budgets', COLORS.blue, false],
  ['planned bets', 'gate with planned bets (proposed)', COLORS.sky, true],
  ['Argo-like', 'Argo-like', COLORS.orange, false],
  ['Flagger-like', 'Flagger-like', COLORS.red, false],
  ['Kayenta-like', 'Kayenta-like', COLORS.pink, false],
  ['z-test per step', 'z-test, once per step', COLORS.green, false],
  ['z-test every look', 'z-test, every look', COLORS.grey, false],
] as const;

/** Titles of the frontier's rows of one procedure, as measured. */
export function frontierRows(measured: MeasuredGate, procedure = ''): string[] {
  return Object.keys(measured).filter((row) => row.startsWith(`${PREFIX}${procedure}`));
}

/** A row's name in a table or legend. */
export function nameOf(row: string): string {
  return row.slice(PREFIX.length);
}

/** Gate, proposal, and every rule at five false alarms in a hundred. */
function seriesOf(measured: MeasuredGate, measure: string): Series[] {
  return SERIES.map(([procedure, label, color, isDashed]) => {
    const isGate = procedure === 'gate' || procedure === 'planned bets';
    const rows = frontierRows(measured, `${procedure},`).filter((row) => isGate || row.endsWith('calibrated'));
    const points = rows.map(
      (row) => [valueOf(measured, row, 'minutesToFull p50'), valueOf(measured, row, measure)] as const,
    );
    return { label, color, isDashed, points: points.sort(([a], [b]) => a - b) };
  });
}

/** Time of a good candidate to full exposure against requests served by a bad one. */
export function drawFrontier(measured: MeasuredGate): string {
  return drawScatter({
    title: 'Fast for the good, short for the bad',
    xLabel: 'minutes until a good model is fully out (median, logarithmic); rules calibrated to 5 % false alarms',
    yLabel: 'requests served by a bad model (mean)',
    x: [4, 320],
    y: [300, 3_000_000],
    xTicks: [5, 10, 20, 40, 80, 160],
    yTicks: [
      [1000, '1,000'],
      [10_000, '10,000'],
      [100_000, '100,000'],
      [1_000_000, '1 million'],
    ],
    panels: [
      { title: '1 point worse', series: seriesOf(measured, 'served1 mean') },
      { title: '3 points worse', series: seriesOf(measured, 'served3 mean') },
    ],
  });
}
