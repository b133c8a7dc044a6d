import { requireMargin, stake } from './betting-martingale.ts';
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

  constructor(etas: Float64Array, margin: number, direction: Direction) {
    requireMargin(margin, direction);
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

/** sums[g] += count·row[g]. */
export function addScaled(sums: Float64Array, count: number, row: Float64Array): void {
  for (let g = 0; g < sums.length; g++) sums[g]! += count * row[g]!;
}

export function addSums(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, g) => value + b[g]!);
}
