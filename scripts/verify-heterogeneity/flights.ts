/** The shipped flights as the product lands and assembles them, and models trained on them by the product's learner. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { openDataSource } from '../../src/adapters/data-source/index.ts';
import type { Dataset, DataSource } from '../../src/adapters/data-source/port.ts';
import { createObjectStore } from '../../src/adapters/object-store/index.ts';
import { modelFileSchema } from '../../src/contracts/model.ts';
import type { ModelDeclaration } from '../../src/contracts/model.ts';
import type { FeatureColumn, TrainingMatrix } from '../../src/domain/learning/matrix.ts';
import { compileScorer } from '../../src/domain/learning/model-artifact.ts';
import { createLearner } from '../../src/domain/learning/recipe.ts';
import { UNKNOWN_CATEGORY } from '../../src/domain/features/feature-row.ts';
import { DAY_MS, epochMs } from '../../src/domain/time.ts';

const WEEK_MS = 7 * DAY_MS;
/** Week 0 begins on Monday 1 January. */
const WEEKS_FROM = epochMs('2001-01-01');
/** By then the last label of any week has arrived. */
const LABELS_WITHIN_MS = DAY_MS;
const SEED = 1;

export interface Flights {
  declaration: ModelDeclaration;
  /** Weeks from `first` to before `end`, with these features, and labels as they arrived. */
  weeks(first: number, end: number, features: readonly string[]): Promise<Dataset>;
}

async function landAll(source: DataSource): Promise<Array<{ day: string; digest: string }>> {
  const landed: Array<{ day: string; digest: string }> = [];
  for (const { day, rows } of await source.partitions()) {
    if (rows === 0) continue;
    const { digest, blocked } = await source.landPartition(day);
    if (blocked === null) landed.push({ day, digest });
  }
  return landed;
}

/** @param folder where prepared rows are kept; found again there by the next run */
export async function openFlights(folder: string): Promise<Flights> {
  const declaration = modelFileSchema.parse(parse(readFileSync('models/flight-delay.yaml', 'utf8')));
  const store = createObjectStore({ kind: 'local-folder', folder: join(folder, 'store') });
  const source = await openDataSource(declaration, { baseDir: process.cwd(), workDir: join(folder, 'work'), store });
  const partitions = await landAll(source);
  return {
    declaration,
    weeks: (first, end, features) => {
      const [from, until] = [WEEKS_FROM + first * WEEK_MS, WEEKS_FROM + end * WEEK_MS];
      const near = (day: string) => epochMs(day) >= from - 2 * DAY_MS && epochMs(day) <= until + DAY_MS;
      return source.assembleDataset({
        partitions: partitions.filter(({ day }) => near(day)),
        asOf: until + LABELS_WITHIN_MS,
        window: { from, until },
        features,
      });
    },
  };
}

/** Rows of a matrix where `isIn`. */
export function rowsWhere({ rows, columns, labels }: TrainingMatrix, isIn: (row: number) => boolean): TrainingMatrix {
  const kept = Int32Array.from({ length: rows }, (_, row) => row).filter(isIn);
  const pick = (values: Float64Array) => Float64Array.from(kept, (row) => values[row]!);
  return {
    rows: kept.length,
    labels: pick(labels),
    columns: columns.map((column) => ({ ...column, values: pick(column.values) })),
  };
}

/** Predicted probability of each row of a dataset. */
export type Model = (dataset: Dataset) => Float64Array;

/** Trains a recipe of the declaration; categories are those of the rows it learns from, as in the product. */
export function train(
  { recipes }: ModelDeclaration,
  recipeName: string,
  { categories }: Dataset,
  matrix: TrainingMatrix,
): Model {
  const { trainer, options, features } = recipes[recipeName]!;
  const columns = features.map((name) => matrix.columns.find((column) => column.name === name)!);
  const learner = createLearner(
    { kind: trainer, options },
    { matrix: { ...matrix, columns }, objective: 'binary', seed: SEED },
  );
  while (learner.step());
  const score = compileScorer(learner.artifact());
  return (dataset) => {
    const served = columns.map((column) => servedColumn(column, categories, dataset));
    const row = new Float64Array(columns.length);
    return Float64Array.from({ length: dataset.matrix.rows }, (_, i) => {
      for (let c = 0; c < row.length; c++) row[c] = served[c]![i]!;
      return score(row);
    });
  };
}

/** A dataset's column in the codes of the rows the model learned from. */
function servedColumn({ name }: FeatureColumn, known: Dataset['categories'], dataset: Dataset): Float64Array {
  const { values, kind } = dataset.matrix.columns.find((column) => column.name === name)!;
  if (kind === 'numeric') return values;
  const codes = new Map(known[name]!.map((category, code) => [category, code]));
  const recoded = dataset.categories[name]!.map((category) => codes.get(category) ?? UNKNOWN_CATEGORY);
  return values.map((code) => recoded[code] ?? NaN);
}
