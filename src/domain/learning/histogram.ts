import type { BinnedColumn } from './binning.ts';

/** Sums kept for every bin: gradient, hessian, rows. */
export const STRIDE = 3;

/** Where each column's bins lie in one flat histogram. */
export interface HistogramLayout {
  columns: readonly BinnedColumn[];
  /** Index of the first number of each column. */
  offsets: readonly number[];
  /** Index of the first number of each bin, column by column, without the missing bin. */
  places: readonly Int32Array[];
  length: number;
}

export function layoutHistogram(columns: readonly BinnedColumn[]): HistogramLayout {
  const offsets: number[] = [];
  const places: Int32Array[] = [];
  let length = 0;
  for (const { binCount } of columns) {
    const offset = length;
    offsets.push(offset);
    places.push(Int32Array.from({ length: binCount }, (_, bin) => offset + bin * STRIDE));
    length += (binCount + 1) * STRIDE;
  }
  return { columns, offsets, places, length };
}

/** Rows in hand, with gradients[i] and hessians[i] of rows[i]; the latter two may be longer. */
export interface GatheredRows {
  rows: Int32Array;
  gradients: Float64Array;
  hessians: Float64Array;
}

// Training time is made of these two loops: rows × columns × depth.
function accumulate(histogram: Float64Array, offset: number, bins: Uint8Array, from: GatheredRows): void {
  const { rows, gradients, hessians } = from;
  const count = rows.length;
  for (let i = 0; i < count; i++) {
    const at = offset + bins[rows[i]!]! * STRIDE;
    histogram[at]! += gradients[i]!;
    histogram[at + 1]! += hessians[i]!;
    histogram[at + 2]! += 1;
  }
}

/** Four columns at once read each row's derivatives once instead of four times: a third faster. */
function accumulateFour(histogram: Float64Array, layout: HistogramLayout, first: number, from: GatheredRows): void {
  const { rows, gradients, hessians } = from;
  const [binsA, binsB, binsC, binsD] = layout.columns.slice(first, first + 4).map((column) => column.bins);
  const [a = 0, b = 0, c = 0, d = 0] = layout.offsets.slice(first, first + 4);
  const count = rows.length;
  for (let i = 0; i < count; i++) {
    const row = rows[i]!;
    const gradient = gradients[i]!;
    const hessian = hessians[i]!;
    const atA = a + binsA![row]! * STRIDE;
    histogram[atA]! += gradient;
    histogram[atA + 1]! += hessian;
    histogram[atA + 2]! += 1;
    const atB = b + binsB![row]! * STRIDE;
    histogram[atB]! += gradient;
    histogram[atB + 1]! += hessian;
    histogram[atB + 2]! += 1;
    const atC = c + binsC![row]! * STRIDE;
    histogram[atC]! += gradient;
    histogram[atC + 1]! += hessian;
    histogram[atC + 2]! += 1;
    const atD = d + binsD![row]! * STRIDE;
    histogram[atD]! += gradient;
    histogram[atD + 1]! += hessian;
    histogram[atD + 2]! += 1;
  }
}

/** Overwrites `histogram` with the sums of the gathered rows. */
export function fillHistogram(histogram: Float64Array, layout: HistogramLayout, from: GatheredRows): void {
  histogram.fill(0);
  const { columns, offsets } = layout;
  let next = 0;
  for (; next + 4 <= columns.length; next += 4) accumulateFour(histogram, layout, next, from);
  for (; next < columns.length; next++) accumulate(histogram, offsets[next]!, columns[next]!.bins, from);
}

/** Parent − one child = the other child: only the smaller child is ever counted. */
export function subtractHistogram(parent: Float64Array, child: Float64Array): void {
  for (let i = 0; i < parent.length; i++) parent[i]! -= child[i]!;
}
