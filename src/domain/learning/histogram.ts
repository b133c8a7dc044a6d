import type { BinnedColumn } from './binning.ts';

/** Sums kept for every bin: gradient, hessian, rows. */
export const STRIDE = 3;

/** Where each column's bins lie in one flat histogram. */
export interface HistogramLayout {
  columns: readonly BinnedColumn[];
  /** Index of the first number of each column. */
  offsets: readonly number[];
  length: number;
}

export function layoutHistogram(columns: readonly BinnedColumn[]): HistogramLayout {
  const offsets: number[] = [];
  let length = 0;
  for (const column of columns) {
    offsets.push(length);
    length += (column.binCount + 1) * STRIDE;
  }
  return { columns, offsets, length };
}

/** Gradients and hessians of the rows in hand, in the order of `rows`: read once in sequence by every column. */
export interface GatheredRows {
  rows: Int32Array;
  gradients: Float64Array;
  hessians: Float64Array;
  count: number;
}

// The one loop that training time is made of: rows × columns × depth.
function accumulate(histogram: Float64Array, offset: number, bins: Uint8Array, from: GatheredRows): void {
  const { rows, gradients, hessians, count } = from;
  for (let i = 0; i < count; i++) {
    const at = offset + bins[rows[i]!]! * STRIDE;
    histogram[at]! += gradients[i]!;
    histogram[at + 1]! += hessians[i]!;
    histogram[at + 2]! += 1;
  }
}

/** Overwrites `histogram` with the sums of the gathered rows. */
export function fillHistogram(histogram: Float64Array, layout: HistogramLayout, from: GatheredRows): void {
  histogram.fill(0);
  for (let c = 0; c < layout.columns.length; c++)
    accumulate(histogram, layout.offsets[c]!, layout.columns[c]!.bins, from);
}

/** Parent − one child = the other child: only the smaller child is ever counted. */
export function subtractHistogram(parent: Float64Array, child: Float64Array): void {
  for (let i = 0; i < parent.length; i++) parent[i]! -= child[i]!;
}
