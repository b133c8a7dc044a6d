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
  /** Sum over both sides of G²/(H + l2). */
  value: number;
  /** The last bin on the left, by value (numeric) or in sorted order (categorical). */
  cut: number;
  missingLeft: boolean;
  /** Categorical: read the sorted bins from the other end. */
  descending: boolean;
  left: LeafSums;
}

/** What a cut must beat and keep, as plain numbers: the scans below are the second hottest loops of training. */
interface Bounds {
  gradient: number;
  hessian: number;
  rows: number;
  rowsMin: number;
  l2: number;
  /** Sum over both sides of G²/(H + l2) that gains nothing yet. */
  floor: number;
}

function boundsOf(total: LeafSums, rowsMin: number, l2: number): Bounds {
  const whole = (total.gradient * total.gradient) / (total.hessian + l2);
  return { gradient: total.gradient, hessian: total.hessian, rows: total.rows, rowsMin, l2, floor: whole + GAIN_MIN };
}

/** The best cut of one scan: `cut` bins taken in `order` (−1: none), and the value of the objective there. */
interface Scan {
  cut: number;
  value: number;
}

/** Takes the bins in order, from `start`'s sums on, and finds after which one both sides are worth most. */
function scan(histogram: Float64Array, places: Int32Array, cuts: number, start: LeafSums, bounds: Bounds): Scan {
  const { gradient: gradientAll, hessian: hessianAll, rows: rowsAll, rowsMin, l2 } = bounds;
  let { gradient, hessian, rows } = start;
  let cut = -1;
  let best = bounds.floor;
  for (let taken = 0; taken < cuts; taken++) {
    const at = places[taken]!;
    gradient += histogram[at]!;
    hessian += histogram[at + 1]!;
    rows += histogram[at + 2]!;
    const hessianRight = hessianAll - hessian;
    if (rows < rowsMin || hessian < HESSIAN_MIN || hessianRight < HESSIAN_MIN) continue;
    if (rowsAll - rows < rowsMin) break;
    const gradientRight = gradientAll - gradient;
    const value = (gradient * gradient) / (hessian + l2) + (gradientRight * gradientRight) / (hessianRight + l2);
    if (value <= best) continue;
    best = value;
    cut = taken;
  }
  return { cut, value: best };
}

function sumsUpTo(histogram: Float64Array, places: Int32Array, cut: number, start: LeafSums): LeafSums {
  let { gradient, hessian, rows } = start;
  for (let taken = 0; taken <= cut; taken++) {
    const at = places[taken]!;
    gradient += histogram[at]!;
    hessian += histogram[at + 1]!;
    rows += histogram[at + 2]!;
  }
  return { gradient, hessian, rows };
}

const NOTHING: LeafSums = { gradient: 0, hessian: 0, rows: 0 };

/** Scans the cuts in order, with the missing rows on the right and, where there are any, on the left as well. */
function searchNumeric(histogram: Float64Array, places: Int32Array, missing: number, bounds: Bounds): Candidate | null {
  const binCount = places.length;
  const missingSums = {
    gradient: histogram[missing]!,
    hessian: histogram[missing + 1]!,
    rows: histogram[missing + 2]!,
  };
  if (missingSums.rows === 0) {
    const { cut, value } = scan(histogram, places, binCount - 1, NOTHING, bounds);
    if (cut < 0) return null;
    const left = sumsUpTo(histogram, places, cut, NOTHING);
    // Nothing was learned about missing values here: they follow the larger side.
    return { value, cut, left, missingLeft: left.rows * 2 > bounds.rows, descending: false };
  }
  // The cut after the last bin separates the missing rows from all others.
  const right = scan(histogram, places, binCount, NOTHING, bounds);
  const left = scan(histogram, places, binCount - 1, missingSums, bounds);
  const missingLeft = left.value > right.value;
  const { cut, value } = missingLeft ? left : right;
  if (cut < 0) return null;
  const start = missingLeft ? missingSums : NOTHING;
  return { value, cut, missingLeft, descending: false, left: sumsUpTo(histogram, places, cut, start) };
}

/** Sorts by rank, ties by bin. Insertion into place: a call back into a comparator costs more than the moves it saves. */
function insertByRank(bins: number[], rank: Float64Array, bin: number): void {
  let at = bins.length;
  bins.push(bin);
  while (at > 0 && rank[bins[at - 1]!]! > rank[bin]!) {
    bins[at] = bins[at - 1]!;
    at--;
  }
  bins[at] = bin;
}

/** Bins with enough rows to have an opinion, by smoothed mean gradient (Fisher 1958: then some cut is optimal). */
function sortedBins(histogram: Float64Array, offset: number, column: BinnedColumn, smoothing: number): number[] {
  const bins: number[] = [];
  const rank = new Float64Array(column.binCount + 1);
  for (let bin = 0; bin <= column.binCount; bin++) {
    const at = offset + bin * STRIDE;
    if (histogram[at + 2]! < Math.max(1, smoothing)) continue;
    rank[bin] = histogram[at]! / (histogram[at + 1]! + smoothing);
    insertByRank(bins, rank, bin);
  }
  return bins;
}

function searchCategorical(
  histogram: Float64Array,
  offset: number,
  order: readonly number[],
  bounds: Bounds,
): Candidate | null {
  const upwards = new Int32Array(order.length);
  for (let i = 0; i < order.length; i++) upwards[i] = offset + order[i]! * STRIDE;
  const downwards = upwards.slice().reverse();
  // Bins too small to be sorted stay on the right, which is the high end in one scan and the low end in the other.
  const ascending = scan(histogram, upwards, upwards.length, NOTHING, bounds);
  const descending = scan(histogram, downwards, downwards.length, NOTHING, bounds);
  const down = descending.value > ascending.value;
  const { cut, value } = down ? descending : ascending;
  if (cut < 0) return null;
  const left = sumsUpTo(histogram, down ? downwards : upwards, cut, NOTHING);
  return { value, cut, missingLeft: false, descending: down, left };
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
  const left = found.descending ? order.slice(order.length - found.cut - 1) : order.slice(0, found.cut + 1);
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
  const numericBounds = boundsOf(total, rules.rowsPerLeafMin, rules.l2);
  const categoricalBounds = boundsOf(total, rules.rowsPerLeafMin, rules.l2 + rules.categoricalL2);
  for (const [index, column] of layout.columns.entries()) {
    const offset = layout.offsets[index]!;
    const numeric = column.kind === 'numeric';
    const bounds = numeric ? numericBounds : categoricalBounds;
    const order = numeric ? [] : sortedBins(histogram, offset, column, rules.categoricalSmoothing);
    const found = numeric
      ? searchNumeric(histogram, layout.places[index]!, offset + column.missingBin * STRIDE, bounds)
      : searchCategorical(histogram, offset, order, bounds);
    if (found === null) continue;
    const gain = found.value - bounds.floor;
    if (gain <= (best?.gain ?? 0)) continue;
    const goesLeft = numeric
      ? numericSides(column, found)
      : categoricalSides(histogram, offset, column, order, found, total);
    best = { column: index, gain, left: found.left, goesLeft, cutBin: found.cut };
  }
  return best;
}
