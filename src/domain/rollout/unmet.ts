/** What keeps a step from being left: each unmet condition with its numbers, as people ask for it. Pure. */
import { histogramSize, mergeHistograms } from '../statistics/index.ts';
import type { GatePolicy, GateState, LookRecord, StreamPolicy } from '../statistics/index.ts';
import { lengthInWords } from '../time.ts';
import { differenceFinding } from './difference-finding.ts';
import { declaredSafeMargin, evidenceInWords } from './look-words.ts';

export interface UnmetInput {
  /** As the look was judged by: only the step's own gates are required. */
  readonly policy: GatePolicy;
  /** After the look. */
  readonly state: GateState;
  readonly record: LookRecord;
  readonly cohortMs: number;
  /** Why a stream's evidence is not there, by stream. */
  readonly missing: ReadonlyMap<string, string>;
}

/**
 * One sentence a condition, the ones a person can do something about first: faults, missing evidence, suspicion, units, span, certainty.
 * Empty when the look advances or the rollout ends.
 */
export function unmetConditions(input: UnmetInput): string[] {
  const { policy, record, missing } = input;
  if (record.decision === 'advance' || record.decision === 'rollback') return [];
  const required = policy.streams.filter(({ requiredForAdvance }) => requiredForAdvance === true);
  return [
    ...faults(record),
    ...[...missing].map(([stream, reason]) => `${stream}: ${reason}`),
    ...pending(record, missing),
    ...suspicions(input),
    ...required.flatMap((stream) => [...floors(stream, input), ...certainty(stream, input)]),
    ...(record.reasons.includes('approval') ? ['everything is certified; only an approval is missing'] : []),
    ...(record.decision === 'escalate' ? ['the deadline of the step has passed'] : []),
  ];
}

function faults({ reasons }: LookRecord): string[] {
  const lines = [];
  if (reasons.includes('srm')) lines.push('the measured split is not the ordered one; only a rollback ends this');
  if (reasons.includes('cohort-void'))
    lines.push('the cohort does not count, because stable was not what served; needs one that counts');
  if (reasons.includes('foreign-split')) lines.push('somebody else writes the split; only a rollback ends this');
  return lines;
}

/** Evidence the look waits for and nobody has said why: of an earlier cohort, for example. */
function pending({ reasons }: LookRecord, missing: UnmetInput['missing']): string[] {
  if (!reasons.includes('data-pending')) return [];
  const late = reasons.filter((reason) => reason !== 'data-pending' && !missing.has(reason));
  if (late.length > 0) return late.map((stream) => `${stream}: evidence of an earlier cohort has not arrived`);
  return missing.size === 0 ? ['evidence that is due has not arrived'] : [];
}

function suspicions({ policy, record }: UnmetInput): string[] {
  if (record.decision !== 'hold') return [];
  return policy.streams
    .filter(({ id }) => record.reasons.includes(id) && !record.reasons.includes('data-pending'))
    .map(({ id, weight }) => {
      const seen = record.streams?.[id];
      const needs = 1 / (policy.alphaHold * weight);
      return `${id}: harm is suspected, evidence ${evidenceInWords(seen?.lnHarm ?? 0)}; the hold ends below ×${needs.toFixed(0)}`;
    });
}

interface Progress {
  readonly units: number;
  readonly cohorts: number;
  /** Judged units of one cohort, on average over the rollout; 0 before the first. */
  readonly unitsPerCohort: number;
}

/** What the step's floors are held against: of the step, or of the whole rollout where labels come later than the step is long. */
export function progressOf(
  { id, floor, lag = 0 }: StreamPolicy,
  { policy, state, record }: Pick<UnmetInput, 'policy' | 'state' | 'record'>,
): Progress {
  const kept = state.progress.streams[id];
  const step = policy.steps[record.step];
  const scope = floor ?? (lag <= (step?.minCohorts ?? 0) ? 'step' : 'rollout');
  const [units, cohorts] = (scope === 'step' ? kept?.inStep : kept?.inRollout) ?? [0, 0];
  const [allUnits, allCohorts] = kept?.inRollout ?? [0, 0];
  return { units, cohorts, unitsPerCohort: allCohorts === 0 ? 0 : allUnits / allCohorts };
}

function floors(stream: StreamPolicy, input: UnmetInput): string[] {
  const { policy, record, cohortMs } = input;
  const step = policy.steps[record.step];
  if (step === undefined) return [];
  const { units, cohorts, unitsPerCohort } = progressOf(stream, input);
  const lines = [];
  const unitsMissing = step.minUnits - units;
  if (unitsMissing > 0) {
    const when = unitsPerCohort === 0 ? '' : `, about ${eventTime(Math.ceil(unitsMissing / unitsPerCohort), cohortMs)}`;
    lines.push(`needs ${unitsMissing.toLocaleString('en')} more matured units of ${stream.id}${when}`);
  }
  const cohortsMissing = (step.minSpan ?? step.minCohorts) - cohorts;
  if (cohortsMissing > 0)
    lines.push(`needs ${eventTime(cohortsMissing, cohortMs)} more of matured evidence on ${stream.id}`);
  // Time alone brings nothing while what is due stays away.
  const isAwaited = record.reasons.includes('data-pending') && record.reasons.includes(stream.id);
  return isAwaited ? lines.map((line) => `${line}, counted once what is due has arrived`) : lines;
}

const eventTime = (cohorts: number, cohortMs: number): string => `${lengthInWords(cohorts * cohortMs)} of event time`;

/** How far the certificate of safety is, and when it comes if the evidence goes on as so far. */
function certainty(stream: StreamPolicy, input: UnmetInput): string[] {
  const { policy, record, cohortMs } = input;
  const lnSafe = record.streams?.[stream.id]?.lnSafe ?? null;
  const level = stream.beta ?? policy.beta;
  const needs = -Math.log(level);
  if (lnSafe === null || lnSafe >= needs) return [];
  const { unitsPerCohort } = progressOf(stream, input);
  const judged = input.state.progress.streams[stream.id]?.inRollout[0] ?? 0;
  const unitsMissing = lnSafe <= 0 || judged === 0 ? null : (judged * (needs - lnSafe)) / lnSafe;
  const when =
    unitsMissing === null || unitsPerCohort === 0
      ? ', and so far the evidence does not grow'
      : `, about ${Math.ceil(unitsMissing).toLocaleString('en')} units or ${eventTime(Math.ceil(unitsMissing / unitsPerCohort), cohortMs)} at the pace so far`;
  return [
    `${stream.id}: not certified safe yet, evidence is ${evidenceInWords(lnSafe)} of ×${(1 / level).toFixed(0)} needed${bound(stream, input)}${when}`,
  ];
}

function bound(stream: StreamPolicy, { policy, state, record }: UnmetInput): string {
  const kept = state.state[stream.id];
  if (stream.kind !== 'difference' || kept === undefined || !('epochs' in kept)) return '';
  const histogram = mergeHistograms(...kept.epochs);
  if (histogramSize(histogram) === 0) return '';
  const { upper } = differenceFinding(policy, stream, histogram);
  const margin = declaredSafeMargin(policy, stream, record.step) ?? 0;
  return ` (the difference is at most ${(upper * 1000).toFixed(1)} per 1,000 for sure, ${(margin * 1000).toFixed(1)} is tolerated)`;
}
