import type { BinnedColumn } from './binning.ts';
import { type HistogramLayout, STRIDE } from './histogram.ts';

/** Sums over the rows of a leaf. */
export interface LeafSums {
  gradient: number;
  hessian: number;
  rows: number;
}

export interface Split {
  column: number;
  gain: number;
  /** Sums of the rows that go left; the right side is the rest. */
  left: LeafSums;
  /** By bin, 1 = left; its last entry is the missing bin's side. */
  goesLeft: Uint8Array;
  /** Numeric: the last bin that goes left. */
  cutBin: number;
}

export interface SplitRules {
  l2: number;
  rowsPerLeafMin: number;
  categoricalSmoothing: number;
  categoricalL2: number;
}

/** Below this a second derivative is rounding noise, and the leaf value G/H means nothing. */
const HESSIAN_MIN = 1e-3;
/** A gain this small is rounding noise of histogram subtraction. */
const GAIN_MIN = 1e-9;

interface Candidate {
  gain: number;
  /** Numeric: the last bin on the left. Categorical: how many of the sorted bins are left. */
  cut: number;
  missingLeft: boolean;
  /** Categorical: read the sorted bins from the other end. */
  descending: boolean;
  left: LeafSums;
}

/** Reduction of the loss, times two, by giving both sides a value of their own; −1 where a side is too small. */
function gainOf(g: number, h: number, n: number, total: LeafSums, rowsMin: number, l2: number): number {
  const gRight = total.gradient - g;
  const hRight = total.hessian - h;
  if (n < rowsMin || total.rows - n < rowsMin || h < HESSIAN_MIN || hRight < HESSIAN_MIN) return -1;
  const whole = (total.gradient * total.gradient) / (total.hessian + l2);
  return (g * g) / (h + l2) + (gRight * gRight) / (hRight + l2) - whole;
}

/** Scans the cuts in order, with the missing rows on the right and, where there are any, on the left as well. */
function searchNumeric(
  histogram: Float64Array,
  offset: number,
  column: BinnedColumn,
  total: LeafSums,
  rules: SplitRules,
): Candidate | null {
  let best: Candidate | null = null;
  const missingAt = offset + column.missingBin * STRIDE;
  const missingRows = histogram[missingAt + 2]!;
  // With missing rows the cut after the last bin separates them from all others.
  const cuts = missingRows > 0 ? column.binCount : column.binCount - 1;
  for (const missingLeft of missingRows > 0 ? [false, true] : [false]) {
    let gradient = missingLeft ? histogram[missingAt]! : 0;
    let hessian = missingLeft ? histogram[missingAt + 1]! : 0;
    let rows = missingLeft ? missingRows : 0;
    for (let bin = 0; bin < cuts; bin++) {
      const at = offset + bin * STRIDE;
      gradient += histogram[at]!;
      hessian += histogram[at + 1]!;
      rows += histogram[at + 2]!;
      const gain = gainOf(gradient, hessian, rows, total, rules.rowsPerLeafMin, rules.l2);
      if (gain > (best?.gain ?? GAIN_MIN))
        best = { gain, cut: bin, missingLeft, descending: false, left: { gradient, hessian, rows } };
    }
  }
  // Nothing was learned about missing values here: they follow the larger side.
  if (best !== null && missingRows === 0) best.missingLeft = best.left.rows * 2 > total.rows;
  return best;
}

/** Bins with enough rows to have an opinion, by smoothed mean gradient (Fisher 1958: then some cut is optimal). */
function sortedBins(histogram: Float64Array, offset: number, column: BinnedColumn, smoothing: number): number[] {
  const bins: number[] = [];
  const rank = new Float64Array(column.binCount + 1);
  for (let bin = 0; bin <= column.binCount; bin++) {
    const at = offset + bin * STRIDE;
    if (histogram[at + 2]! < Math.max(1, smoothing)) continue;
    rank[bin] = histogram[at]! / (histogram[at + 1]! + smoothing);
    bins.push(bin);
  }
  return bins.sort((a, b) => rank[a]! - rank[b]! || a - b);
}

function searchCategorical(
  histogram: Float64Array,
  offset: number,
  order: readonly number[],
  total: LeafSums,
  rules: SplitRules,
): Candidate | null {
  let best: Candidate | null = null;
  const l2 = rules.l2 + rules.categoricalL2;
  // Bins too small to be sorted stay on the right, which is the high end in one scan and the low end in the other.
  for (const descending of [false, true]) {
    let gradient = 0;
    let hessian = 0;
    let rows = 0;
    for (let taken = 1; taken <= order.length; taken++) {
      const at = offset + order[descending ? order.length - taken : taken - 1]! * STRIDE;
      gradient += histogram[at]!;
      hessian += histogram[at + 1]!;
      rows += histogram[at + 2]!;
      const gain = gainOf(gradient, hessian, rows, total, rules.rowsPerLeafMin, l2);
      if (gain > (best?.gain ?? GAIN_MIN))
        best = { gain, cut: taken, missingLeft: false, descending, left: { gradient, hessian, rows } };
    }
  }
  return best;
}

function numericSides(column: BinnedColumn, found: Candidate): Uint8Array {
  const goesLeft = new Uint8Array(column.binCount + 1).fill(1, 0, found.cut + 1);
  goesLeft[column.missingBin] = found.missingLeft ? 1 : 0;
  return goesLeft;
}

function categoricalSides(
  histogram: Float64Array,
  offset: number,
  column: BinnedColumn,
  order: readonly number[],
  found: Candidate,
  total: LeafSums,
): Uint8Array {
  const goesLeft = new Uint8Array(column.binCount + 1);
  const left = found.descending ? order.slice(order.length - found.cut) : order.slice(0, found.cut);
  for (const bin of left) goesLeft[bin] = 1;
  const absent = (bin: number): boolean => histogram[offset + bin * STRIDE + 2] === 0;
  if (absent(column.missingBin)) goesLeft[column.missingBin] = found.left.rows * 2 > total.rows ? 1 : 0;
  // A category without a row in this leaf is as unknown here as a category never seen.
  for (let bin = 0; bin < column.binCount; bin++) if (absent(bin)) goesLeft[bin] = goesLeft[column.missingBin]!;
  return goesLeft;
}

/** The split of a leaf with the largest gain, or null where none helps. Ties go to the first column and the lowest cut. */
export function findSplit(
  histogram: Float64Array,
  layout: HistogramLayout,
  total: LeafSums,
  rules: SplitRules,
): Split | null {
  let best: Split | null = null;
  for (const [index, column] of layout.columns.entries()) {
    const offset = layout.offsets[index]!;
    const numeric = column.kind === 'numeric';
    const order = numeric ? [] : sortedBins(histogram, offset, column, rules.categoricalSmoothing);
    const found = numeric
      ? searchNumeric(histogram, offset, column, total, rules)
      : searchCategorical(histogram, offset, order, total, rules);
    if (found === null || found.gain <= (best?.gain ?? 0)) continue;
    const goesLeft = numeric
      ? numericSides(column, found)
      : categoricalSides(histogram, offset, column, order, found, total);
    best = { column: index, gain: found.gain, left: found.left, goesLeft, cutBin: found.cut };
  }
  return best;
}
