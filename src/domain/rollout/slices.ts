/** Slices: named subsets of units, chosen by what callers sent with a request and never by outcome or score. Pure. */

export type SliceCondition =
  | ReadonlyArray<string | number>
  | { readonly min?: number | undefined; readonly max?: number | undefined };

export interface Slice {
  readonly id: string;
  /** Input → one of these values, or a range with both ends included; all conditions hold for a unit of the slice. */
  readonly where: Readonly<Record<string, SliceCondition>>;
}

/** Whether a unit belongs to a slice. An input that is missing belongs to no value and no range. */
export function isInSlice(slice: Slice, inputs: Readonly<Record<string, string | number | null | undefined>>): boolean {
  return Object.entries(slice.where).every(([input, condition]) => {
    const value = inputs[input];
    if (value === null || value === undefined) return false;
    if (!isList(condition)) {
      const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = condition;
      return typeof value === 'number' && value >= min && value <= max;
    }
    return condition.includes(value);
  });
}

const isList = (condition: SliceCondition): condition is ReadonlyArray<string | number> => Array.isArray(condition);
