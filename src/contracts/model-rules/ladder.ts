/** The ladder: its order, what its evidence covers before many are exposed, who must agree, and whether its margins can be met. */
import { DAY_MS } from '../../domain/time.ts';
import type { ModelDeclaration } from '../model.ts';
import type { LadderStep } from '../rollout-policy.ts';
import { lengthMs, repeated, rule, unknownName } from './rule.ts';
import type { Rule, RuleFault } from './rule.ts';

/** Above this exposure the evidence must have covered a whole season: more people than an experiment usually needs. */
const SEASON_EXPOSURE = 0.25;
/** Exposure is recorded in basis points, so that equal exposures compare equal. */
const BASIS_POINTS = 10_000;

const ORDER = 'offline, infra where wanted, shadow, canaries of rising exposure, full';
const stepPath = (index: number, ...rest: string[]): (string | number)[] => ['rollout', 'steps', index, ...rest];

const ladderOrder = rule(['rollout', 'label', 'unit'], function* ({ rollout, label, unit }) {
  const modes = rollout.steps.map(({ mode }) => mode);
  const rank = { offline: 0, infra: 1, shadow: 2, canary: 3, full: 4 } as const;
  for (const [index, mode] of modes.entries()) {
    const before = modes[index - 1];
    if (before === undefined) continue;
    const path = stepPath(index, 'mode');
    if (before === mode && mode !== 'canary') yield { path, problem: `is a second ${mode} step`, allowed: ORDER };
    else if (rank[mode] < rank[before]) yield { path, problem: `comes after ${before}`, allowed: ORDER };
  }
  if (modes[0] !== 'offline') {
    const remedy = 'put { mode: offline } first: nothing is exposed before the suite has been passed';
    yield { path: stepPath(0, 'mode'), problem: 'is not offline', allowed: ORDER, remedy };
  }
  if (!modes.includes('shadow') && !label.affectsLabel) {
    yield {
      path: ['rollout', 'steps'],
      problem: 'has no shadow step',
      allowed: ORDER,
      remedy: 'add one after offline',
    };
  }
  if (modes.at(-1) !== 'full') {
    const remedy = 'put { mode: full } last';
    yield { path: stepPath(modes.length - 1, 'mode'), problem: 'is not full', allowed: ORDER, remedy };
  }
  yield* canariesFit(modes, unit.assignment);
});

function* canariesFit(
  modes: readonly LadderStep['mode'][],
  assignment: ModelDeclaration['unit']['assignment'],
): Generator<RuleFault> {
  const first = modes.indexOf('canary');
  if (assignment === 'shadow-only' && first !== -1) {
    const problem = 'exposes units, and unit.assignment is "shadow-only"';
    yield { path: stepPath(first, 'mode'), problem, remedy: 'remove the canaries, or assign by "unit"' };
  }
  if (assignment !== 'shadow-only' && first === -1) {
    const problem = 'has no canary step: exposure would jump from none to all';
    yield {
      path: ['rollout', 'steps'],
      problem,
      allowed: ORDER,
      remedy: 'add for example { mode: canary, exposure: 0.05, … }',
    };
  }
}

const exposureRises = rule(['rollout'], function* ({ rollout }) {
  let reached = 0;
  for (const [index, step] of rollout.steps.entries()) {
    if (step.mode !== 'canary') continue;
    const path = stepPath(index, 'exposure');
    const basisPoints = step.exposure * BASIS_POINTS;
    if (Math.abs(basisPoints - Math.round(basisPoints)) > 1e-9) {
      yield { path, problem: 'is finer than a basis point', allowed: 'multiples of 0.0001' };
    }
    if (step.exposure <= reached) {
      const problem = 'does not rise above the step before';
      yield { path, problem, allowed: `more than ${reached}`, remedy: 'order canaries by exposure' };
    }
    reached = Math.max(reached, step.exposure);
  }
});

/** Time until the labels of a cohort have matured: the attribution window, up to the end of its last cohort. */
function maturityMs(model: Pick<ModelDeclaration, 'label' | 'cohort'>): number {
  const cohortMs = lengthMs(model.cohort) ?? 1;
  const { attributionWindow, ingestionLag } = model.label;
  return Math.ceil(((lengthMs(attributionWindow) ?? 0) + (lengthMs(ingestionLag) ?? 0)) / cohortMs) * cohortMs;
}

const days = (ms: number): string => `${Math.round((ms / DAY_MS) * 100) / 100} days`;

const spansFit = rule(['rollout', 'label', 'cohort'], function* ({ rollout, label, cohort }) {
  const maturity = maturityMs({ label, cohort });
  for (const [index, step] of rollout.steps.entries()) {
    if (step.mode !== 'shadow' && step.mode !== 'canary') continue;
    const span = lengthMs(step.minSpan) ?? 0;
    if (span < (lengthMs(cohort) ?? 0)) {
      const problem = 'is shorter than a cohort, and evidence comes by whole cohorts';
      yield { path: stepPath(index, 'minSpan'), problem, allowed: `${cohort} or more` };
    }
    if ((lengthMs(step.deadline) ?? 0) <= span + maturity) {
      yield {
        path: stepPath(index, 'deadline'),
        problem: 'comes before the step can be judged: minSpan has to pass and its labels to mature',
        allowed: `more than ${days(span + maturity)} (minSpan ${step.minSpan} and maturity ${days(maturity)})`,
      };
    }
  }
});

const seasonCovered = rule(['rollout', 'label', 'cohort'], function* ({ rollout, label, cohort }) {
  if (rollout.seasonWaiver !== undefined) return;
  const maturity = maturityMs({ label, cohort });
  let covered = 0;
  for (const [index, step] of rollout.steps.entries()) {
    const exposure = step.mode === 'full' ? 1 : step.mode === 'canary' ? step.exposure : 0;
    if (exposure > SEASON_EXPOSURE) {
      if (covered >= (lengthMs(rollout.season) ?? 0)) return;
      yield {
        path: stepPath(index, 'mode'),
        problem: `exposes ${Math.round(exposure * BASIS_POINTS) / 100} % after ${days(covered)} of evidence, less than the season ${rollout.season}`,
        allowed: `steps up to ${SEASON_EXPOSURE * 100} % whose minSpans and maturities sum to ${rollout.season} or more`,
        remedy: 'lengthen a minSpan, or say in rollout.seasonWaiver why less is enough here',
      };
      return;
    }
    if (step.mode === 'shadow' || step.mode === 'canary') covered += (lengthMs(step.minSpan) ?? 0) + maturity;
  }
});

const approversExist = rule(['rollout', 'people'], function* ({ rollout, people }) {
  for (const [index, step] of rollout.steps.entries()) {
    if (step.mode !== 'canary' || step.approvals === undefined) continue;
    const { roles, quorum } = step.approvals;
    const unknown = roles.filter((role) => !Object.hasOwn(people, role));
    for (const role of unknown) {
      const path = [...stepPath(index, 'approvals', 'roles'), roles.indexOf(role)];
      yield unknownName(path, role, 'role of people', Object.keys(people));
    }
    yield* repeated(roles, 'role', (position) => [...stepPath(index, 'approvals', 'roles'), position]);
    const names = new Set(roles.flatMap((role) => (Object.hasOwn(people, role) ? (people[role] ?? []) : [])));
    if (unknown.length === 0 && names.size < quorum) {
      yield {
        path: stepPath(index, 'approvals', 'quorum'),
        problem: `asks for ${quorum} people, and ${names.size} may act as ${roles.join(' or ')}`,
        allowed: `${names.size} or less`,
        remedy: 'name more people in these roles, or lower the quorum',
      };
    }
  }
});

const marginsMeet = rule(['rollout'], function* ({ rollout }) {
  if (rollout.harmBudgetPerThousand < rollout.marginPerThousand) {
    yield {
      path: ['rollout', 'harmBudgetPerThousand'],
      problem: `is tighter than the margin of ${rollout.marginPerThousand}: at full exposure a tolerated candidate could never pass`,
      allowed: `${rollout.marginPerThousand} or more`,
      remedy: 'raise the budget, or lower marginPerThousand',
    };
  }
  if ((lengthMs(rollout.season) ?? 0) === 0) {
    yield {
      path: ['rollout', 'season'],
      problem: 'is no time at all',
      remedy: 'give a season, or waive it in seasonWaiver',
    };
  }
});

export const ladderRules: readonly Rule[] = [
  ladderOrder,
  exposureRises,
  spansFit,
  seasonCovered,
  approversExist,
  marginsMeet,
];
