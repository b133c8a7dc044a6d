/** What a policy judges beside the loss: slices and metrics that exist, can be observed where they gate, and can be certified at all. */
import { ERROR_STREAM, LOSS_STREAM } from '../../domain/rollout/gate-runs.ts';
import type { ModelDeclaration } from '../model.ts';
import type { MetricPolicy } from '../rollout-policy.ts';
import { lengthMs, repeated, rule, unknownName } from './rule.ts';
import type { Rule, RuleFault } from './rule.ts';

const TAKEN = new Set<string>([LOSS_STREAM, ERROR_STREAM]);
/** Above it Prometheus refuses a range query (web/api/v1: "exceeded maximum resolution of 11,000 points per timeseries"). */
const PROMETHEUS_POINTS_MAX = 11_000;
type Rollout = ModelDeclaration['rollout'];

const namesDiffer = rule(['rollout'], function* ({ rollout }) {
  const { slices, metrics } = rollout;
  const names = [...slices.map(({ id }) => id), ...metrics.map(({ name }) => name)];
  const place = (index: number): (string | number)[] =>
    index < slices.length ? ['rollout', 'slices', index, 'id'] : ['rollout', 'metrics', index - slices.length, 'name'];
  yield* repeated(names, 'name', place);
  for (const [index, name] of names.entries()) {
    if (!TAKEN.has(name)) continue;
    yield { path: place(index), problem: 'is a name of the gate itself', remedy: 'give it a name of its own' };
  }
});

const slicesSelect = rule(['rollout', 'source'], function* ({ rollout, source }) {
  const inputs = Object.keys(source.inputs);
  for (const [index, { where, role, marginPerThousand }] of rollout.slices.entries()) {
    const path = ['rollout', 'slices', index];
    if (Object.keys(where).length === 0)
      yield { path: [...path, 'where'], problem: 'selects every unit', remedy: 'name an input and its values' };
    for (const [input, condition] of Object.entries(where)) {
      if (!inputs.includes(input))
        yield { ...unknownName([...path, 'where', input], input, 'input of source.inputs', inputs), at: 'key' };
      if (!Array.isArray(condition) && 'min' in condition && 'max' in condition && condition.min! > condition.max!)
        yield {
          path: [...path, 'where', input, 'min'],
          problem: 'is above max: the slice is empty',
          allowed: `${condition.max} or less`,
        };
    }
    if (role === 'required' && marginPerThousand === undefined) {
      const problem = 'is required and has no marginPerThousand to be certified below';
      yield {
        path: [...path, 'role'],
        problem,
        allowed: '"veto" or "diagnostic"',
        remedy: 'or give marginPerThousand',
      };
    }
  }
});

const metricsCertify = rule(['rollout', 'unit', 'cohort'], function* ({ rollout, unit, cohort }) {
  for (const [index, metric] of rollout.metrics.entries()) {
    const path = ['rollout', 'metrics', index];
    yield* unitFits(metric, path, unit);
    yield* canBePushed(metric, path, cohort);
    if (metric.shape === 'count') {
      if (metric.role === 'required' && metric.safeRatio === undefined)
        yield {
          path: [...path, 'role'],
          problem: 'is required and has no safeRatio to be certified below',
          allowed: '"guardrail" or "diagnostic"',
          remedy: 'or give safeRatio',
        };
      if (metric.source.kind === 'prometheus')
        yield* stepDivides(metric.source.step, [...path, 'source', 'step'], cohort);
    } else if (metric.role === 'required' && metric.marginPerThousand === undefined)
      yield {
        path: [...path, 'role'],
        problem: 'is required and has no marginPerThousand to be certified below',
        allowed: '"guardrail" or "diagnostic"',
        remedy: 'or give marginPerThousand',
      };
  }
});

function* unitFits(
  { role, unitOfAnalysis }: MetricPolicy,
  path: (string | number)[],
  unit: ModelDeclaration['unit'],
): Generator<RuleFault> {
  const allowed = [unit.name, ...(unit.cluster === null ? [] : [unit.cluster])];
  if (role === 'diagnostic' || allowed.includes(unitOfAnalysis)) return;
  yield {
    path: [...path, 'unitOfAnalysis'],
    problem: `is not what is assigned: ${unitOfAnalysis}s of one ${unit.name} share their luck, and no bound holds`,
    allowed: allowed.map((name) => JSON.stringify(name)).join(' or '),
    remedy: 'count once a unit, or make it role "diagnostic"',
  };
}

/** A cohort is looked at as soon as it is over, and counts of a cohort that is not over are refused. */
function* canBePushed({ source, lag }: MetricPolicy, path: (string | number)[], cohort: string): Generator<RuleFault> {
  if (source.kind !== 'pushed' || (lengthMs(lag) ?? 0) >= (lengthMs(cohort) ?? 0)) return;
  yield {
    path: [...path, 'lag'],
    problem: 'leaves no time to push: the gate would wait for every cohort at its first look',
    allowed: `${cohort} or more`,
    remedy: 'give the event time within which counts of a cohort have come; until then nothing is missing',
  };
}

function* stepDivides(step: string, path: (string | number)[], cohort: string): Generator<RuleFault> {
  const stepMs = lengthMs(step) ?? 0;
  const cohortMs = lengthMs(cohort) ?? 0;
  if (stepMs === 0 || cohortMs % stepMs !== 0)
    yield {
      path,
      problem: `does not divide the cohort of ${cohort}`,
      allowed: 'a duration that fits into it a whole number of times',
    };
  else if (cohortMs / stepMs > PROMETHEUS_POINTS_MAX)
    yield {
      path,
      problem: `asks for ${cohortMs / stepMs} points a cohort, and Prometheus answers with ${PROMETHEUS_POINTS_MAX} at most`,
      allowed: `a longer step, such as "PT1M"`,
    };
}

const gatesObservable = rule(['rollout'], function* ({ rollout }) {
  for (const [index, step] of rollout.steps.entries()) {
    if (step.mode !== 'shadow' && step.mode !== 'canary') continue;
    for (const [position, name] of (step.gates ?? []).entries()) {
      const path = ['rollout', 'steps', index, 'gates', position];
      yield* gateFits(rollout, name, step.mode, path);
    }
    yield* repeated(step.gates ?? [], 'gate', (position) => ['rollout', 'steps', index, 'gates', position]);
  }
});

function* gateFits(
  { slices, metrics }: Rollout,
  name: string,
  mode: 'shadow' | 'canary',
  path: (string | number)[],
): Generator<RuleFault> {
  const here = [
    LOSS_STREAM,
    ...slices.filter(({ role }) => role === 'required').map(({ id }) => id),
    ...metrics
      .filter(({ role, observable }) => role === 'required' && observable.includes(mode))
      .map((each) => each.name),
  ];
  if (here.includes(name)) return;
  const allowed = here.map((each) => JSON.stringify(each)).join(', ');
  const metric = metrics.find((each) => each.name === name);
  const slice = slices.find(({ id }) => id === name);
  if (metric !== undefined && !metric.observable.includes(mode)) {
    const problem = `cannot be observed in ${mode}: it is observable in ${metric.observable.join(' and ')}`;
    yield { path, problem, allowed, remedy: `gate a ${metric.observable[0]} step with it` };
  } else if (metric !== undefined || slice !== undefined) {
    const role = metric?.role ?? slice?.role;
    yield {
      path,
      problem: `is ${role}, and only what is required is ever certified`,
      allowed,
      remedy: 'make its role "required"',
    };
  } else yield unknownName(path, name, 'required metric or slice', here);
}

const watchFits = rule(['rollout', 'unit', 'cohort'], function* ({ rollout, unit, cohort }) {
  for (const [index, step] of rollout.steps.entries()) {
    if (step.mode !== 'full') continue;
    const path = ['rollout', 'steps', index];
    const watchMs = lengthMs(step.watch) ?? 0;
    if (watchMs % (lengthMs(cohort) ?? 1) !== 0)
      yield {
        path: [...path, 'watch'],
        problem: 'is not a whole number of cohorts',
        allowed: `multiples of ${cohort}`,
      };
    if (step.holdback > 0 && watchMs === 0) {
      const problem = 'keeps units on the predecessor although nothing is watched';
      yield { path: [...path, 'holdback'], problem, allowed: '0', remedy: 'or give watch a length' };
    }
    if (step.holdback > 0 && unit.assignment === 'shadow-only')
      yield {
        path: [...path, 'holdback'],
        problem: 'assigns units, and unit.assignment is "shadow-only"',
        allowed: '0',
      };
  }
});

const vetoesExist = rule(['rollout', 'people'], function* ({ rollout, people }) {
  for (const [index, step] of rollout.steps.entries()) {
    if (step.mode !== 'canary') continue;
    for (const [position, role] of (step.approvals?.veto ?? []).entries()) {
      if (Object.hasOwn(people, role)) continue;
      const path = ['rollout', 'steps', index, 'approvals', 'veto', position];
      yield unknownName(path, role, 'role of people', Object.keys(people));
    }
  }
});

export const streamRules: readonly Rule[] = [
  namesDiffer,
  slicesSelect,
  metricsCertify,
  gatesObservable,
  watchFits,
  vetoesExist,
];
