import type { RecordTransaction } from '../adapters/record-store/port.ts';
import { monitoringId } from '../contracts/names.ts';
import type { PerformanceRecord } from '../contracts/records.ts';
import type { MonitoringActivities, MonitoringWork } from '../contracts/workflows.ts';
import { grouped } from '../domain/aligned-table.ts';
import { cohortStart, DAY_MS, epochMs, isoDay, isoInstant } from '../domain/time.ts';
import { repeatableAnswer } from './answers.ts';
import { edgeOf } from './edge-address.ts';
import { modelContext } from './model-context.ts';
import type { ModelContext } from './model-context.ts';
import { closeIncident, settleCase } from './monitoring/closing.ts';
import { recall, remember } from './monitoring/facts.ts';
import type { MonitoringProgress } from './monitoring/facts.ts';
import { Answers } from './monitoring/measures.ts';
import type { DayReading, Question } from './monitoring/measures.ts';
import { freshnessMax, openForCohort, openForDays } from './monitoring/opening.ts';
import { recoveryNext } from './monitoring/recovery.ts';
import { respond } from './monitoring/response.ts';
import type { ActivityPorts } from './ports.ts';
import { sayStage } from './stage-records.ts';
import { waitForWork } from './waiting.ts';

/** A look either found work or something it must know first. */
type Found<T> = { readonly work: T } | { readonly question: Question; readonly context: ModelContext };

export function createMonitoringActivities(
  ports: Pick<ActivityPorts, 'records' | 'requestLog' | 'trafficRouter' | 'edgeUrl'>,
): MonitoringActivities {
  return {
    async monitorNext({ model, sequence }) {
      const work = await monitorNext(ports, model, sequence);
      return { ...work, ...edgeOf(ports) };
    },
    respond: (input) => respond(ports, input.model, input.incidentId),
    recoveryNext: (input) => recoveryNext(ports, input),
    closeIncident: (input) => closeIncident(ports, input.model, input.incidentId),
    settleCase: (input) => settleCase(ports, input),
  };
}

async function monitorNext(
  ports: Pick<ActivityPorts, 'records' | 'requestLog'>,
  model: string,
  sequence: number,
): Promise<MonitoringWork> {
  const answers = new Answers(ports);
  const workflowId = monitoringId(model);
  for (;;) {
    const found = await waitForWork(ports.records, model, workflowId, async (tx, watermark) => {
      const context = await modelContext(tx);
      let question: Question | null = null;
      const work = await repeatableAnswer(tx, workflowId, sequence, async () => {
        const next = await look(tx, context, answers, watermark);
        if (next !== null && 'question' in next) ({ question } = next);
        return next !== null && 'work' in next ? next.work : null;
      });
      if (work !== null) return { work } satisfies Found<MonitoringWork>;
      return question === null ? null : { question, context };
    });
    if ('work' in found) return found.work;
    await answers.find(found.context, found.question);
  }
}

type Look = { readonly work: MonitoringWork } | { readonly question: Question } | null;

/** Takes what is due in order of event time: complete cohorts, then matured days, and the objectives over them. */
async function look(
  tx: RecordTransaction,
  context: ModelContext,
  answers: Answers,
  watermark: number | null,
): Promise<Look> {
  for (;;) {
    const progress: MonitoringProgress = (await recall(tx, 'monitoring/progress')) ?? {
      cohort: 0,
      day: null,
      judged: null,
    };
    const judging = await judgeMeasuredDay(tx, context, answers, progress);
    if (judging !== null) return judging;
    const due = nextDue(context, progress);
    if (watermark === null || due.at > watermark) {
      await sayMonitoring(tx, context, progress, due);
      return null;
    }
    const step =
      due.kind === 'cohort'
        ? await takeCohort(tx, context, answers, progress, due)
        : await takeDay(tx, context, answers, progress, due.day);
    if (step !== null) return step;
  }
}

/** Null when the measured days are judged and all objectives are met, or as broken as they were. */
async function judgeMeasuredDay(
  tx: RecordTransaction,
  context: ModelContext,
  answers: Answers,
  progress: MonitoringProgress,
): Promise<Look> {
  if (progress.day === null || progress.day === progress.judged) return null;
  const opening = await openForDays(tx, context, answers, maturesAt(context, progress.day));
  if (opening !== null && 'question' in opening) return opening;
  // Several objectives may be broken by the same day: the day counts as judged when a look opens nothing.
  if (opening !== null) return { work: { kind: 'incident', incident: opening.incident } };
  await remember(tx, 'monitoring/progress', { ...progress, judged: progress.day });
  return null;
}

type Due =
  | { readonly kind: 'cohort'; readonly at: number; readonly cohort: number }
  | { readonly kind: 'day'; readonly at: number; readonly day: string };

function nextDue(context: ModelContext, progress: MonitoringProgress): Due {
  const { calendar } = context;
  const cohort = progress.cohort + 1;
  const cohortAt = cohortStart(calendar, cohort + 1);
  const day = isoDay(progress.day === null ? calendar.origin : epochMs(progress.day) + DAY_MS);
  const dayAt = maturesAt(context, day);
  return cohortAt <= dayAt ? { kind: 'cohort', at: cohortAt, cohort } : { kind: 'day', at: dayAt, day };
}

const maturesAt = ({ windowMs }: ModelContext, day: string): number => epochMs(day) + DAY_MS + windowMs;

async function takeCohort(
  tx: RecordTransaction,
  context: ModelContext,
  answers: Answers,
  progress: MonitoringProgress,
  { cohort, at }: Extract<Due, { kind: 'cohort' }>,
): Promise<Look> {
  if (context.declaration.objectives.some(({ kind }) => kind === 'featureFreshness')) {
    const measured = answers.cohort(cohort);
    if (measured === null) return { question: { kind: 'cohort', cohort } };
    const incident = await openForCohort(tx, context, cohort, measured, at);
    if (incident !== null) return { work: { kind: 'incident', incident } };
  }
  await remember(tx, 'monitoring/progress', { ...progress, cohort });
  return null;
}

async function takeDay(
  tx: RecordTransaction,
  context: ModelContext,
  answers: Answers,
  progress: MonitoringProgress,
  day: string,
): Promise<Look> {
  const measured = answers.day(day, 'served');
  if (measured === null) return { question: { kind: 'day', day, as: 'served' } };
  const performance = await performanceRecord(tx, day, measured);
  await tx.put('performance', day, performance);
  await remember(tx, 'monitoring/progress', { ...progress, day });
  return { work: { kind: 'performance', performance, inWords: performanceInWords(performance) } };
}

async function performanceRecord(tx: RecordTransaction, day: string, measured: DayReading): Promise<PerformanceRecord> {
  return {
    day,
    ...measured.performance,
    auc: measured.auc,
    freshnessMaxMs: await freshnessMax(tx, measured.ages),
  };
}

function performanceInWords({ day, units, labelled, loss, fallbackLoss }: PerformanceRecord): string {
  if (loss === null || fallbackLoss === null) return `${day}: ${units} served, no label has arrived`;
  const difference = (loss - fallbackLoss) * 1000;
  const side = difference > 0 ? 'worse' : 'better';
  return `${day}: ${grouped(labelled)} of ${grouped(units)} labelled, ${Math.abs(difference).toFixed(1)} per 1,000 ${side} than the constant`;
}

async function sayMonitoring(
  tx: RecordTransaction,
  { declaration, calendar }: ModelContext,
  progress: MonitoringProgress,
  due: Due,
): Promise<void> {
  const open = (await tx.list('incident')).filter(({ body }) => body.closedAt === null);
  const words = [
    progress.day === null ? 'no day has matured yet' : `measured through ${progress.day}`,
    open.length === 0 ? 'no incident is open' : `open: ${open.map(({ body }) => body.objective).join(', ')}`,
  ];
  const waitingFor =
    due.kind === 'day' ? `labels of ${due.day}, matured ${isoInstant(due.at)}` : 'the next complete cohort';
  await sayStage(
    tx,
    { workflowId: monitoringId(declaration.model), stage: 'monitoring', inWords: words.join('; '), waitingFor },
    calendar.origin,
  );
}
