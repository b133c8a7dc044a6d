import { picture, sideways, tag } from './svg.ts';

/** Points of one procedure, joined in the order given. */
export interface Series {
  label: string;
  color: string;
  isDashed: boolean;
  points: ReadonlyArray<readonly [x: number, y: number]>;
}

export interface Panel {
  title: string;
  series: readonly Series[];
}

export interface Scatter {
  title: string;
  xLabel: string;
  yLabel: string;
  /** Both axes are logarithmic. */
  x: readonly [min: number, max: number];
  y: readonly [min: number, max: number];
  xTicks: readonly number[];
  yTicks: ReadonlyArray<readonly [value: number, label: string]>;
  /** Side by side, with the same axes and series. */
  panels: readonly [Panel, Panel];
}

const WIDTH = 760;
const HEIGHT = 430;
const TOP = 58;
const BOTTOM = 318;
const LEFT = 80;
const GAP = 22;
const PANEL = (WIDTH - LEFT - 16 - GAP) / 2;
const LEGEND = { top: 374, row: 20, column: 224, columns: 3 };

function fraction(value: number, [min, max]: readonly [number, number]): number {
  return Math.log(Math.min(Math.max(value, min), max) / min) / Math.log(max / min);
}

function drawPanel(scatter: Scatter, panel: Panel, left: number): string[] {
  const px = (x: number) => left + fraction(x, scatter.x) * PANEL;
  const py = (y: number) => BOTTOM - fraction(y, scatter.y) * (BOTTOM - TOP);
  const grid = scatter.yTicks.map(([y]) =>
    tag('line', { class: 'grid', x1: left, x2: left + PANEL, y1: py(y), y2: py(y) }),
  );
  const ticks = scatter.xTicks.flatMap((x) => [
    tag('line', { class: 'grid', x1: px(x), x2: px(x), y1: TOP, y2: BOTTOM }),
    tag('text', { x: px(x), y: BOTTOM + 16, 'text-anchor': 'middle' }, String(x)),
  ]);
  const marks = panel.series.flatMap(({ color, isDashed, points }) => [
    tag('polyline', {
      points: points.map(([x, y]) => `${px(x).toFixed(1)},${py(y).toFixed(1)}`).join(' '),
      fill: 'none',
      stroke: color,
      'stroke-width': 2,
      ...(isDashed ? { 'stroke-dasharray': '5 4' } : {}),
    }),
    ...points.map(([x, y]) => tag('circle', { cx: px(x), cy: py(y), r: 4, fill: color })),
  ]);
  return [...grid, ...ticks, ...marks, tag('text', { x: left, y: TOP - 10, 'font-weight': 'bold' }, panel.title)];
}

function drawLegend(series: readonly Series[]): string[] {
  return series.flatMap(({ label, color, isDashed }, i) => {
    const x = LEFT + LEGEND.column * (i % LEGEND.columns);
    const y = LEGEND.top + LEGEND.row * Math.floor(i / LEGEND.columns);
    const dash = isDashed ? { 'stroke-dasharray': '5 4' } : {};
    return [
      tag('line', { x1: x, x2: x + 22, y1: y, y2: y, stroke: color, 'stroke-width': 2, ...dash }),
      tag('circle', { cx: x + 11, cy: y, r: 4, fill: color }),
      tag('text', { x: x + 28, y: y + 4 }, label),
    ];
  });
}

/** Draws both panels; points beyond the axes sit on the frame. */
export function drawScatter(scatter: Scatter): string {
  const [first, second] = scatter.panels;
  const py = (y: number) => BOTTOM - fraction(y, scatter.y) * (BOTTOM - TOP);
  const labels = scatter.yTicks.map(([y, label]) =>
    tag('text', { x: LEFT - 6, y: py(y) + 4, 'text-anchor': 'end' }, label),
  );
  const words = [
    tag('text', { x: LEFT, y: 22, 'font-size': '14', 'font-weight': 'bold' }, scatter.title),
    tag('text', { x: LEFT + PANEL + GAP / 2, y: BOTTOM + 36, 'text-anchor': 'middle' }, scatter.xLabel),
    sideways(14, (TOP + BOTTOM) / 2, scatter.yLabel),
  ];
  const body = [
    ...drawPanel(scatter, first, LEFT),
    ...drawPanel(scatter, second, LEFT + PANEL + GAP),
    ...labels,
    ...drawLegend(first.series),
    ...words,
  ];
  return picture({ width: WIDTH, height: HEIGHT, title: scatter.title, body });
}
