import { LearningError } from './learning-error.ts';
import { type FeatureColumn, type TrainingMatrix, cardinalityOf } from './matrix.ts';
import type { LinearTerm } from './model-artifact.ts';

/** Newton's matrix has the square of this many entries, and its factorisation the cube of operations. */
export const COEFFICIENTS_MAX = 2048;

/** Which coefficients one column has. */
interface ColumnCoding {
  column: FeatureColumn;
  /** Numeric: standardisation. */
  mean: number;
  scale: number;
  /** Numeric: coefficient of the value. */
  value: number;
  /** Numeric: coefficient of "missing"; −1 where no value is. */
  missing: number;
  /** Categorical: coefficient of every code; −1 for codes that do not occur. */
  ofCode: Int32Array;
}

/**
 * A linear model's view of a matrix: numeric columns standardised (missing = mean, with an indicator of its own), categories
 * one-hot. Every row has at most one coefficient a column, so it is stored as that coefficient and its factor.
 */
export interface DesignMatrix {
  /** The intercept is coefficient 0. */
  coefficients: number;
  /** Entries a row: the intercept and one a column. */
  width: number;
  /** coefficient[row × width + i], ascending within a row; −1 for none. */
  coefficient: Int32Array;
  factor: Float64Array;
  codings: readonly ColumnCoding[];
}

/** Mean and standard deviation of the present values; 1 for a column that does not vary, so that it divides. */
function standardisation(values: Float64Array): { mean: number; scale: number; missing: number } {
  let count = 0;
  let mean = 0;
  let squares = 0;
  // Welford 1962: one pass, without the cancellation of a sum of squares.
  for (const value of values) {
    if (value !== value) continue;
    count++;
    const delta = value - mean;
    mean += delta / count;
    squares += delta * (value - mean);
  }
  const deviation = count === 0 ? 0 : Math.sqrt(squares / count);
  return { mean, scale: deviation > 0 ? deviation : 1, missing: values.length - count };
}

function codeColumn(column: FeatureColumn, index: number, first: number): { coding: ColumnCoding; next: number } {
  if (column.kind === 'numeric') {
    const { mean, scale, missing } = standardisation(column.values);
    if (!Number.isFinite(scale))
      throw new LearningError(
        'LEARNING_MATRIX_INVALID',
        `columns[${index}]`,
        `the values of '${column.name}' are too large to be standardised; scale them down`,
      );
    const coding = { column, mean, scale, value: first, missing: missing > 0 ? first + 1 : -1 };
    return { coding: { ...coding, ofCode: new Int32Array(0) }, next: first + (missing > 0 ? 2 : 1) };
  }
  const ofCode = new Int32Array(cardinalityOf(column)).fill(-1);
  for (const code of column.values) if (code >= 0) ofCode[code] = 0;
  let next = first;
  for (let code = 0; code < ofCode.length; code++) if (ofCode[code] === 0) ofCode[code] = next++;
  return { coding: { column, mean: 0, scale: 1, value: -1, missing: -1, ofCode }, next };
}

function fillColumn(design: DesignMatrix, coding: ColumnCoding, position: number): void {
  const { column, mean, scale, value, missing, ofCode } = coding;
  for (let row = 0; row < column.values.length; row++) {
    const at = row * design.width + position;
    const found = column.values[row]!;
    if (column.kind === 'categorical') {
      design.coefficient[at] = found >= 0 ? ofCode[found]! : -1;
      design.factor[at] = 1;
    } else {
      const present = found === found;
      design.coefficient[at] = present ? value : missing;
      design.factor[at] = present ? (found - mean) / scale : 1;
    }
  }
}

/** @throws LearningError LEARNING_MATRIX_INVALID where there are more coefficients than a Newton step can bear */
export function designMatrix(matrix: TrainingMatrix): DesignMatrix {
  const codings: ColumnCoding[] = [];
  let coefficients = 1;
  for (const [index, column] of matrix.columns.entries()) {
    const { coding, next } = codeColumn(column, index, coefficients);
    codings.push(coding);
    coefficients = next;
  }
  if (coefficients > COEFFICIENTS_MAX)
    throw new LearningError(
      'LEARNING_MATRIX_INVALID',
      'columns',
      `need ${coefficients} coefficients, at most ${COEFFICIENTS_MAX} are supported; join rare categories, or use gradient-boosting`,
    );
  const width = codings.length + 1;
  const design: DesignMatrix = {
    coefficients,
    width,
    codings,
    coefficient: new Int32Array(matrix.rows * width),
    factor: new Float64Array(matrix.rows * width),
  };
  for (let row = 0; row < matrix.rows; row++) design.factor[row * width] = 1;
  for (const [index, coding] of codings.entries()) fillColumn(design, coding, index + 1);
  return design;
}

/** The weights, put back in terms of the features. */
export function linearTerms(design: DesignMatrix, weights: Float64Array): LinearTerm[] {
  const weightAt = (coefficient: number): number => (coefficient < 0 ? 0 : weights[coefficient]!);
  return design.codings.map(({ column, mean, scale, value, missing, ofCode }) =>
    column.kind === 'numeric'
      ? { kind: 'numeric', mean, scale, weight: weightAt(value), missingWeight: weightAt(missing) }
      : { kind: 'categorical', weights: Array.from(ofCode, weightAt) },
  );
}
