import { LearningError } from './learning-error.ts';

/** One feature of every row. */
export interface FeatureColumn {
  name: string;
  kind: 'numeric' | 'categorical';
  /** Numeric: finite, or NaN for missing. Categorical: an integer code >= 0, or -1 / NaN for unknown. */
  values: Float64Array;
  /** Categorical only: codes lie in [0, cardinality). Derived from the largest code where absent. */
  cardinality?: number;
}

/** What a recipe learns from: columns of equal length and one label a row. */
export interface TrainingMatrix {
  rows: number;
  columns: readonly FeatureColumn[];
  /** 0…1 (an event, or the share of it) for binary objectives; any finite number for regression. */
  labels: Float64Array;
}

export type Objective = 'binary' | 'regression';

/** A category costs one bit in every split on its column: beyond this an artifact stops being small. */
export const CARDINALITY_MAX = 4096;

function refuse(field: string, fault: string): never {
  throw new LearningError('LEARNING_MATRIX_INVALID', field, fault);
}

/** Number of codes of a categorical column, declared or seen; 0 where every value is unknown. */
export function cardinalityOf(column: FeatureColumn): number {
  if (column.cardinality !== undefined) return column.cardinality;
  let largest = -1;
  for (const code of column.values) if (code > largest) largest = code;
  return largest + 1;
}

function checkNumeric(column: FeatureColumn, field: string): void {
  const row = column.values.findIndex((value) => value === Infinity || value === -Infinity);
  if (row >= 0) refuse(field, `row ${row} of '${column.name}' is infinite; write NaN for a missing value`);
}

function checkCategorical(column: FeatureColumn, field: string): void {
  const cardinality = cardinalityOf(column);
  if (!Number.isInteger(cardinality) || cardinality < 0 || cardinality > CARDINALITY_MAX)
    refuse(
      field,
      `'${column.name}' has cardinality ${cardinality}, allowed is 0…${CARDINALITY_MAX}; give rare categories one code`,
    );
  const row = column.values.findIndex((code) => code < -1 || code >= cardinality || (code === code && code % 1 !== 0));
  if (row >= 0)
    refuse(
      field,
      `row ${row} of '${column.name}' is ${column.values[row]}; a code is an integer in [0, ${cardinality}), or -1 or NaN for unknown`,
    );
}

function checkLabels(matrix: TrainingMatrix, objective: Objective): void {
  if (matrix.labels.length !== matrix.rows) refuse('labels', `${matrix.labels.length} labels for ${matrix.rows} rows`);
  const legal = objective === 'binary' ? (y: number) => y >= 0 && y <= 1 : (y: number) => Number.isFinite(y);
  const row = matrix.labels.findIndex((label) => !legal(label));
  const allowed = objective === 'binary' ? 'a number in 0…1' : 'a finite number';
  if (row >= 0)
    refuse('labels', `row ${row} is ${matrix.labels[row]}; a label is ${allowed}; leave unlabelled rows out`);
}

/**
 * Refuses a matrix no recipe could learn from.
 * @throws LearningError LEARNING_MATRIX_INVALID, naming column and row
 */
export function checkMatrix(matrix: TrainingMatrix, objective: Objective): void {
  if (!Number.isInteger(matrix.rows) || matrix.rows < 1) refuse('rows', `is ${matrix.rows}; at least 1 row is needed`);
  if (matrix.columns.length === 0) refuse('columns', 'is empty; at least 1 feature is needed');
  const names = new Set<string>();
  for (const [index, column] of matrix.columns.entries()) {
    const field = `columns[${index}]`;
    if (names.has(column.name)) refuse(field, `the name '${column.name}' occurs twice`);
    names.add(column.name);
    if (column.values.length !== matrix.rows)
      refuse(field, `'${column.name}' has ${column.values.length} values for ${matrix.rows} rows`);
    if (column.kind === 'numeric') checkNumeric(column, field);
    else checkCategorical(column, field);
  }
  checkLabels(matrix, objective);
}

/**
 * A 64-bit digest of everything learned from, to notice that progress belongs to other data. FNV-1a over 32-bit words,
 * twice with different offsets: guards against mistakes, not against forgery.
 */
export function matrixFingerprint(matrix: TrainingMatrix): string {
  let low = 0x811c9dc5;
  let high = 0x01000193;
  const mix = (word: number): void => {
    low = Math.imul(low ^ word, 0x01000193);
    high = Math.imul(high ^ word, 0x85ebca6b) ^ (high >>> 13);
  };
  const mixAll = (values: Float64Array): void => {
    const words = new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
    for (const word of words) mix(word);
  };
  for (const column of matrix.columns) {
    for (let i = 0; i < column.name.length; i++) mix(column.name.charCodeAt(i));
    mix(column.kind === 'numeric' ? 1 : 2);
    mixAll(column.values);
  }
  mixAll(matrix.labels);
  const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, '0');
  return `${matrix.rows}x${matrix.columns.length}:${hex(high)}${hex(low)}`;
}
