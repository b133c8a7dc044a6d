import { type BinnedColumn, binColumn } from './binning.ts';
import { compileBinned } from './binned-walk.ts';
import type { Learner } from './learner.ts';
import { LearningError } from './learning-error.ts';
import { type Objective, type TrainingMatrix, checkMatrix, matrixFingerprint } from './matrix.ts';
import type { GradientBoostingArtifact } from './model-artifact.ts';
import { type ObjectiveFunction, objectiveFunctions } from './objective.ts';
import { type OptionValues, range, readOptions } from './options.ts';
import { type GrowthRules, createNursery, growTree } from './tree-growth.ts';
import { type Tree, readTree } from './tree.ts';

/** What a gradient-boosting recipe may set. */
export const gradientBoostingOptions = {
  trees: range(100, 1, 10_000, 'Trees grown at most'),
  leaves: range(31, 2, 1024, 'Leaves of a tree at most'),
  depthMax: range(32, 1, 64, 'Splits on the way to a leaf at most'),
  learningRate: range(0.1, 1e-4, 1, 'Share of each leaf value that is added', false),
  rowsPerLeafMin: range(20, 1, 1e9, 'Rows a leaf needs'),
  l2: range(0, 0, 1e9, 'Shrinks leaf values: added to the sum of second derivatives', false),
  bins: range(255, 2, 255, 'Distinct values kept of a column'),
  categoricalSmoothing: range(
    10,
    0,
    1e6,
    'Pulls the mean gradient of rare categories to 0 when they are sorted',
    false,
  ),
  categoricalL2: range(10, 0, 1e9, 'L2 in addition, when splits on categories are compared', false),
  rowFraction: range(1, 0.01, 1, 'Share of rows each tree learns from, drawn by the seed', false),
  earlyStopRounds: range(0, 0, 10_000, 'Stop after so many trees without gain on the last rows; 0 = never'),
  earlyStopShare: range(0.1, 0.01, 0.5, 'Share of the last rows held out for stopping: order rows by time', false),
};
type Options = OptionValues<typeof gradientBoostingOptions>;

export interface BoosterSettings {
  objective: Objective;
  seed: number;
  /** See `gradientBoostingOptions`; what is not given takes its default. */
  options: Readonly<Record<string, unknown>>;
}

/** Everything needed, with the same matrix and settings, to go on. JSON-safe; 1.5–3 KB a tree of 31 leaves. */
export interface BoostingProgress {
  kind: 'gradient-boosting';
  /** Of matrix and settings: progress on other data is refused. */
  fingerprint: string;
  trees: Tree[];
}

interface Boosting {
  matrix: TrainingMatrix;
  settings: BoosterSettings;
  options: Options;
  objective: ObjectiveFunction;
  columns: readonly BinnedColumn[];
  /** Rows learned from; the rest is held out for early stopping. */
  learnRows: number;
  baseScore: number;
  scores: Float64Array;
  trees: Tree[];
  bestHoldoutLoss: number;
  /** Trees up to and including the one with the best loss on the held-out rows. */
  bestTrees: number;
}

/** True where the row takes part in the tree: a hash, so that no generator's state has to survive a crash. */
function drawn(seed: number, tree: number, row: number, fraction: number): boolean {
  let hash = Math.imul(row + 1, 0x9e3779b1) ^ Math.imul(tree + 1, 0x85ebca77) ^ Math.imul(seed + 1, 0xc2b2ae3d);
  hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  hash = Math.imul(hash ^ (hash >>> 15), 0x846ca68b);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32 < fraction;
}

/** Adds one tree to the scores of rows [from, to), except those `skip` names. */
function addTree(state: Boosting, tree: Tree, from: number, to: number, skip?: (row: number) => boolean): void {
  const valueOf = compileBinned(tree, state.columns);
  for (let row = from; row < to; row++) if (skip?.(row) !== true) state.scores[row]! += valueOf(row);
}

/** Notes how well the held-out rows are predicted now; a no-op where nothing is held out. */
function watchHoldout(state: Boosting): void {
  const { matrix, learnRows } = state;
  if (learnRows === matrix.rows) {
    state.bestTrees = state.trees.length;
    return;
  }
  const loss = state.objective.meanLoss(matrix.labels, state.scores, learnRows, matrix.rows);
  if (loss >= state.bestHoldoutLoss) return;
  state.bestHoldoutLoss = loss;
  state.bestTrees = state.trees.length;
}

function begin(matrix: TrainingMatrix, settings: BoosterSettings): Boosting {
  checkMatrix(matrix, settings.objective);
  const options = readOptions(gradientBoostingOptions, settings.options);
  const heldOut = options.earlyStopRounds === 0 ? 0 : Math.floor(matrix.rows * options.earlyStopShare);
  const learnRows = matrix.rows - heldOut;
  const objective = objectiveFunctions[settings.objective];
  const baseScore = objective.baseScore(matrix.labels, learnRows);
  const state = {
    matrix,
    settings,
    options,
    objective,
    learnRows,
    baseScore,
    columns: matrix.columns.map((column) => binColumn(column, options.bins)),
    scores: new Float64Array(matrix.rows).fill(baseScore),
    trees: [],
    bestHoldoutLoss: Infinity,
    bestTrees: 0,
  };
  watchHoldout(state);
  return state;
}

function fingerprintOf({ matrix, settings, options }: Boosting): string {
  return `${matrixFingerprint(matrix)}/${settings.objective}/${settings.seed}/${Object.values(options).join(',')}`;
}

function restore(state: Boosting, progress: BoostingProgress, fingerprint: string): void {
  if (progress.kind !== 'gradient-boosting' || progress.fingerprint !== fingerprint)
    throw new LearningError(
      'LEARNING_PROGRESS_MISMATCH',
      'fingerprint',
      `progress of ${progress.fingerprint} cannot go on with ${fingerprint}; begin without progress`,
    );
  const kinds = state.matrix.columns.map((column) => column.kind);
  for (const [index, found] of progress.trees.entries()) {
    const tree = readTree(found, `trees[${index}]`, kinds);
    addTree(state, tree, 0, state.matrix.rows);
    state.trees.push(tree);
    watchHoldout(state);
  }
}

/** Puts the rows the next tree learns from first, in their order, and returns how many they are. */
function drawRows(state: Boosting, rows: Int32Array): number {
  const { options, settings, trees, learnRows } = state;
  let count = 0;
  for (let row = 0; row < learnRows; row++)
    if (options.rowFraction === 1 || drawn(settings.seed, trees.length, row, options.rowFraction)) rows[count++] = row;
  return count;
}

function artifactOf(state: Boosting): GradientBoostingArtifact {
  return {
    kind: 'gradient-boosting',
    version: 1,
    objective: state.settings.objective,
    featureNames: state.matrix.columns.map((column) => column.name),
    featureKinds: state.matrix.columns.map((column) => column.kind),
    baseScore: state.baseScore,
    trees: state.trees.slice(0, state.bestTrees),
  };
}

/**
 * Histogram gradient boosting (Friedman 2001; histograms and leaf-wise growth as in LightGBM, Ke et al. 2017).
 * Missing values have a bin and a learned side; categories are sorted by gradient statistics. The same matrix and settings
 * give the same trees to the last bit, also across `progress()` → JSON → `resumeFrom`.
 * @throws LearningError LEARNING_MATRIX_INVALID, LEARNING_OPTION_INVALID, LEARNING_PROGRESS_MISMATCH
 */
export function createBooster(
  matrix: TrainingMatrix,
  settings: BoosterSettings,
  resumeFrom?: BoostingProgress,
): Learner<BoostingProgress> {
  const state = begin(matrix, settings);
  const { options, objective, scores } = state;
  const fingerprint = fingerprintOf(state);
  const nursery = createNursery(state.columns, state.learnRows);
  const derivatives = { gradients: new Float64Array(matrix.rows), hessians: new Float64Array(matrix.rows) };
  const rules: GrowthRules = options;
  if (resumeFrom !== undefined) restore(state, resumeFrom, fingerprint);
  let exhausted = false;

  function finished(): boolean {
    const stale = options.earlyStopRounds > 0 && state.trees.length - state.bestTrees >= options.earlyStopRounds;
    return exhausted || stale || state.trees.length >= options.trees;
  }

  return {
    get iterations() {
      return state.trees.length;
    },
    iterationsMax: options.trees,
    step() {
      if (finished()) return false;
      objective.derive(matrix.labels, scores, state.learnRows, derivatives.gradients, derivatives.hessians);
      const count = drawRows(state, nursery.rows);
      const { tree, leafRows } = growTree(nursery, count, derivatives, rules);
      exhausted = tree.feature.length === 0;
      if (exhausted) return false;
      for (const [leaf, [start, end]] of leafRows.entries())
        for (let i = start; i < end; i++) scores[nursery.rows[i]!]! += tree.leafValues[leaf]!;
      const learned = (row: number): boolean => drawn(settings.seed, state.trees.length, row, options.rowFraction);
      if (options.rowFraction < 1) addTree(state, tree, 0, state.learnRows, learned);
      addTree(state, tree, state.learnRows, matrix.rows);
      state.trees.push(tree);
      watchHoldout(state);
      return !finished();
    },
    trainLoss: () => objective.meanLoss(matrix.labels, scores, 0, state.learnRows),
    progress: () => ({ kind: 'gradient-boosting', fingerprint, trees: state.trees.slice() }),
    artifact: () => artifactOf(state),
  };
}
