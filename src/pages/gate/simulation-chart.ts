/** A simulation as a picture: what every procedure does, by how much worse the candidate truly is. A self-contained SVG, light and dark. */
import { differenceInWords, shareInWords, unitName } from './numbers.ts';
import type { EstimateView, ProcedureView, SimulationView } from './simulation.ts';

const WIDTH = 960;
const HEIGHT = 428;
const PANEL = { width: 250, top: 92, bottom: 336 };
const PANELS_LEFT = [62, 376, 690];
const LEGEND = { top: 394, column: 300 };
/** Colours of the procedures on a light and a dark ground; the gate's first. */
const COLORS: ReadonlyArray<readonly [light: string, dark: string]> = [
  ['#0b57d0', '#8ab4f8'],
  ['#b3261e', '#f2b8b5'],
  ['#9a5b00', '#fbc86b'],
  ['#146c2e', '#81c995'],
  ['#7b1fa2', '#d7aefb'],
  ['#5f6368', '#bdc1c6'],
];

const STYLE = [
  'svg { color-scheme: light dark; font: 12px system-ui, sans-serif; }',
  '.ground { fill: #ffffff; } .text { fill: #1f1f1f; } .faint { fill: #5f6368; } .grid { stroke: #e0e0e0; }',
  ...COLORS.map(([light], index) => `.line${index} { stroke: ${light}; } .dot${index} { fill: ${light}; }`),
  '@media (prefers-color-scheme: dark) {',
  '  .ground { fill: #16181c; } .text { fill: #e8eaed; } .faint { fill: #9aa0a6; } .grid { stroke: #3c4043; }',
  ...COLORS.map(([, dark], index) => `  .line${index} { stroke: ${dark}; } .dot${index} { fill: ${dark}; }`),
  '}',
].join('\n');

type Attributes = Readonly<Record<string, string | number>>;

function tag(name: string, attributes: Attributes, inner = ''): string {
  const written = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${typeof value === 'number' ? Number(value.toFixed(1)) : value}"`,
  );
  return inner === '' ? `<${name}${written.join('')}/>` : `<${name}${written.join('')}>${inner}</${name}>`;
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function words(x: number, y: number, text: string, attributes: Attributes = {}): string {
  return tag('text', { x, y, class: 'text', ...attributes }, escaped(text));
}

/** One panel: a number of each result over the differences. */
interface Panel {
  readonly title: string;
  readonly number: (result: ProcedureView) => EstimateView;
  readonly results: readonly ProcedureView[];
  readonly top: number;
  readonly ticks: readonly number[];
  readonly tick: (value: number) => string;
}

/** Draws the chart of a simulation. */
export function simulationChart(view: SimulationView): string {
  const deltas = [...new Set(view.results.map(({ delta }) => delta))].sort((a, b) => a - b);
  const procedures = [...new Set(view.results.map(({ procedure }) => procedure))];
  const worse = view.results.filter(({ delta }) => delta > 0);
  const most = niceTop(Math.max(1, ...worse.map(({ excessBad }) => excessBad.value ?? 0)));
  const panels: Panel[] = [
    {
      title: 'Rolled back',
      number: ({ rolledBack }) => rolledBack,
      results: view.results,
      top: 1,
      ticks: [0, 0.25, 0.5, 0.75, 1],
      tick: shareInWords,
    },
    {
      title: 'Promoted',
      number: ({ promoted }) => promoted,
      results: view.results,
      top: 1,
      ticks: [0, 0.25, 0.5, 0.75, 1],
      tick: shareInWords,
    },
    {
      title: 'Extra bad outcomes until decided',
      number: ({ excessBad }) => excessBad,
      results: worse,
      top: most,
      ticks: [0, most / 4, most / 2, (3 * most) / 4, most],
      tick: (value) => String(Math.round(value)),
    },
  ];
  const title = `What a policy does, by how much worse the candidate is: ${view.replications.toLocaleString('en')} rollouts a point`;
  const subtitle = `${view.world.unitsPerDay.toLocaleString('en')} units a day, base loss ${shareInWords(view.world.base)}; ${view.policySource}`;
  const body = [
    tag('rect', { class: 'ground', width: WIDTH, height: HEIGHT }),
    words(PANELS_LEFT[0]!, 26, title, { 'font-size': 15, 'font-weight': 600 }),
    words(PANELS_LEFT[0]!, 46, subtitle, { class: 'faint' }),
    ...panels.flatMap((panel, index) => panelMarks(panel, PANELS_LEFT[index]!, deltas, procedures, view)),
    ...procedures.flatMap((procedure, index) => legendMarks(procedure, index)),
  ].join('\n');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(title)}">\n<style>\n${STYLE}\n</style>\n${body}\n</svg>\n`;
}

/** The next round number whose quarters are round too. */
function niceTop(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10].find((times) => times * power >= value) ?? 10) * power;
}

function panelMarks(
  panel: Panel,
  left: number,
  deltas: readonly number[],
  procedures: readonly string[],
  view: SimulationView,
): string[] {
  const shown = deltas.filter((delta) => panel.results.some((result) => result.delta === delta));
  // Differences are places, not a scale: the largest is many times the others.
  const px = (delta: number) => left + ((shown.indexOf(delta) + 0.5) / shown.length) * PANEL.width;
  const py = (value: number) => PANEL.bottom - (Math.min(value, panel.top) / panel.top) * (PANEL.bottom - PANEL.top);
  const grid = panel.ticks.flatMap((value) => [
    tag('line', { class: 'grid', x1: left, x2: left + PANEL.width, y1: py(value), y2: py(value) }),
    words(left - 6, py(value) + 4, panel.tick(value), { 'text-anchor': 'end', class: 'faint' }),
  ]);
  const labels = shown.map((delta) =>
    words(px(delta), PANEL.bottom + 18, differenceInWords(delta, view.unit), {
      'text-anchor': 'middle',
      class: 'faint',
    }),
  );
  const lines = procedures
    .map((procedure, index) => {
      const results = panel.results.filter((result) => result.procedure === procedure);
      return seriesMarks(results, index, panel, px, py, (index - (procedures.length - 1) / 2) * 4);
    })
    // The gate is drawn last, over the others.
    .toReversed();
  return [
    ...grid,
    words(left, PANEL.top - 10, panel.title, { 'font-weight': 600 }),
    ...labels,
    words(
      left + PANEL.width / 2,
      PANEL.bottom + 36,
      `true difference${unitName(view.unit) === '' ? '' : ` (${unitName(view.unit).trim()})`}`,
      { 'text-anchor': 'middle', class: 'faint' },
    ),
    ...lines.flat(),
  ];
}

function seriesMarks(
  results: readonly ProcedureView[],
  index: number,
  panel: Panel,
  px: (delta: number) => number,
  py: (value: number) => number,
  shift: number,
): string[] {
  const points = results.flatMap((result) => {
    const { value, low, high } = panel.number(result);
    return value === null ? [] : [{ x: px(result.delta) + shift, value, low: low ?? 0, high: high ?? panel.top }];
  });
  const width = index === 0 ? 3 : 1.5;
  return [
    tag('polyline', {
      class: `line${index}`,
      fill: 'none',
      'stroke-width': width,
      points: points.map(({ x, value }) => `${x.toFixed(1)},${py(value).toFixed(1)}`).join(' '),
    }),
    ...points.flatMap(({ x, value, low, high }) => [
      tag('line', { class: `line${index}`, x1: x, x2: x, y1: py(low), y2: py(high), 'stroke-width': 1 }),
      tag('circle', { class: `dot${index}`, cx: x, cy: py(value), r: index === 0 ? 4 : 2.8 }),
    ]),
  ];
}

function legendMarks(procedure: string, index: number): string[] {
  const x = PANELS_LEFT[0]! + (index % 3) * LEGEND.column;
  const y = LEGEND.top + Math.floor(index / 3) * 20;
  return [
    tag('line', {
      class: `line${index}`,
      x1: x,
      x2: x + 22,
      y1: y - 4,
      y2: y - 4,
      'stroke-width': index === 0 ? 3 : 1.5,
    }),
    tag('circle', { class: `dot${index}`, cx: x + 11, cy: y - 4, r: index === 0 ? 4 : 2.8 }),
    words(x + 30, y, procedure),
  ];
}
