import { type FeatureColumn, cardinalityOf } from './matrix.ts';

/** A column reduced to at most 256 values, one byte a row: what histograms are made of. */
export interface BinnedColumn {
  kind: 'numeric' | 'categorical';
  /** Bin of every row; `missingBin` where the value is missing or unknown. */
  bins: Uint8Array;
  binCount: number;
  /** Always the bin after the last: histograms hold binCount + 1 entries. */
  missingBin: number;
  /** Numeric: bin b holds the values in (cuts[b-1], cuts[b]]; the last cut is the largest double. */
  cuts: Float64Array;
  /** Categorical: bin of every code, `missingBin` for codes that did not occur or are too rare for a bin. */
  binOfCode: Uint8Array;
}

const NONE = new Uint8Array(0);

/** Halfway to the next value, so that unseen values between two seen ones go to the nearer side. */
function cutBetween(lower: number, upper: number): number {
  const middle = lower + (upper - lower) / 2;
  const cut = middle > lower && middle < upper ? middle : lower;
  return cut === 0 ? 0 : cut; // never −0, which JSON does not keep
}

function presentSorted(values: Float64Array): Float64Array {
  return values.filter((value) => value === value).sort();
}

/** Cuts that split the values into at most `binsMax` bins of about equal counts; equal values never part. */
function quantileCuts(sorted: Float64Array, binsMax: number): Float64Array {
  const distinct: number[] = [];
  const cumulated: number[] = [];
  for (let i = 0; i < sorted.length; i++) {
    const value = sorted[i]!;
    if (i + 1 < sorted.length && sorted[i + 1] === value) continue;
    distinct.push(value);
    cumulated.push(i + 1);
  }
  const cuts: number[] = [];
  let binsLeft = binsMax;
  let counted = 0;
  for (let d = 0; d + 1 < distinct.length; d++) {
    const inBin = cumulated[d]! - counted;
    const valuesLeft = distinct.length - 1 - d;
    // The target is renewed after each bin: one heavy value then does not starve the bins behind it.
    if (valuesLeft > binsLeft - 1 && inBin < (sorted.length - counted) / binsLeft) continue;
    if (binsLeft === 1) break;
    cuts.push(cutBetween(distinct[d]!, distinct[d + 1]!));
    counted = cumulated[d]!;
    binsLeft--;
  }
  return Float64Array.from([...cuts, Number.MAX_VALUE]);
}

/** Index of the first cut >= value: the value's bin. */
function binOf(cuts: Float64Array, value: number): number {
  let low = 0;
  let high = cuts.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (value <= cuts[middle]!) high = middle;
    else low = middle + 1;
  }
  return low;
}

function binNumeric(column: FeatureColumn, binsMax: number): BinnedColumn {
  const sorted = presentSorted(column.values);
  const cuts = quantileCuts(sorted, binsMax);
  const bins = new Uint8Array(column.values.length);
  for (let row = 0; row < bins.length; row++) {
    const value = column.values[row]!;
    bins[row] = value === value ? binOf(cuts, value) : cuts.length;
  }
  return { kind: 'numeric', bins, binCount: cuts.length, missingBin: cuts.length, cuts, binOfCode: NONE };
}

function binCategorical(column: FeatureColumn, binsMax: number): BinnedColumn {
  const counts = new Float64Array(cardinalityOf(column));
  for (const code of column.values) if (code >= 0) counts[code]!++;
  const kept = Array.from(counts.keys())
    .filter((code) => counts[code]! > 0)
    .sort((a, b) => counts[b]! - counts[a]! || a - b)
    .slice(0, binsMax)
    .sort((a, b) => a - b);
  const missingBin = kept.length;
  const binOfCode = new Uint8Array(counts.length).fill(missingBin);
  for (const [bin, code] of kept.entries()) binOfCode[code] = bin;
  const bins = Uint8Array.from(column.values, (code) => (code >= 0 ? binOfCode[code]! : missingBin));
  return { kind: 'categorical', bins, binCount: kept.length, missingBin, cuts: new Float64Array(0), binOfCode };
}

/** Bins one column; `binsMax` <= 255 leaves room for the missing bin in a byte. */
export function binColumn(column: FeatureColumn, binsMax: number): BinnedColumn {
  return column.kind === 'numeric' ? binNumeric(column, binsMax) : binCategorical(column, binsMax);
}
