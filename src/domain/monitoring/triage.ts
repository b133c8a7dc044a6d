/** Sorting by symptom: which slice of the units carries the extra loss. A hint for people, and the rows of the new validation case. */
import type { LabelledUnit } from './performance.ts';

export interface WithInputs {
  readonly inputs: Readonly<Record<string, number | string | null>>;
}

export interface SliceFinding {
  readonly input: string;
  readonly value: string;
  readonly units: number;
  /** Share of all units, 0 to 1. */
  readonly unitShare: number;
  /** Extra loss of the slice, summed over its units. */
  readonly excess: number;
  /** Share of the extra loss of all slices of this input that have any, 0 to 1. */
  readonly excessShare: number;
}

/** Smaller slices are noise: their extra loss is one unit's luck. */
const SLICE_UNITS_MIN = 30;
/** A slice names the cause when it carries at least this share of the extra loss … */
const DOMINANT_EXCESS_SHARE = 0.5;
/** … with at most this share of the units; else the trouble is everywhere. */
const DOMINANT_UNIT_SHARE = 0.5;

/**
 * The slices with the largest extra loss, largest first; ties in order of input and value.
 * @param inputs categorical inputs to look at
 * @param excess extra loss of one unit against what it is compared with
 */
export function worstSlices(
  units: ReadonlyArray<LabelledUnit & WithInputs>,
  inputs: readonly string[],
  excess: (unit: LabelledUnit) => number,
  limit = 3,
): SliceFinding[] {
  return inputs
    .flatMap((input) => slicesOf(units, input, excess))
    .sort((a, b) => b.excess - a.excess || compare(a.input, b.input) || compare(a.value, b.value))
    .slice(0, limit);
}

function slicesOf(
  units: ReadonlyArray<LabelledUnit & WithInputs>,
  input: string,
  excess: (unit: LabelledUnit) => number,
): SliceFinding[] {
  const groups = new Map<string, { units: number; excess: number }>();
  for (const unit of units) {
    const value = unit.inputs[input];
    if (value === null || value === undefined) continue;
    const group = groups.get(String(value)) ?? { units: 0, excess: 0 };
    group.units += 1;
    group.excess += excess(unit);
    groups.set(String(value), group);
  }
  const all = [...groups].filter(([, group]) => group.excess > 0);
  const total = all.reduce((sum, [, group]) => sum + group.excess, 0);
  return all
    .filter(([, group]) => group.units >= SLICE_UNITS_MIN)
    .map(([value, group]) => ({
      input,
      value,
      units: group.units,
      unitShare: group.units / units.length,
      excess: group.excess,
      excessShare: group.excess / total,
    }));
}

/** The one slice that explains the trouble, or null when it is spread. */
export function dominantSlice(slices: readonly SliceFinding[]): SliceFinding | null {
  const dominant = slices.find(
    ({ excessShare, unitShare }) => excessShare >= DOMINANT_EXCESS_SHARE && unitShare <= DOMINANT_UNIT_SHARE,
  );
  return dominant ?? null;
}

/** Condition of a validation case over the rows' inputs, DuckDB SQL; `true` selects all. */
export function sliceCondition(slice: SliceFinding | null): string {
  if (slice === null) return 'true';
  return `"${slice.input.replaceAll('"', '""')}" = '${slice.value.replaceAll("'", "''")}'`;
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
