import { isBit, isFinite, isWord, readList, readRecord, refuseField } from './artifact-fields.ts';
import type { FeatureColumn } from './matrix.ts';

/**
 * One regression tree as parallel arrays over its branches, the root first; JSON-safe.
 * A child >= 0 is a branch (always a later one, so every walk ends); a child < 0 is the leaf ~child.
 * A tree without branches has one leaf.
 */
export interface Tree {
  /** Index of the feature each branch asks about. */
  feature: number[];
  /** Numeric feature: values <= threshold go left. Categorical feature: an index into `leftCodes`. */
  threshold: number[];
  /** 1 where missing and unknown values go left. */
  missingLeft: number[];
  left: number[];
  right: number[];
  /** Bit sets, 32 codes to a word, of the codes that go left; a code beyond the last word is unknown. */
  leftCodes: number[][];
  /** What a leaf adds to the raw score, learning rate included. */
  leafValues: number[];
}

/** Trees whose leaf values add up, in their order, on top of a base score. */
export interface TreeEnsemble {
  featureKinds: FeatureColumn['kind'][];
  /** Raw score before the first tree. */
  baseScore: number;
  trees: Tree[];
}

/** Reads a tree of an artifact and checks that every walk through it ends in a leaf. */
export function readTree(value: unknown, field: string, kinds: readonly FeatureColumn['kind'][]): Tree {
  const tree = readRecord(value, field);
  const isFeature = (entry: unknown): entry is number => isWord(entry) && entry < kinds.length;
  const feature = readList(tree['feature'], `${field}.feature`, null, `an integer in 0…${kinds.length - 1}`, isFeature);
  const branches = feature.length;
  const isWords = (entry: unknown): entry is number[] => Array.isArray(entry) && entry.every(isWord);
  const sets = readList(tree['leftCodes'], `${field}.leftCodes`, null, 'an array of 32-bit words', isWords);
  const threshold = readList(tree['threshold'], `${field}.threshold`, branches, 'a finite number', isFinite);
  for (const [branch, at] of threshold.entries())
    if (kinds[feature[branch]!] === 'categorical' && sets[at] === undefined)
      refuseField(`${field}.threshold[${branch}]`, at, `an index into leftCodes, which has ${sets.length}`);
  const missingLeft = readList(tree['missingLeft'], `${field}.missingLeft`, branches, '0 or 1', isBit);
  const values = readList(tree['leafValues'], `${field}.leafValues`, branches + 1, 'a finite number', isFinite);
  const readChildren = (side: 'left' | 'right'): number[] => {
    const found = readList(tree[side], `${field}.${side}`, branches, 'a finite number', isFinite);
    for (const [branch, child] of found.entries()) {
      const legal = child >= 0 ? child > branch && child < branches : ~child <= branches;
      if (!legal || !Number.isInteger(child))
        refuseField(`${field}.${side}[${branch}]`, child, `a later branch or a leaf of ${branches + 1}`);
    }
    return found;
  };
  const left = readChildren('left');
  const right = readChildren('right');
  return { feature, threshold, missingLeft, left, right, leftCodes: sets, leafValues: values };
}
