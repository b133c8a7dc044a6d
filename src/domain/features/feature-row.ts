/** From a request to the numbers a model reads: one row in the artifact's column order. */

interface StaticFeature {
  readonly kind: 'numeric' | 'categorical';
  readonly name: string;
  readonly input: string;
}

interface FreshFeature {
  readonly kind: 'outcomeRate';
  readonly name: string;
}

export interface BoundColumn {
  readonly name: string;
  readonly feature: StaticFeature | FreshFeature;
  readonly categories?: readonly string[] | undefined;
}

type Inputs = Readonly<Record<string, number | string | null>>;
type ReadColumn = (inputs: Inputs, fresh: Readonly<Record<string, number>>) => number;

/** Code of a category that the training data did not have. */
export const UNKNOWN_CATEGORY = -1;

/**
 * Compiles bound features into a row builder. Numeric: the number as sent, NaN where it is missing or no number. Categorical: index in
 * `categories`, -1 for an unknown one, NaN where it is missing. Outcome rate: the fresh value of the *feature's* name (which may differ
 * from the column's), NaN where there is none.
 * @returns a function that fills and returns a new row, or `into` where given.
 */
export function compileFeatureRow(
  columns: readonly BoundColumn[],
): (inputs: Inputs, fresh: Readonly<Record<string, number>>, into?: Float64Array) => Float64Array {
  const readers = columns.map(readerOf);
  return (inputs, fresh, into) => {
    const row = into ?? new Float64Array(readers.length);
    for (let index = 0; index < readers.length; index++) row[index] = readers[index]?.(inputs, fresh) ?? Number.NaN;
    return row;
  };
}

function readerOf(column: BoundColumn): ReadColumn {
  const { feature } = column;
  switch (feature.kind) {
    case 'numeric':
      return (inputs) => {
        const value = inputs[feature.input];
        return typeof value === 'number' ? value : Number.NaN;
      };
    case 'categorical': {
      const codes = new Map((column.categories ?? []).map((category, code) => [category, code]));
      return (inputs) => {
        const value = inputs[feature.input];
        if (value === null || value === undefined) return Number.NaN;
        return codes.get(String(value)) ?? UNKNOWN_CATEGORY;
      };
    }
    case 'outcomeRate':
      return (_inputs, fresh) => fresh[feature.name] ?? Number.NaN;
    default:
      return feature satisfies never;
  }
}
