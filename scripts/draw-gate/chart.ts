import { picture, sideways, tag } from './svg.ts';

/** A line chart. */
export interface Line {
  label: string;
  color: string;
  points: ReadonlyArray<readonly [x: number, y: number]>;
}

export interface Chart {
  title: string;
  xLabel: string;
  yLabel: string;
  x: readonly [min: number, max: number];
  y: readonly [min: number, max: number];
  xTicks: readonly number[];
  yTicks: ReadonlyArray<readonly [value: number, label: string]>;
  lines: readonly Line[];
  /** Horizontal limits, dashed. */
  limits: ReadonlyArray<readonly [y: number, label: string]>;
}

const WIDTH = 680;
const HEIGHT = 320;
const MARGIN = { left: 58, right: 16, top: 34, bottom: 62 };
const LEGEND_STEP = 150;
const RIGHT = WIDTH - MARGIN.right;
const BOTTOM = HEIGHT - MARGIN.bottom;

function legend({ label, color }: Line, i: number): string[] {
  const x = MARGIN.left + LEGEND_STEP * i;
  return [
    tag('line', { x1: x, x2: x + 18, y1: HEIGHT - 12, y2: HEIGHT - 12, stroke: color, 'stroke-width': 3 }),
    tag('text', { x: x + 24, y: HEIGHT - 8 }, label),
  ];
}

/** Draws the chart; lines are cut at its frame. */
export function drawChart(chart: Chart): string {
  const px = (x: number) => MARGIN.left + ((x - chart.x[0]) / (chart.x[1] - chart.x[0])) * (RIGHT - MARGIN.left);
  const py = (y: number) =>
    BOTTOM -
    ((Math.min(Math.max(y, chart.y[0]), chart.y[1]) - chart.y[0]) / (chart.y[1] - chart.y[0])) * (BOTTOM - MARGIN.top);
  const grid = chart.yTicks.flatMap(([y, label]) => [
    tag('line', { class: 'grid', x1: MARGIN.left, x2: RIGHT, y1: py(y), y2: py(y) }),
    tag('text', { x: MARGIN.left - 6, y: py(y) + 4, 'text-anchor': 'end' }, label),
  ]);
  const ticks = chart.xTicks.map((x) => tag('text', { x: px(x), y: BOTTOM + 16, 'text-anchor': 'middle' }, String(x)));
  const limits = chart.limits.flatMap(([y, label]) => [
    tag('line', { class: 'limit', x1: MARGIN.left, x2: RIGHT, y1: py(y), y2: py(y), 'stroke-dasharray': '5 4' }),
    tag('text', { class: 'limit-text', x: RIGHT, y: py(y) - 4, 'text-anchor': 'end' }, label),
  ]);
  const lines = chart.lines.map(({ color, points }) =>
    tag('polyline', {
      points: points.map(([x, y]) => `${px(x).toFixed(1)},${py(y).toFixed(1)}`).join(' '),
      fill: 'none',
      stroke: color,
      'stroke-width': 2,
    }),
  );
  const words = [
    tag('text', { x: MARGIN.left, y: 20, 'font-size': '14', 'font-weight': 'bold' }, chart.title),
    tag('text', { x: (MARGIN.left + RIGHT) / 2, y: BOTTOM + 34, 'text-anchor': 'middle' }, chart.xLabel),
    sideways(14, (MARGIN.top + BOTTOM) / 2, chart.yLabel),
  ];
  const body = [...grid, ...ticks, ...limits, ...lines, ...chart.lines.flatMap(legend), ...words];
  return picture({ width: WIDTH, height: HEIGHT, title: chart.title, body });
}
