/** What a bundle was certified with, frozen when it became stable, and whether it has got worse since. */
import type { RecordTransaction } from '../../adapters/record-store/port.ts';
import type { Objective } from '../../contracts/model.ts';
import type { StableRecord } from '../../contracts/records.ts';
import { judgeShift } from '../../domain/monitoring/loss-shift.ts';
import type { LossReference, ShiftFinding } from '../../domain/monitoring/loss-shift.ts';
import type { DayMeasure } from '../../domain/monitoring/objectives.ts';
import { evidenceInWords } from '../../domain/rollout/look-words.ts';
import { DAY_MS, epochMs } from '../../domain/time.ts';
import type { ModelContext } from '../model-context.ts';
import { recall, remember } from './facts.ts';
import type { Answers, Question } from './measures.ts';

export type Shift = Extract<Objective, { kind: 'lossShift' }>;

/** Evidence of a rollout reaches at most this far back from its end: what is older was another season. */
const REFERENCE_DAYS_MAX = 28;

/** Null where nothing that came through a rollout serves, or nothing was measured of it. */
export async function shiftOf(
  tx: RecordTransaction,
  context: ModelContext,
  answers: Answers,
  objective: Shift,
  history: readonly DayMeasure[],
): Promise<
  { readonly finding: ShiftFinding; readonly reference: LossReference } | { readonly question: Question } | null
> {
  const reference = await referenceOf(tx, context, answers);
  if (reference === null || 'question' in reference) return reference;
  const since = epochMs(reference.since);
  const served = history.filter(({ day }) => epochMs(day) >= since);
  return { finding: judgeShift(objective, reference, served), reference };
}

/** The reference of what is stable now, measured once. */
async function referenceOf(
  tx: RecordTransaction,
  context: ModelContext,
  answers: Answers,
): Promise<LossReference | { readonly question: Question } | null> {
  const [newest] = await tx.list('stable', { descending: true, limit: 1 });
  if (newest === undefined || newest.body.rolloutId === null) return null;
  const { bundle, idea, since } = newest.body;
  const known = await recall(tx, 'monitoring/reference');
  if (known?.bundle === bundle && known.since === since) return known;
  const span = await evidenceSpan(tx, context, newest.body);
  if (span === null) return null;
  const measured = answers.reference(bundle, span);
  if (measured === null) return { question: { kind: 'reference', bundle, ...span } };
  const reference = { bundle, idea, since, ...measured };
  await remember(tx, 'monitoring/reference', reference);
  return reference;
}

/** Event times of the rollout's evidence that had matured when it ended. */
async function evidenceSpan(
  tx: RecordTransaction,
  { windowMs }: ModelContext,
  { rolloutId, since }: StableRecord,
): Promise<{ readonly from: number; readonly to: number } | null> {
  const first = (await tx.get('schedule', rolloutId ?? ''))?.entries[0]?.effectiveFrom ?? null;
  if (first === null) return null;
  const to = epochMs(since) - windowMs;
  const from = Math.max(epochMs(first), to - REFERENCE_DAYS_MAX * DAY_MS);
  return to > from ? { from, to } : null;
}

export function shiftInWords(
  { tolerancePerThousand, falseAlarmDays }: Shift,
  { finding, reference }: { readonly finding: ShiftFinding; readonly reference: LossReference },
): string {
  const { days, measured, lnEvidence } = finding;
  const span = days.length === 1 ? `on ${days[0]}` : `from ${days[0]} to ${days.at(-1)}`;
  const certified = `${(reference.upper * 1000).toFixed(1)} at most was certified when ${reference.idea} became stable`;
  return `the loss is ${(measured ?? 0).toFixed(1)} per 1,000 ${span}; ${certified} and ${tolerancePerThousand} more is tolerated (evidence ${evidenceInWords(lnEvidence)}, alarm at ×${falseAlarmDays})`;
}
