import type { BinnedColumn } from './binning.ts';
import {
  type GatheredRows,
  type HistogramLayout,
  fillHistogram,
  layoutHistogram,
  subtractHistogram,
} from './histogram.ts';
import { type LeafSums, type Split, type SplitRules, findSplit } from './split-search.ts';
import type { Tree } from './tree.ts';

export interface GrowthRules extends SplitRules {
  leaves: number;
  depthMax: number;
  learningRate: number;
}

interface Leaf extends LeafSums {
  /** The leaf's rows are rows[start … end). */
  start: number;
  end: number;
  depth: number;
  histogram: Float64Array | null;
  split: Split | null;
  /** The branch that points here, to be redirected when the leaf is split; −1 for the root. */
  parent: number;
  side: 'left' | 'right';
}

/** Everything one tree needs that outlives it: allocated once, reused by every tree. */
export interface TreeNursery {
  layout: HistogramLayout;
  rows: Int32Array;
  scratch: Int32Array;
  gathered: Derivatives;
  spare: Float64Array[];
}

export function createNursery(columns: readonly BinnedColumn[], rowCount: number): TreeNursery {
  const rows = new Int32Array(rowCount);
  const gathered = { gradients: new Float64Array(rowCount), hessians: new Float64Array(rowCount) };
  return { layout: layoutHistogram(columns), rows, scratch: new Int32Array(rowCount), gathered, spare: [] };
}

/** A tree with, for every leaf, the rows that fell into it. */
export interface GrownTree {
  tree: Tree;
  /** leafRows[i] = [start, end) in the nursery's `rows`. */
  leafRows: readonly (readonly [start: number, end: number])[];
}

/** Derivatives of the loss by the raw score, one a row. */
export interface Derivatives {
  gradients: Float64Array;
  hessians: Float64Array;
}

/** Copies the leaf's derivatives together: eight columns then read them in sequence. */
function gather(nursery: TreeNursery, leaf: Leaf, by: Derivatives): GatheredRows {
  const { gradients, hessians } = nursery.gathered;
  const { gradients: gradientOf, hessians: hessianOf } = by;
  const rows = nursery.rows.subarray(leaf.start, leaf.end);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    gradients[i] = gradientOf[row]!;
    hessians[i] = hessianOf[row]!;
  }
  return { rows, gradients, hessians };
}

function countLeaf(nursery: TreeNursery, leaf: Leaf, by: Derivatives): Float64Array {
  const histogram = nursery.spare.pop() ?? new Float64Array(nursery.layout.length);
  fillHistogram(histogram, nursery.layout, gather(nursery, leaf, by));
  return histogram;
}

/** Moves the rows that go left to the front, both sides in their old order; returns where the right side starts. */
function partition(nursery: TreeNursery, leaf: Leaf, split: Split): number {
  const { rows, scratch, layout } = nursery;
  const { bins } = layout.columns[split.column]!;
  const { goesLeft } = split;
  const { start, end } = leaf;
  let left = start;
  let right = 0;
  // Written to both sides, counted on one: a branch here is mispredicted for every other row.
  for (let i = start; i < end; i++) {
    const row = rows[i]!;
    const side = goesLeft[bins[row]!]!;
    rows[left] = row;
    scratch[right] = row;
    left += side;
    right += 1 - side;
  }
  rows.set(scratch.subarray(0, right), left);
  return left;
}

function rootLeaf(count: number, gradients: Float64Array, hessians: Float64Array, rows: Int32Array): Leaf {
  let gradient = 0;
  let hessian = 0;
  for (let i = 0; i < count; i++) {
    gradient += gradients[rows[i]!]!;
    hessian += hessians[rows[i]!]!;
  }
  const at = { start: 0, end: count, depth: 0, parent: -1, side: 'left' as const };
  return { ...at, gradient, hessian, rows: count, histogram: null, split: null };
}

/** The codes of a categorical split that go left, 32 to a word; spare bits of the last word go where the unknown go. */
function leftCodes(column: BinnedColumn, goesLeft: Uint8Array): number[] {
  const words = Array.from({ length: Math.ceil(column.binOfCode.length / 32) }, () => 0);
  for (let code = 0; code < words.length * 32; code++)
    if (goesLeft[column.binOfCode[code] ?? column.missingBin] === 1)
      words[code >>> 5] = (words[code >>> 5]! | (1 << (code & 31))) >>> 0;
  return words;
}

function recordBranch(tree: Tree, column: BinnedColumn, split: Split): void {
  tree.feature.push(split.column);
  tree.missingLeft.push(split.goesLeft[column.missingBin]!);
  if (column.kind === 'numeric') tree.threshold.push(column.cuts[split.cutBin]!);
  else tree.threshold.push(tree.leftCodes.push(leftCodes(column, split.goesLeft)) - 1);
  tree.left.push(0);
  tree.right.push(0);
}

function children(leaf: Leaf, split: Split, middle: number, branch: number): [Leaf, Leaf] {
  const below = { depth: leaf.depth + 1, histogram: null, split: null, parent: branch };
  const right: LeafSums = {
    gradient: leaf.gradient - split.left.gradient,
    hessian: leaf.hessian - split.left.hessian,
    rows: leaf.rows - split.left.rows,
  };
  return [
    { ...split.left, ...below, start: leaf.start, end: middle, side: 'left' },
    { ...right, ...below, start: middle, end: leaf.end, side: 'right' },
  ];
}

function release(nursery: TreeNursery, leaf: Leaf): void {
  if (leaf.histogram !== null) nursery.spare.push(leaf.histogram);
  leaf.histogram = null;
}

/** Finds the children's next splits; the parent's histogram becomes the larger child's. */
function prepare(nursery: TreeNursery, parent: Leaf, pair: [Leaf, Leaf], by: Derivatives, rules: GrowthRules): void {
  const splittable = (leaf: Leaf): boolean => leaf.depth < rules.depthMax && leaf.rows >= 2 * rules.rowsPerLeafMin;
  const histogram = parent.histogram;
  parent.histogram = null;
  const [small, large] = pair[0].rows <= pair[1].rows ? pair : [pair[1], pair[0]];
  if (histogram !== null && splittable(large)) {
    small.histogram = countLeaf(nursery, small, by);
    subtractHistogram(histogram, small.histogram);
    large.histogram = histogram;
  } else if (histogram !== null) nursery.spare.push(histogram);
  for (const leaf of pair) {
    if (leaf.histogram !== null && splittable(leaf))
      leaf.split = findSplit(leaf.histogram, nursery.layout, leaf, rules);
    if (leaf.split === null) release(nursery, leaf);
  }
}

/** The leaf whose split gains most; the earliest on a tie. */
function mostPromising(leaves: readonly Leaf[]): number {
  let best = -1;
  for (const [index, leaf] of leaves.entries())
    if (leaf.split !== null && (best < 0 || leaf.split.gain > leaves[best]!.split!.gain)) best = index;
  return best;
}

function leafValue(leaf: LeafSums, rules: GrowthRules): number {
  // A saturated model has no curvature left: then there is nothing to add, and 0/0 to avoid.
  const curvature = leaf.hessian + rules.l2;
  const value = curvature > 0 ? (-leaf.gradient / curvature) * rules.learningRate : 0;
  return value === 0 ? 0 : value; // never −0, which JSON does not keep
}

/**
 * Grows one regression tree on gradients and hessians, best leaf first (Shi 2007; Ke et al. 2017, LightGBM).
 * @param rowCount the first `rowCount` entries of `nursery.rows` take part; they are reordered
 */
export function growTree(nursery: TreeNursery, rowCount: number, by: Derivatives, rules: GrowthRules): GrownTree {
  const tree: Tree = {
    feature: [],
    threshold: [],
    missingLeft: [],
    left: [],
    right: [],
    leftCodes: [],
    leafValues: [],
  };
  const root = rootLeaf(rowCount, by.gradients, by.hessians, nursery.rows);
  root.histogram = countLeaf(nursery, root, by);
  root.split = findSplit(root.histogram, nursery.layout, root, rules);
  const leaves: Leaf[] = [root];
  while (leaves.length < rules.leaves) {
    const index = mostPromising(leaves);
    if (index < 0) break;
    const leaf = leaves[index]!;
    const split = leaf.split!;
    const branch = tree.feature.length;
    recordBranch(tree, nursery.layout.columns[split.column]!, split);
    if (leaf.parent >= 0) tree[leaf.side][leaf.parent] = branch;
    const pair = children(leaf, split, partition(nursery, leaf, split), branch);
    leaves.splice(index, 1, pair[0]);
    leaves.push(pair[1]);
    if (leaves.length < rules.leaves) prepare(nursery, leaf, pair, by, rules);
    else release(nursery, leaf);
  }
  for (const [index, leaf] of leaves.entries()) {
    release(nursery, leaf);
    if (leaf.parent >= 0) tree[leaf.side][leaf.parent] = ~index;
    tree.leafValues.push(leafValue(leaf, rules));
  }
  return { tree, leafRows: leaves.map((leaf) => [leaf.start, leaf.end] as const) };
}
