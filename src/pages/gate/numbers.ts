/** Numbers of the gate for people: differences in the metric's unit, shares, evidence, counts, instants. */
import { evidenceInWords } from '../../domain/rollout/look-words.ts';

/** What differences of a loss are differences of: percentage points, or the metric's own unit over its declared range. */
export interface MetricUnit {
  /** Difference in the metric for a difference of 1 in the loss. */
  readonly width: number;
  readonly name: 'pp' | '';
  /** Places after the point. */
  readonly places: number;
}

const PLACES_MAX = 8;

/** The unit of a metric over a range, with places for three digits of the margin it is judged by. @param margin as a loss difference */
export function metricUnit(rangeWidth: number, margin: number): MetricUnit {
  const unit = rangeWidth === 1 ? ({ width: 100, name: 'pp' } as const) : ({ width: rangeWidth, name: '' } as const);
  const size = Math.abs(margin * unit.width);
  const places = size > 0 && Number.isFinite(size) ? 2 - Math.floor(Math.log10(size)) : 2;
  return { ...unit, places: Math.min(PLACES_MAX, Math.max(unit.name === 'pp' ? 2 : 0, places)) };
}

/** A difference with its sign: `+0.21`. */
export function differenceInWords(value: number, { width, places }: MetricUnit): string {
  const text = (Math.abs(value) * width).toFixed(places);
  if (Number(text) === 0) return text;
  return `${value < 0 ? '−' : '+'}${text}`;
}

/** A value of the metric itself: shares as per cent, others as they are. */
export function metricInWords(value: number, { name }: MetricUnit): string {
  return name === 'pp' ? shareInWords(value) : String(Number(value.toPrecision(4)));
}

export const unitName = ({ name }: MetricUnit): string => (name === '' ? '' : ` ${name}`);

/** A share with two places, or two digits where that is more: 0.05 is `5 %`, 0.4987 is `49.87 %`, 0.000123 is `0.012 %`. */
export function shareInWords(share: number): string {
  const percent = 100 * share;
  return `${Number(Math.abs(percent) < 0.1 ? percent.toPrecision(2) : percent.toFixed(2))} %`;
}

export const basisPointsInWords = (bp: number): string => shareInWords(bp / 10_000);

export const countInWords = (count: number): string => Math.round(count).toLocaleString('en');

/** `1 look`, `336 looks`. */
export const counted = (count: number, noun: string): string =>
  `${countInWords(count)} ${noun}${count === 1 ? '' : 's'}`;

/** How much evidence is needed, and how much there is. */
export function evidenceOfNeeded(lnNeeded: number, ln: number): string {
  return `${neededInWords(lnNeeded)} evidence needed, ${evidenceInWords(ln)} so far`;
}

export const neededInWords = (lnNeeded: number): string => `×${Number(Math.exp(lnNeeded).toPrecision(3))}`;

/** An ISO instant for a table: `2024-03-01 06:00`. */
export const instantInWords = (iso: string): string => iso.slice(0, 16).replace('T', ' ');

/** Rows of cells as aligned columns; the first row is the header. Columns named in `right` are aligned to the right. */
export function aligned(rows: ReadonlyArray<readonly string[]>, right: readonly number[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        right.includes(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}
