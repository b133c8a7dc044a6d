/** A line chart as a small, self-contained SVG. */
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

function tag(name: string, attributes: Record<string, string | number>, text = ''): string {
  const written = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${typeof value === 'number' ? Number(value.toFixed(1)) : value}"`,
  );
  return `<${name}${written.join('')}>${text}</${name}>`;
}

/** Draws the chart; lines are cut at its frame. */
export function drawChart(chart: Chart): string {
  const right = WIDTH - MARGIN.right;
  const bottom = HEIGHT - MARGIN.bottom;
  const px = (x: number) => MARGIN.left + ((x - chart.x[0]) / (chart.x[1] - chart.x[0])) * (right - MARGIN.left);
  const py = (y: number) =>
    bottom -
    ((Math.min(Math.max(y, chart.y[0]), chart.y[1]) - chart.y[0]) / (chart.y[1] - chart.y[0])) * (bottom - MARGIN.top);
  const grid = chart.yTicks.flatMap(([y, label]) => [
    tag('line', { x1: MARGIN.left, x2: right, y1: py(y), y2: py(y), stroke: '#e3e3e3' }),
    tag('text', { x: MARGIN.left - 6, y: py(y) + 4, 'text-anchor': 'end' }, label),
  ]);
  const ticks = chart.xTicks.map((x) => tag('text', { x: px(x), y: bottom + 16, 'text-anchor': 'middle' }, String(x)));
  const limits = chart.limits.flatMap(([y, label]) => [
    tag('line', { x1: MARGIN.left, x2: right, y1: py(y), y2: py(y), stroke: '#444', 'stroke-dasharray': '5 4' }),
    tag('text', { x: right, y: py(y) - 4, 'text-anchor': 'end', fill: '#444' }, label),
  ]);
  const lines = chart.lines.flatMap(({ label, color, points }, i) => [
    tag('polyline', {
      points: points.map(([x, y]) => `${px(x).toFixed(1)},${py(y).toFixed(1)}`).join(' '),
      fill: 'none',
      stroke: color,
      'stroke-width': 2,
    }),
    tag('line', {
      x1: MARGIN.left + LEGEND_STEP * i,
      x2: MARGIN.left + LEGEND_STEP * i + 18,
      y1: HEIGHT - 12,
      y2: HEIGHT - 12,
      stroke: color,
      'stroke-width': 3,
    }),
    tag('text', { x: MARGIN.left + LEGEND_STEP * i + 24, y: HEIGHT - 8 }, label),
  ]);
  const words = [
    tag('text', { x: MARGIN.left, y: 20, 'font-size': '14', 'font-weight': 'bold' }, chart.title),
    tag('text', { x: (MARGIN.left + right) / 2, y: bottom + 34, 'text-anchor': 'middle' }, chart.xLabel),
    tag(
      'text',
      {
        transform: `rotate(-90 14 ${(MARGIN.top + bottom) / 2})`,
        x: 14,
        y: (MARGIN.top + bottom) / 2,
        'text-anchor': 'middle',
      },
      chart.yLabel,
    ),
  ];
  const body = [
    tag('rect', { width: WIDTH, height: HEIGHT, fill: '#fff' }),
    ...grid,
    ...ticks,
    ...limits,
    ...lines,
    ...words,
  ].join('\n');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" role="img" aria-label="${chart.title}">\n${body}\n</svg>\n`;
}
