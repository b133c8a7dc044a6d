/** Names must lead somewhere: features to inputs, recipes to features, ideas to recipes and earlier ideas, roles to people. */
import type { FeatureDeclaration } from '../serving.ts';
import type { Idea, ModelDeclaration } from '../model.ts';
import { lengthMs, repeated, rule, unknownName } from './rule.ts';
import type { Rule, RuleFault } from './rule.ts';

/** Recipe names with a meaning of their own: the serving bundle's recipe, and the declared fallback's. */
const RESERVED_RECIPES = ['stable', 'constant'];

const inputNames = (source: ModelDeclaration['source']): string[] => Object.keys(source.inputs);

const uniqueNames = [
  rule(['features'], ({ features }) =>
    repeated(
      features.map(({ name }) => name),
      'the name of feature',
      (index) => ['features', index, 'name'],
    ),
  ),
  rule(['ideas'], ({ ideas }) =>
    repeated(
      ideas.map(({ id }) => id),
      'the id of idea',
      (index) => ['ideas', index, 'id'],
    ),
  ),
  rule(['suite'], ({ suite }) =>
    repeated(
      suite.map(({ id }) => id),
      'the id of case',
      (index) => ['suite', index, 'id'],
    ),
  ),
  rule(['checks'], ({ checks }) =>
    repeated(
      checks.map(({ id }) => id),
      'the id of check',
      (index) => ['checks', index, 'id'],
    ),
  ),
  rule(['objectives'], ({ objectives }) =>
    repeated(
      objectives.map(({ id }) => id),
      'the id of objective',
      (index) => ['objectives', index, 'id'],
    ),
  ),
  rule(['notifications'], ({ notifications }) =>
    repeated(
      (notifications?.channels ?? []).map(({ id }) => id),
      'the id of channel',
      (index) => ['notifications', 'channels', index, 'id'],
    ),
  ),
  rule(['notifications'], function* ({ notifications }) {
    const silent = notifications?.channels.findIndex(({ onlyUnanswered }) => onlyUnanswered) ?? -1;
    if (silent === -1 || notifications?.escalateAfter !== undefined) return;
    yield {
      path: ['notifications', 'channels', silent, 'onlyUnanswered'],
      problem: 'is true, and nothing says when a request counts as unanswered',
      remedy: 'give notifications.escalateAfter, or leave onlyUnanswered out',
    };
  }),
  rule(['source'], ({ source }) => repeated(source.key, 'key column', (index) => ['source', 'key', index])),
  rule(['recipes'], function* ({ recipes }) {
    for (const [name, { features }] of Object.entries(recipes)) {
      yield* repeated(features, 'column', (index) => ['recipes', name, 'features', index]);
    }
  }),
  rule(['people'], function* ({ people }) {
    for (const [role, names] of Object.entries(people)) {
      yield* repeated(names, 'the name of person', (index) => ['people', role, index]);
    }
  }),
];

const judgesExist = rule(['newCases', 'people'], function* ({ newCases, people }) {
  if (newCases === undefined) return;
  const { role, within } = newCases;
  if (!Object.hasOwn(people, role))
    yield unknownName(['newCases', 'role'], role, 'role of people', Object.keys(people));
  if (lengthMs(within) === 0) {
    yield {
      path: ['newCases', 'within'],
      problem: 'leaves nobody any time for a word',
      remedy: 'give for example "P3D", or leave newCases out: cases enter at once',
    };
  }
});

const inputsExist = rule(['features', 'source'], function* ({ features, source }) {
  const inputs = inputNames(source);
  for (const [index, feature] of features.entries()) {
    if (feature.kind !== 'outcomeRate') {
      if (!inputs.includes(feature.input)) {
        yield unknownName(['features', index, 'input'], feature.input, 'input of source.inputs', inputs);
      }
      continue;
    }
    for (const [position, key] of feature.key.entries()) {
      const place = ['features', index, 'key', position];
      if (!inputs.includes(key)) yield unknownName(place, key, 'input of source.inputs', inputs);
    }
    yield* repeated(feature.key, 'key', (position) => ['features', index, 'key', position]);
  }
});

const checkedInputsExist = rule(['checks', 'source'], function* ({ checks, source }) {
  for (const [index, check] of checks.entries()) {
    if (check.kind === 'missingShare' && !inputNames(source).includes(check.input)) {
      yield unknownName(['checks', index, 'input'], check.input, 'input of source.inputs', inputNames(source));
    }
  }
});

const clusterExists = rule(['unit', 'source'], function* ({ unit, source }) {
  if (unit.cluster !== null && !inputNames(source).includes(unit.cluster)) {
    yield unknownName(['unit', 'cluster'], unit.cluster, 'input of source.inputs', inputNames(source));
  }
  if (unit.cluster === null && unit.assignment === 'cluster') {
    yield {
      path: ['unit', 'assignment'],
      problem: 'needs unit.cluster, which names no input',
      remedy: 'name the input that moves together in unit.cluster, or assign by "unit"',
    };
  }
});

const recipesExist = rule(['recipes', 'features'], function* ({ recipes, features }) {
  const names = features.map(({ name }) => name);
  for (const [recipe, { features: columns }] of Object.entries(recipes)) {
    for (const [index, column] of columns.entries()) {
      if (!names.includes(column)) {
        yield unknownName(['recipes', recipe, 'features', index], column, 'feature', names);
      }
    }
  }
});

const recipeNames = rule(['recipes'], function* ({ recipes }) {
  for (const name of RESERVED_RECIPES.filter((reserved) => Object.hasOwn(recipes, reserved))) {
    const problem = 'is a reserved name';
    yield { path: ['recipes', name], at: 'key', problem, remedy: `rename the recipe; "${name}" already has a meaning` };
  }
  if (Object.keys(recipes).length === 0) {
    yield { path: ['recipes'], problem: 'declares no recipe', remedy: 'declare one: trainer, features, options' };
  }
});

const ideasLead = rule(['ideas', 'recipes'], function* ({ ideas, recipes }) {
  const names = Object.keys(recipes);
  for (const [index, idea] of ideas.entries()) {
    yield* origin(idea, index);
    if (idea.recipe !== undefined && idea.recipe !== 'stable' && !names.includes(idea.recipe)) {
      yield unknownName(['ideas', index, 'recipe'], idea.recipe, 'recipe', [...names, 'stable']);
    }
    if (index === 0 && idea.recipe === 'stable') {
      yield {
        path: ['ideas', 0, 'recipe'],
        problem: 'is the recipe of the bundle that serves, and before the first idea only the fallback does',
        allowed: names.map((name) => JSON.stringify(name)).join(', '),
        remedy: 'begin with an idea that names a recipe',
      };
    }
    const earlier = ideas.slice(0, index).map(({ id }) => id);
    if (idea.artifactOf !== undefined && !earlier.includes(idea.artifactOf)) {
      const later = ideas.some(({ id }) => id === idea.artifactOf);
      const what = later ? 'earlier idea: it comes later or is this one' : 'earlier idea';
      yield unknownName(['ideas', index, 'artifactOf'], idea.artifactOf, what, earlier);
    }
  }
});

function* origin(idea: Idea, index: number): Generator<RuleFault> {
  if (idea.recipe === undefined && idea.artifactOf === undefined) {
    yield {
      path: ['ideas', index],
      problem: 'has neither recipe nor artifactOf',
      remedy: 'name the recipe to train, or the earlier idea whose artifact is served',
    };
  }
  if (idea.recipe !== undefined && idea.artifactOf !== undefined) {
    yield {
      path: ['ideas', index, 'artifactOf'],
      problem: 'stands beside recipe',
      remedy: 'keep one: recipe trains, artifactOf serves what an earlier idea trained',
    };
  }
  if (idea.artifactOf !== undefined && Object.keys(idea.serveWith).length === 0) {
    yield {
      path: ['ideas', index, 'artifactOf'],
      problem: 'changes nothing: the same artifact served with the same features',
      remedy: 'say in serveWith which column is filled by another feature',
    };
  }
}

/** Columns of the artifact an idea serves; null where they are not known before it is tried, or a reference leads nowhere. */
function columnsOf(
  idea: Idea,
  model: Pick<ModelDeclaration, 'ideas' | 'recipes'>,
  hops = model.ideas.length,
): readonly string[] | null {
  if (idea.recipe !== undefined) {
    return Object.hasOwn(model.recipes, idea.recipe) ? (model.recipes[idea.recipe]?.features ?? null) : null;
  }
  const source = model.ideas.find(({ id }) => id === idea.artifactOf);
  return source === undefined || hops === 0 ? null : columnsOf(source, model, hops - 1);
}

const servingFills = rule(['ideas', 'recipes', 'features'], function* ({ ideas, recipes, features }) {
  const names = features.map(({ name }) => name);
  for (const [index, idea] of ideas.entries()) {
    const trained = columnsOf(idea, { ideas, recipes });
    // Where the recipe itself names what is not declared, its columns are in doubt: one fault is enough.
    const columns = trained?.every((column) => names.includes(column)) === true ? trained : null;
    for (const [column, filler] of Object.entries(idea.serveWith)) {
      const path = ['ideas', index, 'serveWith', column];
      if (idea.recipe === 'stable') {
        const problem = 'cannot be checked: which columns the serving bundle has is not known beforehand';
        yield { path, at: 'key', problem, remedy: 'name a recipe, or leave serveWith out' };
      } else if (columns !== null && !columns.includes(column)) {
        yield { ...unknownName(path, column, 'column of the idea’s recipe', columns), at: 'key' };
      }
      const served = features.find(({ name }) => name === filler);
      if (served === undefined) yield unknownName(path, filler, 'feature', names);
      else
        yield* sameSort(
          path,
          features.find(({ name }) => name === column),
          served,
        );
    }
  }
});

function* sameSort(
  path: readonly (string | number)[],
  trained: FeatureDeclaration | undefined,
  served: FeatureDeclaration,
): Generator<RuleFault> {
  if (trained === undefined || sortOf(trained) === sortOf(served)) return;
  const problem = `fills a ${sortOf(trained)} column with a ${sortOf(served)} feature`;
  yield { path, problem, allowed: `a ${sortOf(trained)} feature` };
}

const sortOf = ({ kind }: FeatureDeclaration): string => (kind === 'categorical' ? 'categorical' : 'numeric');

export const referenceRules: readonly Rule[] = [
  ...uniqueNames,
  judgesExist,
  inputsExist,
  checkedInputsExist,
  clusterExists,
  recipesExist,
  recipeNames,
  ideasLead,
  servingFills,
];
