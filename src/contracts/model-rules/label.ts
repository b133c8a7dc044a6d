/** How the world answers: what the task, the label and the fallback allow. A gate is only right if it is told. */
import { rule } from './rule.ts';
import type { Rule } from './rule.ts';

const CENSORED = 'acting on the prediction changes or censors the outcome';

const absenceHonest = rule(['label'], function* ({ label }) {
  if (label.affectsLabel && label.absence === 'zero') {
    yield {
      path: ['label', 'absence'],
      problem: `counts a missing label as good although ${CENSORED} (label.affectsLabel)`,
      allowed: '"exclude"',
      remedy: 'a declined payment never charges back: its silence is no good news',
    };
  }
});

const shadowCanJudge = rule(['label', 'rollout', 'unit', 'ideas'], function* ({ label, rollout, unit, ideas }) {
  if (!label.affectsLabel) return;
  for (const [index, step] of rollout.steps.entries()) {
    if (step.mode !== 'shadow') continue;
    yield {
      path: ['rollout', 'steps', index, 'mode'],
      problem: 'shadow cannot judge a stream whose label the action censors (label.affectsLabel)',
      allowed: 'offline, canaries, full',
      remedy: 'remove the shadow step; evidence begins with the first canary',
    };
  }
  if (unit.assignment === 'shadow-only') {
    const problem = `leaves only shadow to judge, and ${CENSORED} (label.affectsLabel)`;
    yield { path: ['unit', 'assignment'], problem, allowed: '"unit" or "cluster"' };
  }
  for (const [index, idea] of ideas.entries()) {
    if (idea.claim !== 'improve') continue;
    const problem = `is certified in shadow, which cannot judge here: ${CENSORED} (label.affectsLabel)`;
    yield { path: ['ideas', index, 'claim'], problem, allowed: '"not-worse"' };
  }
});

const lossFits = rule(['task', 'rollout'], function* ({ task, rollout }) {
  const path = ['rollout', 'loss'];
  if (rollout.loss === 'brier' && task !== 'binary') {
    const problem = `is the loss of a binary task, and task is "${task}"`;
    yield { path, problem, allowed: '"squaredError" with lossRange' };
  }
  if (rollout.loss === 'squaredError' && rollout.lossRange === undefined) {
    yield {
      path,
      problem: 'needs rollout.lossRange: without a range a loss has no bound and no gate',
      remedy: 'add lossRange: [lowest, highest] of the label',
    };
  }
  if (rollout.loss === 'brier' && rollout.lossRange !== undefined) {
    const problem = 'belongs to squaredError; brier is bounded by itself';
    yield { path: ['rollout', 'lossRange'], at: 'key', problem, remedy: 'remove lossRange' };
  }
  if (rollout.lossRange !== undefined && rollout.lossRange[0] >= rollout.lossRange[1]) {
    yield { path: ['rollout', 'lossRange'], problem: 'is empty', allowed: '[lowest, highest], lowest first' };
  }
});

const ratesNeedBinary = rule(['task', 'features'], function* ({ task, features }) {
  if (task === 'binary') return;
  for (const [index, feature] of features.entries()) {
    if (feature.kind !== 'outcomeRate') continue;
    const problem = `is a share of true outcomes, and task is "${task}"`;
    yield { path: ['features', index, 'kind'], problem, allowed: '"numeric" or "categorical"' };
  }
});

const answersHealthy = rule(['task', 'fallback', 'healthyRange', 'rollout'], function* (model) {
  const [low, high] = model.healthyRange;
  const range = `[${low}, ${high}]`;
  const path = ['healthyRange'];
  if (low >= high) yield { path, problem: 'is empty', allowed: '[lowest, highest], lowest first' };
  if (model.task === 'binary' && (low < 0 || high > 1)) {
    yield { path, problem: 'reaches beyond probabilities', allowed: 'within [0, 1] for a binary task' };
  }
  const { constant } = model.fallback;
  if (constant < low || constant > high) {
    yield {
      path: ['fallback', 'constant'],
      problem: 'lies outside healthyRange: the safe answer would be refused as unhealthy',
      allowed: `within ${range}`,
    };
  }
  const bounds = model.rollout.lossRange;
  if (bounds !== undefined && (low < bounds[0] || high > bounds[1])) {
    yield {
      path,
      problem: 'is wider than rollout.lossRange: losses would leave their declared bound',
      allowed: `within [${bounds[0]}, ${bounds[1]}]`,
    };
  }
});

const labelStaysLabel = rule(['label', 'source'], function* ({ label, source }) {
  const bare = (sql: string): string => sql.toLowerCase().replace(/\s+/g, ' ').trim();
  for (const [name, expression] of Object.entries(source.inputs)) {
    const path = ['source', 'inputs', name];
    const remedy = 'callers cannot send what is known only later';
    if (name === label.name) yield { path, at: 'key', problem: 'has the name of the label', remedy };
    else if (bare(expression) === bare(label.expression)) yield { path, problem: 'is the label itself', remedy };
  }
  if (Object.keys(source.inputs).length === 0) {
    yield {
      path: ['source', 'inputs'],
      problem: 'declares no input',
      remedy: 'say what callers send: name → expression',
    };
  }
});

const boundsMeet = rule(['checks'], function* ({ checks }) {
  for (const [index, check] of checks.entries()) {
    if (check.kind !== 'rowRange') continue;
    if (check.min === undefined && check.max === undefined) {
      yield {
        path: ['checks', index],
        problem: 'has neither min nor max, so it checks nothing',
        remedy: 'add a bound',
      };
    } else if (check.min !== undefined && check.max !== undefined && check.min > check.max) {
      yield {
        path: ['checks', index, 'min'],
        problem: 'is above max: every row would be quarantined',
        allowed: `${check.max} or less`,
      };
    }
  }
});

export const labelRules: readonly Rule[] = [
  absenceHonest,
  shadowCanJudge,
  lossFits,
  ratesNeedBinary,
  answersHealthy,
  labelStaysLabel,
  boundsMeet,
];
