import { type BoostingProgress, createBooster, gradientBoostingOptions } from './gradient-boosting.ts';
import type { Learner } from './learner.ts';
import { LearningError } from './learning-error.ts';
import {
  type LogisticRegressionProgress,
  createLogisticRegression,
  logisticRegressionOptions,
} from './logistic-regression.ts';
import type { Objective, TrainingMatrix } from './matrix.ts';
import { readOptions } from './options.ts';

/** How to learn: which learner, and its options. */
export interface Recipe {
  kind: 'gradient-boosting' | 'logistic-regression';
  /** `gradientBoostingOptions` or `logisticRegressionOptions`; what is not given takes its default. */
  options: Readonly<Record<string, unknown>>;
}

/** What each kind of recipe may set: range, default and meaning of every option. */
export const recipeOptions = {
  'gradient-boosting': gradientBoostingOptions,
  'logistic-regression': logisticRegressionOptions,
} as const;

/**
 * Refuses a recipe before there is data to train it on.
 * @throws LearningError LEARNING_OPTION_INVALID, naming the option and what is allowed
 */
export function checkRecipe(recipe: Recipe, objective: Objective): void {
  if (!Object.hasOwn(recipeOptions, recipe.kind))
    throw new LearningError(
      'LEARNING_OPTION_INVALID',
      'kind',
      `is '${recipe.kind}'; kinds are ${Object.keys(recipeOptions).join(', ')}`,
    );
  if (recipe.kind === 'logistic-regression' && objective !== 'binary')
    throw new LearningError(
      'LEARNING_OPTION_INVALID',
      'objective',
      `is '${objective}'; logistic regression learns 'binary' only; use gradient-boosting`,
    );
  readOptions(recipeOptions[recipe.kind], recipe.options);
}

function hasKind<P extends { kind: string }>(progress: unknown, kind: P['kind']): progress is P {
  return typeof progress === 'object' && progress !== null && 'kind' in progress && progress.kind === kind;
}

/** The progress of this recipe's learner, or undefined where there is none; the learner checks whether it fits its data. */
function progressOf<P extends { kind: string }>(resumeFrom: unknown, kind: P['kind']): P | undefined {
  if (resumeFrom === undefined || resumeFrom === null) return undefined;
  if (hasKind<P>(resumeFrom, kind)) return resumeFrom;
  throw new LearningError('LEARNING_PROGRESS_MISMATCH', 'kind', `is not progress of ${kind}; begin without progress`);
}

/**
 * The learner a recipe asks for.
 * @param resumeFrom progress of the same recipe on the same matrix, as it came out of JSON; undefined to begin
 * @throws LearningError naming what is refused
 */
export function createLearner(
  recipe: Recipe,
  task: { matrix: TrainingMatrix; objective: Objective; seed: number },
  resumeFrom?: unknown,
): Learner<unknown> {
  checkRecipe(recipe, task.objective);
  const settings = { objective: task.objective, seed: task.seed, options: recipe.options };
  switch (recipe.kind) {
    case 'gradient-boosting':
      return createBooster(task.matrix, settings, progressOf<BoostingProgress>(resumeFrom, recipe.kind));
    case 'logistic-regression':
      return createLogisticRegression(
        task.matrix,
        settings,
        progressOf<LogisticRegressionProgress>(resumeFrom, recipe.kind),
      );
    default:
      return recipe.kind satisfies never;
  }
}
