import { isFinite, isText, readList, readNumber, readOneOf, readRecord, refuseField } from './artifact-fields.ts';
import { compileTrees } from './compiled-trees.ts';
import type { Objective } from './matrix.ts';
import { sigmoid } from './objective.ts';
import { type TreeEnsemble, readTree } from './tree.ts';

interface ArtifactBase {
  /** Of the artifact's form; a reader refuses a version it does not know. */
  version: 1;
  /** binary: the score is a probability. regression: a value in the label's unit. */
  objective: Objective;
  /** The order of a row's values. */
  featureNames: string[];
}

export interface GradientBoostingArtifact extends ArtifactBase, TreeEnsemble {
  kind: 'gradient-boosting';
}

/** One feature's part of a linear score. */
export type LinearTerm =
  | {
      kind: 'numeric';
      /** The value is standardised: (value − mean) / scale, then times weight. */
      mean: number;
      scale: number;
      weight: number;
      /** Added instead where the value is missing. */
      missingWeight: number;
    }
  | {
      kind: 'categorical';
      /** By code; an unknown code adds nothing. */
      weights: number[];
    };

export interface LogisticRegressionArtifact extends ArtifactBase {
  kind: 'logistic-regression';
  intercept: number;
  /** One a feature, in the order of featureNames. */
  terms: LinearTerm[];
}

export interface ConstantArtifact extends ArtifactBase {
  kind: 'constant';
  value: number;
}

/** A trained model as plain JSON: no Map, no typed array, no NaN. */
export type ModelArtifact = GradientBoostingArtifact | LogisticRegressionArtifact | ConstantArtifact;

/** A row's values in the artifact's feature order (number, or category code; NaN = missing) → its prediction. */
export type Scorer = (row: Float64Array) => number;

const KINDS = ['numeric', 'categorical'] as const;
const isKind = (value: unknown): value is (typeof KINDS)[number] => KINDS.some((kind) => kind === value);
const isAnything = (value: unknown): value is unknown => value !== undefined;

function readEnsemble(fields: Readonly<Record<string, unknown>>, features: number): TreeEnsemble {
  const expected = "'numeric' or 'categorical'";
  const featureKinds = readList(fields['featureKinds'], 'featureKinds', features, expected, isKind);
  const trees = readList(fields['trees'], 'trees', null, 'a tree', isAnything);
  return {
    featureKinds,
    baseScore: readNumber(fields['baseScore'], 'baseScore'),
    trees: trees.map((tree, index) => readTree(tree, `trees[${index}]`, featureKinds)),
  };
}

function readTerm(value: unknown, field: string): LinearTerm {
  const term = readRecord(value, field);
  const kind = readOneOf(term['kind'], `${field}.kind`, KINDS);
  if (kind === 'categorical')
    return { kind, weights: readList(term['weights'], `${field}.weights`, null, 'a finite number', isFinite) };
  const scale = readNumber(term['scale'], `${field}.scale`);
  if (scale <= 0) refuseField(`${field}.scale`, scale, 'a number above 0');
  return {
    kind,
    scale,
    mean: readNumber(term['mean'], `${field}.mean`),
    weight: readNumber(term['weight'], `${field}.weight`),
    missingWeight: readNumber(term['missingWeight'], `${field}.missingWeight`),
  };
}

function readLinear(
  fields: Readonly<Record<string, unknown>>,
  features: number,
): Pick<LogisticRegressionArtifact, 'intercept' | 'terms'> {
  const terms = readList(fields['terms'], 'terms', features, 'a term', isAnything);
  return {
    intercept: readNumber(fields['intercept'], 'intercept'),
    terms: terms.map((term, index) => readTerm(term, `terms[${index}]`)),
  };
}

function readConstant(value: unknown, objective: Objective): number {
  const constant = readNumber(value, 'value');
  if (objective === 'binary' && (constant < 0 || constant > 1)) refuseField('value', constant, 'a probability in 0…1');
  return constant;
}

/**
 * The model that always answers `rate`: the natural first stable and fallback. It needs no features.
 * @param rate a probability, 0…1
 * @throws LearningError LEARNING_ARTIFACT_MALFORMED
 */
export function artifactFromConstant(rate: number): ConstantArtifact {
  const artifact: ConstantArtifact = {
    kind: 'constant',
    version: 1,
    objective: 'binary',
    featureNames: [],
    value: rate,
  };
  parseModelArtifact(artifact);
  return artifact;
}

/**
 * Checks everything a scorer relies on, so that a damaged artifact is refused before it serves and not while it does.
 * @throws LearningError LEARNING_ARTIFACT_MALFORMED, naming the field
 */
export function parseModelArtifact(value: unknown): ModelArtifact {
  const fields = readRecord(value, 'artifact');
  const kind = readOneOf(fields['kind'], 'kind', ['gradient-boosting', 'logistic-regression', 'constant']);
  const base = {
    version: readOneOf(fields['version'], 'version', [1]),
    objective: readOneOf(fields['objective'], 'objective', ['binary', 'regression']),
    featureNames: readList(fields['featureNames'], 'featureNames', null, 'a string', isText),
  };
  switch (kind) {
    case 'gradient-boosting':
      return { kind, ...base, ...readEnsemble(fields, base.featureNames.length) };
    case 'logistic-regression':
      return { kind, ...base, ...readLinear(fields, base.featureNames.length) };
    case 'constant':
      return { kind, ...base, value: readConstant(fields['value'], base.objective) };
    default:
      return kind satisfies never;
  }
}

function linearScore(artifact: LogisticRegressionArtifact): Scorer {
  const { terms, intercept } = artifact;
  return (row) => {
    let score = intercept;
    for (let i = 0; i < terms.length; i++) {
      const term = terms[i]!;
      const value = row[i]!;
      if (term.kind === 'categorical') score += term.weights[value] ?? 0;
      else score += value === value ? ((value - term.mean) / term.scale) * term.weight : term.missingWeight;
    }
    return score;
  };
}

function rawScore(artifact: ModelArtifact): Scorer {
  switch (artifact.kind) {
    case 'gradient-boosting':
      return compileTrees(artifact);
    case 'logistic-regression':
      return linearScore(artifact);
    case 'constant':
      return () => artifact.value;
    default:
      return artifact satisfies never;
  }
}

/**
 * Compiles an artifact once into a function for many rows: probability for binary objectives, value for regression.
 * The function keeps no reference to the row and may be called from anywhere.
 * @throws LearningError LEARNING_ARTIFACT_MALFORMED, naming the field
 */
export function compileScorer(artifact: ModelArtifact): Scorer {
  const checked = parseModelArtifact(artifact);
  const raw = rawScore(checked);
  if (checked.kind === 'constant' || checked.objective === 'regression') return raw;
  return (row) => sigmoid(raw(row));
}
