/** Pushed evidence into the records: judged, written once, and every attempt kept with its reason. */
import { evidenceBatchKey, evidenceBatchSchema } from '../../contracts/evidence.ts';
import type { EvidenceBatch, EvidenceCommand, EvidenceReceipt } from '../../contracts/evidence.ts';
import type { EvidenceBatchRecord, PolicyRecord } from '../../contracts/records.ts';
import { metricOfTheSplit } from '../../contracts/rollout-policy.ts';
import { canonicalJson } from '../../domain/canonical-json.ts';
import { contentOf, judgeBatch } from '../../domain/rollout/evidence-intake.ts';
import type { BatchCounts, IntakeFacts, IntakeVerdict, OfferedBatch } from '../../domain/rollout/evidence-intake.ts';
import { QUANTUM } from '../../domain/rollout/measure.ts';
import { sha256Hex } from '../../domain/sha256.ts';
import { mergeHistograms } from '../../domain/statistics/index.ts';
import { cohortOf, cohortStart, durationMs, epochMs } from '../../domain/time.ts';
import type { CohortCalendar } from '../../domain/time.ts';
import { logCommand } from './command-log.ts';
import type { EvidenceIntake, RecordStore, RecordTransaction } from './port.ts';

export function createEvidenceIntake(records: RecordStore): EvidenceIntake {
  return {
    take: (model, rolloutId, command) => records.transaction(model, (tx) => take(tx, rolloutId, command)),
    logAttempt: (model, attempt) => records.transaction(model, (tx) => logCommand(tx, attempt)),
  };
}

/** What a batch says of itself, for the command log: enough to find it again, however it is malformed. */
interface Named {
  readonly batchId: string;
  readonly metric: string;
  readonly cohortStart: string;
}

async function take(tx: RecordTransaction, rolloutId: string, command: EvidenceCommand): Promise<EvidenceReceipt> {
  const parsed = evidenceBatchSchema.safeParse(command.batch);
  if (!parsed.success) {
    const reason = parsed.error.issues
      .map(({ path, message }) => `${path.join('.') || 'batch'}: ${message}`)
      .join('; ');
    return answer(tx, rolloutId, command, namedIn(command.batch), { result: 'refused', reason, later: false });
  }
  const offered = offeredOf(parsed.data);
  const facts = await factsOf(tx, rolloutId, offered);
  const verdict = judgeBatch(offered, facts);
  if (verdict.result === 'recorded') await record(tx, rolloutId, command, offered, verdict.cohort);
  return answer(tx, rolloutId, command, parsed.data, verdict);
}

async function answer(
  tx: RecordTransaction,
  rolloutId: string,
  command: EvidenceCommand,
  batch: Named,
  verdict: IntakeVerdict,
): Promise<EvidenceReceipt> {
  const { batchId } = batch;
  const message = wordsOf(verdict, batch.metric);
  await logBatch(tx, rolloutId, command, batch, `${verdict.result}: ${message}`);
  return { batchId, result: verdict.result, message, later: verdict.result === 'refused' && verdict.later };
}

function wordsOf(verdict: IntakeVerdict, metric: string): string {
  if (verdict.result === 'refused') return verdict.reason;
  return verdict.result === 'duplicate'
    ? 'recorded before; it counts once'
    : `recorded for cohort ${verdict.cohort} of ${metric}`;
}

const NAME_SHOWN_MAX = 200;

function namedIn(batch: unknown): Named {
  const given = typeof batch === 'object' && batch !== null ? (batch as Record<string, unknown>) : {};
  const text = (name: keyof Named): string => {
    const value = given[name];
    return typeof value === 'string' ? value.slice(0, NAME_SHOWN_MAX) : '';
  };
  return { batchId: text('batchId'), metric: text('metric'), cohortStart: text('cohortStart') };
}

function offeredOf({ batchId, metric, cohortStart: from, counts, differences, assigned }: EvidenceBatch): OfferedBatch {
  return {
    batchId,
    metric,
    assigned,
    cohortStart: epochMs(from),
    counts: {
      window:
        counts === null ? null : [counts.candidateEvents, counts.events, counts.candidateExposures, counts.exposures],
      histogram:
        differences === null
          ? null
          : mergeHistograms(
              differences.filter(([, units]) => units > 0).map(([value, units]) => [value, QUANTUM, units]),
            ),
    },
  };
}

/** Where the key of a batch is found by its id: a rollout of months has thousands, and each is looked for at every push. */
const idKey = (rolloutId: string, batchId: string): string => `${rolloutId}/batch/${sha256Hex(batchId)}`;

async function record(
  tx: RecordTransaction,
  rolloutId: string,
  { by, channel }: EvidenceCommand,
  { batchId, metric, counts, assigned }: OfferedBatch,
  cohort: number,
): Promise<void> {
  const key = evidenceBatchKey(rolloutId, metric, cohort);
  const told = assigned === null ? counts : { ...counts, assigned };
  await tx.insert('evidenceBatch', key, { batchId, rolloutId, metric, cohort, ...told, by, channel });
  await tx.put('memory', idKey(rolloutId, batchId), { value: key });
  // There may be something to judge before event time moves on.
  await tx.unsettle(rolloutId);
}

async function factsOf(tx: RecordTransaction, rolloutId: string, offered: OfferedBatch): Promise<IntakeFacts> {
  const candidates = await tx.list('candidate');
  const candidate = candidates.find(({ body }) => body.rolloutId === rolloutId)?.body;
  const declaration = (await tx.get('model', 'declaration'))?.declaration;
  const calendar = {
    origin: epochMs(declaration?.source.backfillUntil ?? '1970-01-01'),
    lengthMs: durationMs(declaration?.cohort ?? 'P1D'),
  };
  const schedule = (await tx.get('schedule', rolloutId))?.entries ?? [];
  const metrics = (await presentPolicy(tx, rolloutId))?.rollout.metrics ?? [];
  const cohort = cohortOf(calendar, offered.cohortStart);
  const keyOfId = (await tx.get('memory', idKey(rolloutId, offered.batchId)))?.value;
  const sameCohort = await tx.get('evidenceBatch', evidenceBatchKey(rolloutId, offered.metric, cohort));
  const sameId = typeof keyOfId === 'string' ? await tx.get('evidenceBatch', keyOfId) : null;
  return {
    rolloutId,
    isOpen: candidate?.outcome === 'in_progress',
    pushed: Object.fromEntries(
      metrics.filter(({ source }) => source.kind === 'pushed').map(({ name, shape }) => [name, shape]),
    ),
    splitMetric: metricOfTheSplit(metrics),
    calendar,
    firstCohort: schedule[0]?.cohort ?? null,
    watermark: (await tx.watermark()) ?? 0,
    sameCohort: recordedAs(sameCohort, calendar),
    sameId: recordedAs(sameId, calendar),
  };
}

function recordedAs(body: EvidenceBatchRecord | null, calendar: CohortCalendar): IntakeFacts['sameId'] {
  if (body === null) return null;
  const { batchId, metric, cohort, window, histogram, assigned = null } = body;
  const counts: BatchCounts = { window, histogram };
  return { batchId, content: contentOf({ metric, cohortStart: cohortStart(calendar, cohort), counts, assigned }) };
}

/** The policy the rollout is judged by now. */
async function presentPolicy(tx: RecordTransaction, rolloutId: string): Promise<PolicyRecord | null> {
  const digest = (await tx.get('memory', `${rolloutId}/policy`))?.value;
  return typeof digest === 'string' ? tx.get('policy', digest) : null;
}

/** The same words of the same sender with the same result are the same attempt. */
async function logBatch(
  tx: RecordTransaction,
  rolloutId: string,
  { batch, by, channel }: EvidenceCommand,
  { batchId, metric, cohortStart: from }: Named,
  result: string,
): Promise<void> {
  const content = JSON.stringify(batch) ?? '';
  const commandId = `evidence-${sha256Hex(canonicalJson([rolloutId, content, by, channel, result])).slice(0, 24)}`;
  const body = { batchId, metric, cohortStart: from };
  const target = rolloutId;
  await logCommand(tx, { commandId, command: 'recordEvidence', target, by, channel, body, result });
}
