/** How far each metric of a step is from its verdict, as numbers for people to look at; nothing is decided by them. Pure. */
import type { LookRecord, StreamPolicy } from '../statistics/index.ts';
import { assessmentOf } from './look-words.ts';
import type { StreamProgress } from './states.ts';
import { progressOf } from './unmet.ts';
import type { UnmetInput } from './unmet.ts';

/** One row a stream, in the order of the policy. */
export function gateProgress(input: Omit<UnmetInput, 'missing'>): StreamProgress[] {
  return input.policy.streams.map((stream) => streamProgress(stream, input));
}

function streamProgress(stream: StreamPolicy, input: Omit<UnmetInput, 'missing'>): StreamProgress {
  const { policy, record } = input;
  const { units } = progressOf(stream, input);
  const isRequired = stream.requiredForAdvance === true;
  const { lnSafe = null, lnHarm = 0 } = seenOf(stream, record);
  const safe = lnSafe === null || !isRequired ? null : shareOf(lnSafe, stream.beta ?? policy.beta);
  return {
    stream: stream.id,
    assessment: assessmentOf(policy, record, stream),
    safe,
    harm: shareOf(lnHarm, policy.alpha * stream.weight),
    units,
    unitsMin: isRequired ? (policy.steps[record.step]?.minUnits ?? 0) : null,
    leftMs: isRequired ? leftMs(stream, input) : null,
  };
}

const seenOf = ({ id }: StreamPolicy, { streams }: LookRecord): { lnSafe?: number | null; lnHarm?: number } =>
  streams?.[id] ?? {};

/** How far the evidence is on its way to certainty at a level, 0 to 1, by its logarithm. */
function shareOf(lnEvidence: number, level: number): number {
  return Math.min(1, Math.max(0, lnEvidence / -Math.log(level)));
}

/** Event time until units, span and certainty are there, if the evidence goes on as so far; null where it does not grow. */
function leftMs(stream: StreamPolicy, input: Omit<UnmetInput, 'missing'>): number | null {
  const { policy, state, record, cohortMs } = input;
  const step = policy.steps[record.step];
  if (step === undefined) return null;
  const { units, cohorts, unitsPerCohort } = progressOf(stream, input);
  const judged = state.progress.streams[stream.id]?.inRollout[0] ?? 0;
  const { lnSafe = null } = seenOf(stream, record);
  const needs = -Math.log(stream.beta ?? policy.beta);
  const unitsLeft = [step.minUnits - units];
  if (lnSafe !== null && lnSafe < needs) unitsLeft.push(lnSafe <= 0 ? Infinity : (judged * (needs - lnSafe)) / lnSafe);
  const most = Math.max(0, ...unitsLeft);
  const byUnits = most === 0 ? 0 : most / unitsPerCohort;
  const cohortsLeft = Math.ceil(Math.max(byUnits, (step.minSpan ?? step.minCohorts) - cohorts, 0));
  return Number.isFinite(cohortsLeft) ? cohortsLeft * cohortMs : null;
}
