/** Watches whether a broken objective is met again, on what was measured after the incident was opened. */
import type { RecordTransaction } from '../../adapters/record-store/port.ts';
import type { Objective } from '../../contracts/model.ts';
import { daysAsCertified } from '../../domain/monitoring/loss-shift.ts';
import { daysMeetingLoss } from '../../domain/monitoring/objectives.ts';
import type { DayMeasure } from '../../domain/monitoring/objectives.ts';
import { FRESH_COHORTS_MIN, freshnessProgress, isFreshAgain } from '../../domain/monitoring/recovery.ts';
import { cohortStart, DAY_MS, durationMs, epochMs, isoDay, isoInstant } from '../../domain/time.ts';
import { repeatableAnswer } from '../answers.ts';
import { modelContext } from '../model-context.ts';
import type { ModelContext } from '../model-context.ts';
import type { ActivityPorts } from '../ports.ts';
import { sayStage } from '../stage-records.ts';
import { waitForWork } from '../waiting.ts';
import { anyTrained, incidentOf, recallOf, rememberOf } from './facts.ts';
import type { IncidentFacts, RecoveryProgress } from './facts.ts';
import { Answers } from './measures.ts';
import type { Question } from './measures.ts';
import { judgeDays } from './opening.ts';
import { shiftOf } from './shift.ts';
import type { Shift } from './shift.ts';

interface RecoveryAnswer {
  readonly recovered: boolean;
  readonly inWords: string;
}
type Step = { readonly progress: RecoveryProgress; readonly inWords: string | null } | { readonly question: Question };

export async function recoveryNext(
  ports: Pick<ActivityPorts, 'records' | 'requestLog'>,
  input: { readonly model: string; readonly incidentId: string; readonly sequence: number },
): Promise<RecoveryAnswer> {
  const { model, incidentId, sequence } = input;
  const answers = new Answers(ports);
  for (;;) {
    const found = await waitForWork(ports.records, model, incidentId, async (tx, watermark) => {
      const context = await modelContext(tx);
      let question: Question | null = null;
      const work = await repeatableAnswer(tx, incidentId, sequence, async () => {
        const next = await look(tx, context, incidentId, answers, watermark);
        if (next !== null && 'question' in next) ({ question } = next);
        return next !== null && 'recovered' in next ? next : null;
      });
      if (work !== null) return { work };
      return question === null ? null : { question, context };
    });
    if ('work' in found) return found.work;
    await answers.find(found.context, found.question);
  }
}

async function look(
  tx: RecordTransaction,
  context: ModelContext,
  incidentId: string,
  answers: Answers,
  watermark: number | null,
): Promise<RecoveryAnswer | { readonly question: Question } | null> {
  if (watermark === null) return null;
  const { facts } = await incidentOf(tx, incidentId);
  const { objective } = facts;
  let progress = (await recallOf(tx, incidentId, 'recovery')) ?? startOf(facts);
  while (progress.recoveredAt === null) {
    const step =
      objective.kind === 'featureFreshness'
        ? nextCohort(context, objective, answers, progress, watermark)
        : await nextDay(tx, context, incidentId, facts, answers, progress, watermark);
    if (step === null) return null;
    if ('question' in step) return step;
    ({ progress } = step);
    await rememberOf(tx, incidentId, 'recovery', progress);
    if (step.inWords === null) continue;
    const { inWords } = step;
    const words = { workflowId: incidentId, stage: 'monitoring' as const, inWords, waitingFor: 'recovery' };
    await sayStage(tx, words, facts.openedAt);
    return { recovered: progress.recoveredAt !== null, inWords };
  }
  return progress.because === null ? null : { recovered: true, inWords: progress.because };
}

function startOf({ cohort }: IncidentFacts): RecoveryProgress {
  return { cohort: cohort ?? 0, freshInARow: 0, day: null, history: [], recoveredAt: null, because: null };
}

/** Judged on what the online features report of themselves, whichever bundle answers. */
function nextCohort(
  { calendar }: ModelContext,
  objective: Extract<Objective, { kind: 'featureFreshness' }>,
  answers: Answers,
  progress: RecoveryProgress,
  watermark: number,
): Step | null {
  const cohort = progress.cohort + 1;
  const end = cohortStart(calendar, cohort + 1);
  if (end > watermark) return null;
  const measured = answers.cohort(cohort);
  if (measured === null) return { question: { kind: 'cohort', cohort } };
  const oldestMs = measured.ages.reduce<number | null>((oldest, { ageMs }) => Math.max(oldest ?? 0, ageMs), null);
  const counted = freshnessProgress(progress, { cohort, oldestMs }, durationMs(objective.maxAge));
  const next = { ...progress, ...counted };
  if (!isFreshAgain(counted)) {
    const inWords = `features were fresh in ${counted.freshInARow} of ${FRESH_COHORTS_MIN} cohorts in a row`;
    return { progress: next, inWords: counted.freshInARow === progress.freshInARow ? null : inWords };
  }
  const because = `the features were fresh again in ${FRESH_COHORTS_MIN} cohorts in a row, through ${isoInstant(end)}`;
  return { progress: { ...next, recoveredAt: end, because }, inWords: because };
}

/** Judged on whole days after the opening: as served, or as the stable bundle would have served while an override answers. */
async function nextDay(
  tx: RecordTransaction,
  context: ModelContext,
  incidentId: string,
  facts: IncidentFacts,
  answers: Answers,
  progress: RecoveryProgress,
  watermark: number,
): Promise<Step | null> {
  const day = isoDay(progress.day === null ? facts.openedAt + DAY_MS - 1 : epochMs(progress.day) + DAY_MS);
  const due = epochMs(day) + DAY_MS + context.windowMs;
  if (due > watermark) return null;
  const overridden = ((await recallOf(tx, incidentId, 'respond'))?.order ?? null) !== null;
  const as = overridden ? 'stable' : 'served';
  const measured = answers.day(day, as);
  if (measured === null) return { question: { kind: 'day', day, as } };
  const { labelled, loss, fallbackLoss, meanPrediction, meanLabel, bundles, byBundle } = measured.performance;
  const trained = await anyTrained(tx, bundles);
  const today = { day, labelled, loss, fallbackLoss, meanPrediction, meanLabel, trained, byBundle };
  const history = [...progress.history, today];
  const next = { ...progress, day, history };
  const { objective } = facts;
  if (objective.kind === 'lossShift') return shifted(tx, context, facts, objective, answers, next, due);
  const because = overridden ? ((await newerStable(tx, facts, due)) ?? unjudgeable(facts, history)) : null;
  return judged(next, facts, because, due);
}

/** Met again when another bundle has become stable, whose own loss is its reference, or when the days lie within the tolerance again. */
async function shifted(
  tx: RecordTransaction,
  context: ModelContext,
  facts: IncidentFacts,
  objective: Shift,
  answers: Answers,
  progress: RecoveryProgress,
  due: number,
): Promise<Step> {
  const promoted = await newerStable(tx, facts, due);
  if (promoted !== null) return { progress: { ...progress, recoveredAt: due, because: promoted }, inWords: promoted };
  const shift = await shiftOf(tx, context, answers, objective, progress.history);
  if (shift === null) return { progress, inWords: null };
  if ('question' in shift) return shift;
  const within = daysAsCertified(objective, shift.reference, progress.history);
  const inWords = `the loss was within what is tolerated on ${within} of ${objective.days} days in a row`;
  if (within < objective.days) return { progress, inWords: shift.finding.measured === null ? null : inWords };
  return { progress: { ...progress, recoveredAt: due, because: inWords }, inWords };
}

/**
 * Where nobody scored the stable bundle while the override answered, nothing can ever be said of it: after as many days as break the
 * objective it is tried again, and the objective watches it as before.
 */
function unjudgeable({ objective }: IncidentFacts, history: readonly DayMeasure[]): string | null {
  if (objective.kind === 'featureFreshness' || history.length < objective.days) return null;
  const scored = history.some(({ labelled }) => labelled > 0);
  return scored ? null : `the stable bundle was not scored for ${history.length} days, so it is tried again`;
}

/** A bundle promoted since was itself judged against what serves; the override protects from a bundle that is gone. */
async function newerStable(tx: RecordTransaction, facts: IncidentFacts, due: number): Promise<string | null> {
  const stables = await tx.list('stable', { descending: true, limit: 1 });
  const newest = stables[0]?.body;
  if (newest === undefined || epochMs(newest.since) <= facts.openedAt || epochMs(newest.since) >= due) return null;
  return `${newest.idea} (${newest.bundle.slice(0, 8)}) has become stable since`;
}

function judged(progress: RecoveryProgress, facts: IncidentFacts, promoted: string | null, due: number): Step {
  const { objective } = facts;
  if (objective.kind === 'featureFreshness' || objective.kind === 'lossShift') return { progress, inWords: null };
  const because = promoted ?? metAgain(objective, progress.history);
  if (because !== null) return { progress: { ...progress, recoveredAt: due, because }, inWords: because };
  const { state, measured } = judgeDays(objective, progress.history);
  return { progress, inWords: measured === null ? null : `after ${progress.day}: the objective is ${state}` };
}

function metAgain(
  objective: Exclude<Objective, { kind: 'featureFreshness' | 'lossShift' }>,
  history: readonly DayMeasure[],
): string | null {
  if (objective.kind === 'calibration') {
    return judgeDays(objective, history).state === 'met'
      ? `the predictions have met the outcomes' level over ${objective.days} days`
      : null;
  }
  const met = daysMeetingLoss(objective, history);
  return met >= objective.days ? `better than the constant again on ${objective.days} days in a row` : null;
}
