/** From a measurement to an incident: which objective is broken, why probably, and what is to be done. */
import type { RecordTransaction } from '../../adapters/record-store/port.ts';
import type { Objective } from '../../contracts/model.ts';
import { incidentId } from '../../contracts/names.ts';
import type { IncidentRecord } from '../../contracts/records.ts';
import {
  ageInWords,
  driftInWords,
  staleFeaturesInWords,
  triageInWords,
} from '../../domain/monitoring/incident-words.ts';
import { judgeCalibration, judgeFreshness, judgeLoss } from '../../domain/monitoring/objectives.ts';
import type { DayMeasure, Finding } from '../../domain/monitoring/objectives.ts';
import { durationMs, epochMs, isoDay, isoInstant } from '../../domain/time.ts';
import type { ModelContext } from '../model-context.ts';
import { anyTrained, outcomeFeatures, rememberOf } from './facts.ts';
import type { Answers, CohortMeasure, FeatureAge, Question, Triage } from './measures.ts';
import { shiftInWords, shiftOf } from './shift.ts';
import type { Shift } from './shift.ts';

/** Judged history reaches at most this far back; no objective looks further. */
const HISTORY_DAYS_MAX = 60;

type Opening = { readonly incident: IncidentRecord } | { readonly question: Question } | null;
type Fresh = Extract<Objective, { kind: 'featureFreshness' }>;

/** Opens an incident when the features that answered in a cohort were older than an objective allows. */
export async function openForCohort(
  tx: RecordTransaction,
  context: ModelContext,
  cohort: number,
  measured: CohortMeasure,
  due: number,
): Promise<IncidentRecord | null> {
  const objectives = context.declaration.objectives.filter((one): one is Fresh => one.kind === 'featureFreshness');
  for (const objective of objectives) {
    const worst = await oldestRead(tx, measured.ages);
    if (worst === null) continue;
    const { state } = judgeFreshness(durationMs(objective.maxAge), { cohort, oldestMs: worst.ageMs });
    if (state !== 'broken' || (await isOpen(tx, objective.id))) continue;
    return open(tx, context, {
      objective,
      due,
      cohort,
      days: [isoDay(due - context.calendar.lengthMs)],
      where: 'true',
      features: worst.features,
      symptom: `served with features ${ageInWords(worst.ageMs)} old; ${ageInWords(durationMs(objective.maxAge))} is tolerated`,
      cause: staleFeaturesInWords(worst.features, worst.through, worst.ageMs),
    });
  }
  return null;
}

/** The oldest state among bundles that read outcome-rate features; null where none of them answered. */
async function oldestRead(
  tx: RecordTransaction,
  ages: readonly FeatureAge[],
): Promise<(FeatureAge & { features: string[] }) | null> {
  let worst: (FeatureAge & { features: string[] }) | null = null;
  for (const age of ages) {
    const features = outcomeFeatures(await tx.get('bundle', age.bundle));
    if (features.length > 0 && (worst === null || age.ageMs > worst.ageMs)) worst = { ...age, features };
  }
  return worst;
}

/** Age of the oldest features a bundle really read on a day, milliseconds; null where none read any. */
export async function freshnessMax(tx: RecordTransaction, ages: readonly FeatureAge[]): Promise<number | null> {
  return (await oldestRead(tx, ages))?.ageMs ?? null;
}

/** Opens an incident when an objective over days is broken by the days measured so far. */
export async function openForDays(
  tx: RecordTransaction,
  context: ModelContext,
  answers: Answers,
  due: number,
): Promise<Opening> {
  const all = await judgedHistory(tx);
  for (const objective of context.declaration.objectives) {
    if (objective.kind === 'featureFreshness' || (await isOpen(tx, objective.id))) continue;
    const since = await lastClosed(tx, objective.id);
    const history = all.filter(({ day }) => since === null || epochMs(day) >= epochMs(since));
    const judged = await judge(tx, context, answers, objective, history);
    if (judged === null) continue;
    if ('question' in judged) return judged;
    const { finding, symptom } = judged;
    if (finding.state !== 'broken') continue;
    const against = objective.kind === 'calibration' ? 'label' : 'constant';
    const triage = answers.triage(finding.days, against);
    if (triage === null) return { question: { kind: 'triage', days: finding.days, against } };
    const incident = await open(tx, context, {
      objective,
      due,
      cohort: null,
      days: finding.days,
      where: triage.where,
      features: [],
      symptom,
      cause: causeOf(triage, context.declaration.unit.name),
    });
    return { incident };
  }
  return null;
}

/** What the days say of one objective, and how its being broken is told. */
async function judge(
  tx: RecordTransaction,
  context: ModelContext,
  answers: Answers,
  objective: OverDays | Shift,
  history: readonly DayMeasure[],
): Promise<{ readonly finding: Finding; readonly symptom: string } | { readonly question: Question } | null> {
  if (objective.kind !== 'lossShift') {
    const finding = judgeDays(objective, history);
    return { finding, symptom: symptomOf(objective, finding) };
  }
  const shift = await shiftOf(tx, context, answers, objective, history);
  if (shift === null || 'question' in shift) return shift;
  return { finding: shift.finding, symptom: shiftInWords(objective, shift) };
}

type OverDays = Exclude<Objective, Fresh | Shift>;

export function judgeDays(objective: OverDays, history: readonly DayMeasure[]): Finding {
  return objective.kind === 'lossAgainstFallback'
    ? judgeLoss(objective, history)
    : judgeCalibration(objective, history);
}

function symptomOf(objective: OverDays, { measured, days }: Finding): string {
  const span = days.length === 1 ? `on ${days[0]}` : `from ${days[0]} to ${days.at(-1)}`;
  return objective.kind === 'lossAgainstFallback'
    ? `worse than the declared constant ${span}: ${(measured ?? 0).toFixed(1)} per 1,000 on the last day, ${objective.maxDifferencePerThousand} is tolerated`
    : `predictions miss the outcomes' level by ${Math.round((measured ?? 0) * 100)} % ${span}; ${Math.round(objective.maxRatioError * 100)} % is tolerated`;
}

function causeOf({ dominant, slices, drift }: Triage, unit: string): string {
  return `${triageInWords(dominant, slices, unit)}; hint: ${driftInWords(drift, unit)}`;
}

async function judgedHistory(tx: RecordTransaction): Promise<DayMeasure[]> {
  const newest = await tx.list('performance', { descending: true, limit: HISTORY_DAYS_MAX });
  const history: DayMeasure[] = [];
  for (const { body } of newest.reverse()) {
    const { day, labelled, loss, fallbackLoss, meanPrediction, meanLabel, bundles, byBundle } = body;
    const trained = await anyTrained(tx, bundles);
    history.push({ day, labelled, loss, fallbackLoss, meanPrediction, meanLabel, trained, byBundle });
  }
  return history;
}

async function isOpen(tx: RecordTransaction, objective: string): Promise<boolean> {
  const incidents = await tx.list('incident');
  return incidents.some(({ body }) => body.objective === objective && body.closedAt === null);
}

async function lastClosed(tx: RecordTransaction, objective: string): Promise<string | null> {
  const incidents = await tx.list('incident');
  const closed = incidents.flatMap(({ body: { objective: of, closedAt } }) =>
    of === objective && closedAt !== null ? [closedAt] : [],
  );
  return closed.sort().at(-1) ?? null;
}

interface Trouble {
  readonly objective: Objective;
  readonly due: number;
  readonly cohort: number | null;
  readonly days: readonly string[];
  readonly where: string;
  readonly features: readonly string[];
  readonly symptom: string;
  readonly cause: string;
}

async function open(tx: RecordTransaction, { declaration }: ModelContext, trouble: Trouble): Promise<IncidentRecord> {
  const { objective, due, cohort, days, where, features, symptom, cause } = trouble;
  const day = isoDay(due);
  const sameDay = await tx.list('incident', { prefix: incidentId(declaration.model, day, 0).slice(0, -1) });
  const id = incidentId(declaration.model, day, sameDay.length + 1);
  const incident: IncidentRecord = {
    id,
    objective: objective.id,
    openedAt: isoInstant(due),
    symptom,
    cause,
    features,
    response: objective.response,
    responseDecisionId: null,
    closedAt: null,
    closingReason: null,
    caseId: null,
  };
  await tx.put('incident', id, incident);
  await rememberOf(tx, id, 'facts', { objective, openedAt: due, cohort, days, where });
  await tx.join(id);
  return incident;
}
