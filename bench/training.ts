import { cpus } from 'node:os';
import { createBooster } from '../src/domain/learning/gradient-boosting.ts';
import type { FeatureColumn, TrainingMatrix } from '../src/domain/learning/matrix.ts';
import { compileScorer } from '../src/domain/learning/model-artifact.ts';

const ROWS = 200_000;
const CATEGORIES = 229;

/** Six numeric and two categorical columns with a learnable label: the size of half a month of the example's flights. */
function benchMatrix(): TrainingMatrix {
  let state = 1;
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 0) / 2 ** 32;
  };
  const numeric = (index: number): FeatureColumn => ({
    name: `numeric${index}`,
    kind: 'numeric',
    values: Float64Array.from({ length: ROWS }, () => (uniform() < 0.05 ? NaN : uniform() * 10)),
  });
  const categorical = (index: number): FeatureColumn => ({
    name: `category${index}`,
    kind: 'categorical',
    cardinality: CATEGORIES,
    values: Float64Array.from({ length: ROWS }, () => Math.floor(uniform() ** 2 * CATEGORIES)),
  });
  const columns = [...[0, 1, 2, 3, 4, 5].map(numeric), categorical(0), categorical(1)];
  const labels = Float64Array.from({ length: ROWS }, (_, row) => {
    const [a = 0, b = 0] = columns.map((column) => column.values[row]!);
    const category = columns[6]!.values[row]!;
    const z = Math.sin(a || 0) + (b > 5 ? 0.5 : -0.5) + ((category * 37) % 11) / 11 - 1;
    return uniform() < 1 / (1 + Math.exp(-z)) ? 1 : 0;
  });
  return { rows: ROWS, columns, labels };
}

/** Processor seconds are what the code costs; wall seconds also count whoever else uses the machine. */
function measure(work: () => void): { wall: number; processor: number } {
  const wallFrom = performance.now();
  const processorFrom = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(processorFrom);
  return { wall: (performance.now() - wallFrom) / 1000, processor: (user + system) / 1e6 };
}

const matrix = benchMatrix();
const settings = { objective: 'binary', seed: 1, options: { trees: 100, leaves: 31 } } as const;
let booster = createBooster(matrix, settings);
const training = measure(() => {
  booster = createBooster(matrix, settings);
  while (booster.step());
});
const score = compileScorer(booster.artifact());
const rows = Array.from({ length: 1000 }, (_, row) =>
  Float64Array.from(matrix.columns, (column) => column.values[row]!),
);
const scoring = measure(() => {
  for (let repeat = 0; repeat < 200; repeat++) for (const row of rows) score(row);
});

console.log(`machine   ${cpus()[0]?.model.trim()} × ${cpus().length}, Node ${process.version}`);
console.log(
  `training  ${training.wall.toFixed(2)} s (processor ${training.processor.toFixed(2)} s) for ${ROWS} rows × ${matrix.columns.length} columns, ${booster.iterations} trees × 31 leaves, binning included`,
);
console.log(`          log loss ${booster.trainLoss().toFixed(5)}`);
console.log(`scoring   ${((scoring.processor / 200_000) * 1e6).toFixed(2)} µs a row`);
