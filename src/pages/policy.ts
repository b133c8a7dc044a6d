/** What a rollout policy means: its preset, its margins and its ladder, in sentences a person can disagree with. */
import { LOSS_STREAM } from '../domain/rollout/gate-runs.ts';
import type { ModelDeclaration } from '../contracts/model.ts';
import type { LadderStep } from '../contracts/rollout-policy.ts';
import { STATISTICAL_PRESETS } from '../domain/rollout/presets.ts';
import { durationMs, lengthInWords } from '../domain/time.ts';
import { durationInWords } from './durations.ts';

type PolicyParts = Pick<ModelDeclaration, 'rollout' | 'cohort' | 'unit' | 'label'>;

/** Preset, margins and ladder, one sentence a line. */
export function policyInWords(model: PolicyParts): string {
  return [...presetLines(model), ...marginLines(model), ...ladderLines(model)].join('\n');
}

/** A rate as people count: 0.05 is `5 in 100`, 0.001 is `1 in 1,000`. */
function chance(rate: number): string {
  const base = rate >= 0.01 ? 100 : 1000;
  return `${rounded(rate * base)} in ${base.toLocaleString('en')}`;
}

const rounded = (value: number): string => String(Math.round(value * 1000) / 1000);
const percent = (exposure: number): string => `${rounded(exposure * 100)} %`;

function presetLines({ rollout, cohort }: PolicyParts): string[] {
  const { alpha, beta, alphaHold, alphaSrm, restartEvery } = STATISTICAL_PRESETS[rollout.preset];
  const restart = lengthInWords(restartEvery * durationMs(cohort));
  return [
    `Preset "${rollout.preset}", over all looks at the evidence together:`,
    `  a harmless candidate is rolled back at most ${chance(alpha)} times;`,
    `  one that is worse than its margin is widened at most ${chance(beta)} times;`,
    `  suspicion of harm at the level of ${chance(alphaHold)} holds the step until it fades or decides;`,
    `  a split that is not the ordered one is called so at most ${chance(alphaSrm)} times in error;`,
    `  the watch for late harm starts afresh every ${restartEvery} cohorts (${restart}).`,
  ];
}

function marginLines({ rollout, unit }: PolicyParts): string[] {
  const { marginPerThousand, harmBudgetPerThousand, errorRatio } = rollout;
  const units = `1,000 ${unit.name}s`;
  return [
    'Margins:',
    `  "not-worse" tolerates the loss of ${wrongAnswers(marginPerThousand, rollout)} per ${units}; "improve" tolerates none;`,
    `  before each rise it must be certain that ${wrongAnswers(harmBudgetPerThousand, rollout)} per ${units}, exposed or not, is the most it can cost;`,
    `  serving errors may be ${rounded(errorRatio)} times the stable bundle's;`,
    ...harmLines({ rollout, unit }),
  ];
}

/**
 * What rolls back at once. It lies above what single days do, and so it may lie above what has to be certified, which is about all days
 * together: then there is a stretch between the two in which only people decide.
 */
function harmLines({ rollout, unit }: Pick<PolicyParts, 'rollout' | 'unit'>): string[] {
  const { harmBudgetPerThousand: budget, harmMarginPerThousand: loss = budget / 2, slices, metrics } = rollout;
  const perThousand = (value: number): string => `${rounded(value)} per 1,000`;
  const times = (value: number): string => `${rounded(value)} times the stable bundle's rate`;
  const lines = [
    `${wrongAnswers(loss, rollout)} per 1,000 ${unit.name}s exposed, over any stretch of time, roll back${between(loss, budget, perThousand, 'before the last rise, ')}`,
    ...slices
      .filter(({ role }) => role !== 'diagnostic')
      .map(
        ({ id, role, harmMarginPerThousand: harm, marginPerThousand: safe }) =>
          `${id}: ${harm === 0 ? 'any certified loss' : `a loss of ${perThousand(harm)}`} in it rolls back${between(harm, role === 'required' ? safe : undefined, perThousand)}`,
      ),
    ...metrics
      .filter(({ role }) => role !== 'diagnostic')
      .map((metric) => {
        const [harm, safe, words] =
          metric.shape === 'count'
            ? ([metric.harmRatio, metric.safeRatio, times] as const)
            : ([metric.harmMarginPerThousand, metric.marginPerThousand, perThousand] as const);
        return `${metric.name}: more than ${words(harm)} rolls back${between(harm, metric.role === 'required' ? safe : undefined, words)}`;
      }),
  ];
  return lines.map((line, index) => `  ${line}${index === lines.length - 1 ? '.' : ';'}`);
}

/** What lies between the certificate and the harm; nothing where the two leave no room. */
function between(harm: number, safe: number | undefined, words: (value: number) => string, where = ''): string {
  if (safe === undefined || harm <= safe) return '';
  return `; ${where}between ${rounded(safe)} and ${words(harm)} a candidate neither rises nor falls, and the deadline of its step calls a person`;
}

/** One unit of loss in words: the loss is bounded, and its bound is an answer as wrong as can be. */
function wrongAnswers(perThousand: number, { loss, lossRange }: PolicyParts['rollout']): string {
  const extra = `${rounded(perThousand)} extra bad outcome${perThousand === 1 ? '' : 's'}`;
  if (loss === 'brier') return `${extra} (certain and wrong)`;
  const [low, high] = lossRange ?? [0, 1];
  return `${extra} (off by the whole range ${low} to ${high})`;
}

function ladderLines(model: PolicyParts): string[] {
  const { steps, season, seasonWaiver } = model.rollout;
  const shares = steps.map(shareOf);
  const lines = steps.map((step, index) => `  ${index + 1}. ${stepInWords(step, shares[index + 1], model)}`);
  const waived = seasonWaiver === undefined ? '' : ` Waived: ${seasonWaiver}`;
  return [
    'Ladder:',
    ...lines,
    `  Evidence covers ${durationInWords(season)} before more than 25 % are exposed.${waived}`,
  ];
}

const shareOf = (step: LadderStep): number => (step.mode === 'canary' ? step.exposure : step.mode === 'full' ? 1 : 0);

type Canary = Extract<LadderStep, { mode: 'canary' }>;

function stepInWords(step: LadderStep, next: number | undefined, model: PolicyParts): string {
  const units = `${model.unit.name}s`;
  switch (step.mode) {
    case 'offline':
      return 'offline: the candidate passes the validation suite against the bundle that really serves.';
    case 'shadow':
      return (
        `shadow: scored beside the stable bundle, seen by nobody, for at least ${durationInWords(step.minSpan)} and ` +
        `${step.minUnits.toLocaleString('en')} ${units}; refused without a verdict after ${durationInWords(step.deadline)}${patienceInWords(step)}.`
      );
    case 'canary':
      return (
        `canary: ${percent(step.exposure)} of ${units}, for at least ${durationInWords(step.minSpan)} and ` +
        `${step.minUnits.toLocaleString('en')} of them; ${riseInWords(step, next, model)}${approvalInWords(step)}; ` +
        `a person is called after ${durationInWords(step.deadline)}${patienceInWords(step)}.`
      );
    case 'infra':
      return `infra: loads in a process of its own and answers ${step.requests.toLocaleString('en')} recorded requests, the 99th percentile within ${step.latencyMsMax} ms.`;
    case 'full':
      return fullInWords(step, units);
    default:
      return step satisfies never;
  }
}

function fullInWords({ watch, holdback }: Extract<LadderStep, { mode: 'full' }>, units: string): string {
  if (durationMs(watch) === 0) return `full: all ${units}, and the candidate is the new stable.`;
  const kept = holdback === 0 ? 'the predecessor is scored in shadow' : `${percent(holdback)} stay on the predecessor`;
  return `full: all ${units}; for ${durationInWords(watch)} ${kept} and may still be returned to, then the candidate is the new stable.`;
}

/** Event time that stands still reaches no deadline: then the clock on the wall calls. */
function patienceInWords({ patience }: { readonly patience?: string | undefined }): string {
  return patience === undefined ? '' : `, or after ${durationInWords(patience)} by the clock on the wall`;
}

/** What has to be certain before the next exposure: of the loss, the harm budget divided by it; of the rest, its own margins. */
function riseInWords({ gates }: Canary, next: number | undefined, { rollout }: PolicyParts): string {
  if (next === undefined || next === 0) return 'leaves on evidence';
  const isAsked = (name: string): boolean => gates === undefined || gates.includes(name);
  const bound = Math.min(1000, rollout.harmBudgetPerThousand / next);
  const certain = [
    ...(isAsked(LOSS_STREAM) ? [`harm is at most ${rounded(bound)} extra bad outcomes per 1,000 exposed`] : []),
    ...rollout.slices
      .filter(({ id, role }) => role === 'required' && isAsked(id))
      .map(({ id, marginPerThousand = 0 }) => `${id} loses at most ${marginPerThousand} per 1,000`),
    ...rollout.metrics
      .filter(({ name, role, observable }) => role === 'required' && observable.includes('canary') && isAsked(name))
      .map((metric) =>
        metric.shape === 'count'
          ? `${metric.name} stays below ${metric.safeRatio ?? metric.harmRatio} times the stable bundle's rate`
          : `${metric.name} loses at most ${metric.marginPerThousand ?? 0} per 1,000`,
      ),
  ];
  return `rises to ${percent(next)} once it is certain that ${certain.join(', and that ')}`;
}

function approvalInWords(step: Canary): string {
  if (step.approvals === undefined) return '';
  const { quorum, roles } = step.approvals;
  return ` and ${quorum === 1 ? 'one person' : `${quorum} people`} in the role ${roles.join(' or ')} said yes`;
}
