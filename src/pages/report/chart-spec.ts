/**
 * From a plot of a report to a Vega-Lite specification. Colours are the page's own variables, so that one drawing serves light and dark;
 * what tells lines apart is their dashes as well, and the page's legend says which is which.
 */
import type { Layer, Plot, Section, Table, Tone } from '../../domain/report/report.ts';
import { epochMs } from '../../domain/time.ts';

/** Drawn twice: text keeps its size on a telephone. */
export const CHART_WIDTHS = { wide: 880, narrow: 350 } as const;
export type ChartSize = keyof typeof CHART_WIDTHS;

type Spec = Readonly<Record<string, unknown>>;
type Course = Extract<Plot, { kind: 'course' }>;

export const toneColor = (tone: Tone): string => `var(--${tone})`;
/** Strokes of lines that are not solid, by what they mean. */
export const TONE_DASHES: Readonly<Record<Tone, readonly number[]>> = {
  stable: [5, 3],
  candidate: [1, 0],
  neutral: [7, 4],
  limit: [8, 5],
  harm: [2, 3],
};

const HEIGHTS = { wide: 300, narrow: 240 } as const;
const SQUARE = { wide: 380, narrow: 270 } as const;
const ROW_HEIGHT = 34;
const SHORT_SPAN_MS = 4 * 86_400_000;
const LABEL_HEIGHT = 14;
const AXIS_WIDTH = 60;
/** On average, at 12 pixels. */
const LETTER_WIDTH = 6.5;
const LABEL_ROWS = { wide: 2, narrow: 4 } as const;

/** @returns null where the section has no plot, or its table no row */
export function chartSpec({ plot, table }: Section, size: ChartSize): Spec | null {
  if (plot === null || table === null || table.rows.length === 0) return null;
  const drawn = { table, size };
  switch (plot.kind) {
    case 'course':
      return framed(courseSpec(plot, drawn), size, HEIGHTS[size]);
    case 'intervals':
      return framed(intervalsSpec(plot, drawn), size, { step: ROW_HEIGHT });
    case 'calibration':
      return framed(calibrationSpec(plot, drawn), size, SQUARE[size]);
    default:
      return plot satisfies never;
  }
}

interface Drawn {
  readonly table: Table;
  readonly size: ChartSize;
}

/** What all charts share: no background, the page's ink, and text of a readable size. */
function framed(spec: Spec, size: ChartSize, height: number | Spec): Spec {
  const isSquare = height === SQUARE[size];
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    width: isSquare ? SQUARE[size] : CHART_WIDTHS[size],
    height,
    autosize: { type: isSquare ? 'pad' : 'fit-x', contains: 'padding' },
    padding: 4,
    ...spec,
    config: {
      aria: false,
      background: null,
      font: 'inherit',
      view: { stroke: null },
      axis: {
        labelColor: 'var(--muted)',
        titleColor: 'var(--muted)',
        titleFontWeight: 'normal',
        labelFontSize: 12,
        titleFontSize: 12,
        gridColor: 'var(--line)',
        domainColor: 'var(--line)',
        tickColor: 'var(--line)',
      },
      text: { color: 'var(--muted)', fontSize: 12 },
    },
  };
}

/** Rows as objects; instants as milliseconds. */
function valuesOf({ columns, rows }: Table): Array<Record<string, unknown>> {
  return rows.map((row) =>
    Object.fromEntries(
      columns.map(({ id, kind }, index) => {
        const cell = row[index] ?? null;
        return [id, kind === 'instant' && typeof cell === 'string' ? epochMs(cell) : cell];
      }),
    ),
  );
}

function courseSpec(plot: Course, { table, size }: Drawn): Spec {
  const values = valuesOf(table);
  const isTime = plot.over === 'time';
  if (!isTime) closeLastBin(values);
  const times = values.map((value) => Number(value[plot.x.column]));
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const isShort = last - first < SHORT_SPAN_MS;
  const x = {
    field: plot.x.column,
    type: isTime ? 'temporal' : 'quantitative',
    title: plot.x.title,
    ...(isTime ? { scale: { type: 'utc' } } : { scale: { nice: false } }),
    axis: {
      grid: false,
      tickCount: size === 'wide' ? 8 : 3,
      labelOverlap: true,
      ...(isTime ? { format: isShort ? '%d %b %H:%M' : '%d %b' } : {}),
    },
  };
  return {
    data: { values },
    encoding: { x },
    layer: [...plot.layers.map((layer) => layerSpec(layer, plot)), ...momentSpecs(plot, size, [first, last])],
  };
}

/** A histogram's last bin ends where the table says. */
function closeLastBin(values: Array<Record<string, unknown>>): void {
  const last = values.at(-1);
  if (last !== undefined && typeof last['to'] === 'number') values.push({ ...last, from: last['to'] });
}

function layerSpec(layer: Layer, { y: { title }, zero, cut }: Course): Spec {
  const scale = cut === null ? { zero } : { domain: cut, nice: false, zero };
  const axis = { title, axis: { tickCount: 5 } };
  const color = toneColor(layer.tone);
  switch (layer.mark) {
    case 'band':
      return {
        mark: { type: 'area', clip: true, color, opacity: 0.18 },
        encoding: {
          y: { field: layer.lower, type: 'quantitative', scale, ...axis },
          y2: { field: layer.upper },
        },
      };
    case 'line':
      return {
        mark: {
          type: 'line',
          clip: cut !== null,
          color,
          strokeWidth: 2,
          ...(layer.shape === 'step' ? { interpolate: 'step-after' } : {}),
          ...(layer.dashed ? { strokeDash: TONE_DASHES[layer.tone] } : {}),
          ...(layer.points ? { point: { color, filled: true, size: 40 } } : {}),
        },
        encoding: { y: { field: layer.y, type: 'quantitative', scale, ...axis } },
      };
    case 'bar':
      return {
        mark: { type: 'bar', color, opacity: 0.7 },
        encoding: { y: { field: layer.y, type: 'quantitative', scale, ...axis } },
      };
    default:
      return layer satisfies never;
  }
}

/** Names stand on the side of their line where there is room. */
const SIDES = [
  { align: 'left', dx: 3, isRight: false },
  { align: 'right', dx: -3, isRight: true },
] as const;

/** Vertical lines with their names above the picture, lifted where neighbours would cover one another. */
function momentSpecs({ moments, x }: Course, size: ChartSize, span: readonly [first: number, last: number]): Spec[] {
  if (moments.length === 0) return [];
  const values = placed(moments, size, span).map(({ at, ...label }) => ({ [x.column]: at, ...label }));
  const rule = { mark: { type: 'rule', color: 'var(--muted)', strokeDash: [1, 3] }, data: { values } };
  const labels = Array.from({ length: LABEL_ROWS[size] }, (_, row) =>
    SIDES.map(({ align, dx, isRight }) => ({
      data: { values: values.filter((value) => value.row === row && value.isRight === isRight) },
      mark: { type: 'text', align, baseline: 'bottom', dx, y: -3 - LABEL_HEIGHT * row },
      encoding: { text: { field: 'label' } },
    })),
  );
  return [rule, ...labels.flat().filter(({ data }) => data.values.length > 0)];
}

interface PlacedLabel {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly label: string;
  readonly row: number;
  readonly isRight: boolean;
}

/** Each in the lowest row in which there is room, or in the one that has been free for longest. */
function placed(
  moments: Course['moments'],
  size: ChartSize,
  [first, last]: readonly [first: number, last: number],
): PlacedLabel[] {
  const ends = Array.from({ length: LABEL_ROWS[size] }, () => Number.NEGATIVE_INFINITY);
  const inOrder = moments.map(({ at, label }) => ({ at: epochMs(at), label })).sort((a, b) => a.at - b.at);
  return inOrder.map(({ at, label }) => {
    const isRight = at > (first + last) / 2;
    const place = last === first ? 0 : ((CHART_WIDTHS[size] - AXIS_WIDTH) * (at - first)) / (last - first);
    const width = LETTER_WIDTH * (label.length + 1);
    const begin = isRight ? place - width : place;
    const free = ends.findIndex((end) => end <= begin);
    const row = free === -1 ? ends.indexOf(Math.min(...ends)) : free;
    ends[row] = begin + width;
    return { at, label, row, isRight };
  });
}

function intervalsSpec(plot: Extract<Plot, { kind: 'intervals' }>, { table, size }: Drawn): Spec {
  const y = {
    field: plot.row,
    type: 'nominal',
    // As in the table: a row that lacks an end would otherwise come last.
    scale: { domain: valuesOf(table).map((value) => value[plot.row]) },
    title: null,
    axis: { labelColor: 'var(--ink)', labelLimit: size === 'wide' ? 240 : 180, domain: false, ticks: false },
  };
  const x = (field: string): Spec => ({
    field,
    type: 'quantitative',
    title: plot.x.title,
    axis: { tickCount: size === 'wide' ? 8 : 4 },
  });
  const tones = plot.tones.map(({ tone }) => tone);
  const color =
    plot.toneColumn === null
      ? { value: toneColor(tones[0] ?? 'neutral') }
      : {
          field: plot.toneColumn,
          type: 'nominal',
          legend: null,
          scale: { domain: tones, range: tones.map(toneColor) },
        };
  const values = valuesOf(table);
  return {
    data: { values },
    encoding: { y },
    layer: [
      { mark: { type: 'rule', color: 'var(--muted)' }, data: { values: [{}] }, encoding: { x: { datum: 0 }, y: null } },
      {
        mark: { type: 'rule', strokeWidth: 6, opacity: 0.35 },
        encoding: { x: x(plot.lower), x2: { field: plot.upper }, color },
      },
      { mark: { type: 'point', filled: true, size: 70, opacity: 1 }, encoding: { x: x(plot.middle), color } },
      ...plot.limits.map(({ column, tone }) => ({
        data: { values: values.filter((value) => value[column] !== null) },
        mark: { type: 'tick', color: toneColor(tone), thickness: 3, size: 22, opacity: 1 },
        encoding: { x: x(column) },
      })),
    ],
  };
}

function calibrationSpec(plot: Extract<Plot, { kind: 'calibration' }>, { table }: Drawn): Spec {
  const values = valuesOf(table);
  const ends = values.flatMap(({ from, to }) => [Number(from), Number(to)]);
  const domain = [Math.min(...ends), Math.max(...ends)];
  const diagonal = domain.map((end) => ({ predicted: end, seen: end }));
  const encoded = (predicted: string, seen: string): Spec => ({
    x: { field: predicted, type: 'quantitative', title: plot.x.title, scale: { domain } },
    y: { field: seen, type: 'quantitative', title: plot.y.title, scale: { domain } },
  });
  return {
    layer: [
      {
        data: { values: diagonal },
        mark: { type: 'line', color: 'var(--muted)', strokeDash: [1, 3] },
        encoding: encoded('predicted', 'seen'),
      },
      ...plot.arms.map(({ predicted, seen, tone }) => ({
        data: { values: values.filter((value) => value[seen] !== null) },
        mark: {
          type: 'line',
          color: toneColor(tone),
          strokeWidth: 2,
          strokeDash: TONE_DASHES[tone],
          point: { color: toneColor(tone), filled: true, size: 45, shape: tone === 'stable' ? 'square' : 'circle' },
        },
        encoding: encoded(predicted, seen),
      })),
    ],
  };
}
