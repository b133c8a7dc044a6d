import { stake } from './betting-martingale.ts';
import type { Direction } from './betting-martingale.ts';

/** Quantised streams have up to 2R + 1 values; beyond this many rows the table starts anew rather than grow. */
const ROWS_MAX = 65_536;

/**
 * ln(1 + η_g·stake) per difference value, for one margin and direction. A look needs each of them again and again, and computing
 * them is what it would otherwise spend its time on.
 */
export class FactorTable {
  private readonly rows = new Map<number, Float64Array>();
  private readonly etas: Float64Array;
  private readonly margin: number;
  private readonly direction: Direction;

  /** @param margin one that `requireMargin` takes */
  constructor(etas: Float64Array, margin: number, direction: Direction) {
    this.etas = etas;
    this.margin = margin;
    this.direction = direction;
  }

  /** ln factors of `value`, g ascending. Read only. */
  row(value: number): Float64Array {
    const known = this.rows.get(value);
    if (known !== undefined) return known;
    const x = stake(value, this.margin, this.direction);
    const row = this.etas.map((eta) => Math.log1p(eta * x));
    if (this.rows.size >= ROWS_MAX) this.rows.clear();
    this.rows.set(value, row);
    return row;
  }
}

/**
 * sums[g] = Σ_i counts[i]·rows[i][g], values in the order given. Eight betting fractions at a time: the additions of one must wait for
 * each other to keep their order, those of eight need not.
 */
export function sumRows(sums: Float64Array, rows: readonly Float64Array[], counts: readonly number[]): void {
  const whole = sums.length - (sums.length % 8);
  for (let g = 0; g < whole; g += 8) {
    let [s0, s1, s2, s3, s4, s5, s6, s7] = [0, 0, 0, 0, 0, 0, 0, 0];
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      const count = counts[i]!;
      s0 += count * row[g]!;
      s1 += count * row[g + 1]!;
      s2 += count * row[g + 2]!;
      s3 += count * row[g + 3]!;
      s4 += count * row[g + 4]!;
      s5 += count * row[g + 5]!;
      s6 += count * row[g + 6]!;
      s7 += count * row[g + 7]!;
    }
    sums[g] = s0;
    sums[g + 1] = s1;
    sums[g + 2] = s2;
    sums[g + 3] = s3;
    sums[g + 4] = s4;
    sums[g + 5] = s5;
    sums[g + 6] = s6;
    sums[g + 7] = s7;
  }
  for (let g = whole; g < sums.length; g++) {
    let sum = 0;
    for (let i = 0; i < rows.length; i++) sum += counts[i]! * rows[i]![g]!;
    sums[g] = sum;
  }
}

/** The sums over two sets of differences together, per betting fraction. */
export function addSums(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, g) => value + b[g]!);
}
