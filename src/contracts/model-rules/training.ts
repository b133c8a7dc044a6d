/** A recipe can be trained: its options are its trainer's, and its trainer learns the task. */
import { closestName } from '../../domain/closest-name.ts';
import type { OptionRange } from '../../domain/learning/options.ts';
import { recipeOptions } from '../../domain/learning/recipe.ts';
import { rule } from './rule.ts';
import type { Rule, RuleFault } from './rule.ts';

const optionsKnown = rule(['recipes'], function* ({ recipes }) {
  for (const [recipe, { trainer, options }] of Object.entries(recipes)) {
    const table: Readonly<Record<string, OptionRange>> = recipeOptions[trainer];
    for (const [name, value] of Object.entries(options)) {
      const path = ['recipes', recipe, 'options', name];
      const known = Object.hasOwn(table, name) ? table[name] : undefined;
      if (known === undefined) yield unknownOption(path, name, trainer, Object.keys(table));
      else if (value < known.min || value > known.max || (known.integer && !Number.isInteger(value))) {
        const kind = known.integer ? 'a whole number' : 'a number';
        const allowed = `${kind} from ${known.min} to ${known.max}`;
        yield { path, problem: 'is out of range', allowed, remedy: `meaning: ${known.meaning}` };
      }
    }
  }
});

function unknownOption(path: (string | number)[], name: string, trainer: string, known: string[]): RuleFault {
  const near = closestName(name, known);
  const remedy = near === null ? 'remove it' : `did you mean "${near}"?`;
  return { path, at: 'key', problem: `is no option of ${trainer}`, allowed: known.join(', '), remedy };
}

const trainerLearnsTask = rule(['recipes', 'task'], function* ({ recipes, task }) {
  for (const [recipe, { trainer }] of Object.entries(recipes)) {
    if (trainer !== 'logistic-regression' || task === 'binary') continue;
    const problem = `learns binary tasks only, and task is "${task}"`;
    yield { path: ['recipes', recipe, 'trainer'], problem, allowed: '"gradient-boosting"' };
  }
});

export const trainingRules: readonly Rule[] = [optionsKnown, trainerLearnsTask];
