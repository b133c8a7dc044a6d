import assert from 'node:assert/strict';
import fc from 'fast-check';
import { LearningError } from '../../../src/domain/learning/learning-error.ts';
import {
  type GradientBoostingArtifact,
  type LogisticRegressionArtifact,
  type ModelArtifact,
  artifactFromConstant,
  compileScorer,
  parseModelArtifact,
} from '../../../src/domain/learning/model-artifact.ts';
import type { Tree } from '../../../src/domain/learning/tree.ts';

const finite = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 });

/** A tree grown by splitting random leaves; features 0 and 1 are numeric, 2 is categorical. */
const trees: fc.Arbitrary<Tree> = fc
  .array(
    fc.record({
      leaf: fc.nat(),
      feature: fc.integer({ min: 0, max: 2 }),
      threshold: finite,
      missingLeft: fc.constantFrom(0, 1),
      words: fc.array(fc.integer({ min: 0, max: 2 ** 32 - 1 }), { maxLength: 3 }),
    }),
    { maxLength: 12 },
  )
  .chain((splits) =>
    fc.array(finite, { minLength: splits.length + 1, maxLength: splits.length + 1 }).map((leafValues) => {
      const tree: Tree = {
        feature: [],
        threshold: [],
        missingLeft: [],
        left: [],
        right: [],
        leftCodes: [],
        leafValues,
      };
      const open: { parent: number; side: 'left' | 'right' }[] = [{ parent: -1, side: 'left' }];
      for (const [branch, split] of splits.entries()) {
        const [at] = open.splice(split.leaf % open.length, 1);
        if (at!.parent >= 0) tree[at!.side][at!.parent] = branch;
        tree.feature.push(split.feature);
        tree.threshold.push(split.feature === 2 ? tree.leftCodes.push(split.words) - 1 : split.threshold);
        tree.missingLeft.push(split.missingLeft);
        tree.left.push(0);
        tree.right.push(0);
        open.push({ parent: branch, side: 'left' }, { parent: branch, side: 'right' });
      }
      for (const [leaf, { parent, side }] of open.entries()) if (parent >= 0) tree[side][parent] = ~leaf;
      return tree;
    }),
  );

const BARE: GradientBoostingArtifact = {
  kind: 'gradient-boosting',
  version: 1,
  featureNames: ['a', 'b', 'c'],
  featureKinds: ['numeric', 'numeric', 'categorical'],
  baseScore: 0,
  trees: [],
  objective: 'regression',
};
const ensembles: fc.Arbitrary<GradientBoostingArtifact> = fc
  .record({
    baseScore: finite,
    trees: fc.array(trees, { maxLength: 7 }),
    objective: fc.constantFrom('binary', 'regression'),
  })
  .map((drawn) => ({ ...BARE, ...drawn }));
const value = fc.oneof({ weight: 4, arbitrary: finite }, fc.constant(NaN));
const code = fc.oneof({ weight: 4, arbitrary: fc.integer({ min: -1, max: 100 }) }, fc.constant(NaN));
const rows = fc.tuple(value, value, code).map((values) => Float64Array.from(values));

/** The form's meaning, word by word as tree.ts states it. */
function walk(artifact: GradientBoostingArtifact, row: Float64Array): number {
  let score = artifact.baseScore + 0;
  for (const tree of artifact.trees) {
    let at = tree.feature.length === 0 ? -1 : 0;
    while (at >= 0) {
      const found = row[tree.feature[at]!]!;
      const words = tree.leftCodes[tree.threshold[at]!] ?? [];
      const known = tree.feature[at] === 2 ? found >= 0 && found < words.length * 32 : !Number.isNaN(found);
      const inSet = (): boolean => ((words[Math.floor(found / 32)]! >>> (found % 32)) & 1) === 1;
      const left = known
        ? tree.feature[at] === 2
          ? inSet()
          : found <= tree.threshold[at]!
        : tree.missingLeft[at] === 1;
      at = left ? tree.left[at]! : tree.right[at]!;
    }
    score += tree.leafValues[~at]!;
  }
  return artifact.objective === 'regression' ? score : 1 / (1 + Math.exp(-score));
}

const linear: LogisticRegressionArtifact = {
  kind: 'logistic-regression',
  version: 1,
  objective: 'binary',
  featureNames: ['x', 'c'],
  intercept: -1,
  terms: [
    { kind: 'numeric', mean: 10, scale: 2, weight: 0.5, missingWeight: 3 },
    { kind: 'categorical', weights: [0.25, -0.25] },
  ],
};

describe('a compiled scorer', () => {
  it('gives what the trees say, bit by bit', () => {
    fc.assert(
      fc.property(ensembles, fc.array(rows, { maxLength: 20 }), (artifact, some) => {
        const score = compileScorer(artifact);
        for (const row of some) assert.equal(score(row), walk(artifact, row));
      }),
      { numRuns: 200 },
    );
  });

  it('gives 0 for a base score of -0, which JSON does not keep', () => {
    const score = compileScorer({ ...BARE, baseScore: -0 });
    assert.equal(score(Float64Array.of(0, NaN, 0)), 0);
  });

  it('gives the same bits after its artifact went through JSON', () => {
    fc.assert(
      fc.property(ensembles, fc.array(rows, { maxLength: 20 }), (artifact, some) => {
        const again = compileScorer(parseModelArtifact(JSON.parse(JSON.stringify(artifact))));
        const score = compileScorer(artifact);
        for (const row of some) assert.equal(again(row), score(row));
      }),
      { numRuns: 100 },
    );
  });

  for (const [title, row, logit] of [
    ['standardises numbers and looks categories up', [12, 1], -1 + 0.5 - 0.25],
    ['takes the weight of "missing" for a missing number', [NaN, 0], -1 + 3 + 0.25],
    ['adds nothing for an unknown category', [10, -1], -1],
    ['adds nothing for a category it never saw', [10, 2], -1],
    ['adds nothing for a category without a value', [10, NaN], -1],
  ] as const)
    it(`of a logistic regression ${title}`, () => {
      assert.equal(compileScorer(linear)(Float64Array.from(row)), 1 / (1 + Math.exp(-logit)));
    });

  it('of a constant always answers its rate, whatever the row', () => {
    const score = compileScorer(JSON.parse(JSON.stringify(artifactFromConstant(0.21))) as ModelArtifact);
    assert.equal(score(new Float64Array(0)), 0.21);
    assert.equal(score(Float64Array.of(1, NaN)), 0.21);
  });
});

describe('a malformed artifact', () => {
  const tree = {
    feature: [0, 2],
    threshold: [0.5, 0],
    missingLeft: [1, 0],
    left: [1, -1],
    right: [-2, -3],
    leftCodes: [[5]],
    leafValues: [1, 2, 3],
  };
  const boosted = {
    kind: 'gradient-boosting',
    version: 1,
    objective: 'binary',
    featureNames: ['a', 'b', 'c'],
    featureKinds: ['numeric', 'numeric', 'categorical'],
    baseScore: 0,
    trees: [tree],
  };
  const withTree = (change: object): object => ({ ...boosted, trees: [tree, { ...tree, ...change }] });

  it('is refused only for its faults', () => {
    assert.deepEqual(parseModelArtifact(boosted), boosted);
    assert.deepEqual(parseModelArtifact(linear), linear);
  });

  for (const [field, artifact] of [
    ['artifact', null],
    ['artifact', []],
    ['kind', { ...boosted, kind: 'random-forest' }],
    ['version', { ...boosted, version: 2 }],
    ['objective', { ...boosted, objective: undefined }],
    ['featureNames[1]', { ...boosted, featureNames: ['a', 7, 'c'] }],
    ['featureKinds', { ...boosted, featureKinds: ['numeric'] }],
    ['featureKinds[2]', { ...boosted, featureKinds: ['numeric', 'numeric', 'text'] }],
    ['baseScore', { ...boosted, baseScore: null }],
    ['trees', { ...boosted, trees: {} }],
    ['trees[1].feature[0]', withTree({ feature: [3, 2] })],
    ['trees[1].threshold', withTree({ threshold: [0.5] })],
    ['trees[1].threshold[0]', withTree({ threshold: [null, 0] })],
    ['trees[1].threshold[1]', withTree({ threshold: [0.5, 1] })],
    ['trees[1].missingLeft[1]', withTree({ missingLeft: [1, 2] })],
    ['trees[1].left[0]', withTree({ left: [0, -1] })],
    ['trees[1].left[1]', withTree({ left: [1, 1.5] })],
    ['trees[1].right[0]', withTree({ right: [-4, -3] })],
    ['trees[1].right[1]', withTree({ right: [-2, 2] })],
    ['trees[1].leftCodes[0]', withTree({ leftCodes: [[-1]] })],
    ['trees[1].leafValues', withTree({ leafValues: [1, 2] })],
    ['trees[1].leafValues[2]', withTree({ leafValues: [1, 2, 'x'] })],
    ['terms', { ...linear, terms: [] }],
    ['terms[0].scale', { ...linear, terms: [{ ...linear.terms[0], scale: 0 }, linear.terms[1]] }],
    ['terms[0].missingWeight', { ...linear, terms: [{ ...linear.terms[0], missingWeight: NaN }, linear.terms[1]] }],
    ['terms[1].kind', { ...linear, terms: [linear.terms[0], { kind: 'text' }] }],
    ['terms[1].weights[0]', { ...linear, terms: [linear.terms[0], { kind: 'categorical', weights: [null] }] }],
    ['intercept', { ...linear, intercept: Infinity }],
    ['value', { kind: 'constant', version: 1, objective: 'binary', featureNames: [], value: 1.01 }],
  ] as const)
    it(`is refused by name: ${field} of ${JSON.stringify(artifact)?.slice(0, 40)}…`, () => {
      assert.throws(
        () => compileScorer(artifact as ModelArtifact),
        (error) =>
          error instanceof LearningError && error.code === 'LEARNING_ARTIFACT_MALFORMED' && error.field === field,
      );
    });

  it('is not made from a rate that is no probability', () => {
    assert.throws(() => artifactFromConstant(NaN), LearningError);
    assert.throws(() => artifactFromConstant(-0.1), /value: is -0.1; expected a probability in 0…1/);
  });
});
