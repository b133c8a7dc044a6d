/** Pushed evidence into the records: judged, written once, and every attempt kept with its reason. */
import type { EvidenceCommand, EvidenceReceipt } from '../../contracts/evidence.ts';
import type { EvidenceBatchRecord } from '../../contracts/records.ts';
import { canonicalJson } from '../../domain/canonical-json.ts';
import { judgeBatch } from '../../domain/rollout/evidence-intake.ts';
import type { IntakeFacts, OfferedBatch } from '../../domain/rollout/evidence-intake.ts';
import { QUANTUM } from '../../domain/rollout/measure.ts';
import { sha256Hex } from '../../domain/sha256.ts';
import { mergeHistograms } from '../../domain/statistics/index.ts';
import { durationMs, epochMs } from '../../domain/time.ts';
import type { EvidenceIntake, RecordStore, RecordTransaction } from './port.ts';

export function createEvidenceIntake(records: RecordStore): EvidenceIntake {
  return {
    take: (model, rolloutId, command) => records.transaction(model, (tx) => take(tx, rolloutId, command)),
  };
}

type Counts = Pick<EvidenceBatchRecord, 'histogram' | 'window'>;

async function take(tx: RecordTransaction, rolloutId: string, command: EvidenceCommand): Promise<EvidenceReceipt> {
  const { batch, by, channel } = command;
  const { batchId, metric } = batch;
  const counts = countsOf(batch);
  const offered = offeredOf(batch, counts);
  const verdict = judgeBatch(offered, await factsOf(tx, rolloutId, offered));
  const receipt: EvidenceReceipt = { batchId, result: verdict.result, message: wordsOf(verdict, metric) };
  if (verdict.result === 'recorded') {
    const { cohort } = verdict;
    const body: EvidenceBatchRecord = { batchId, rolloutId, metric, cohort, ...counts, by, channel };
    await tx.insert('evidenceBatch', `${rolloutId}/${metric}/${String(cohort).padStart(6, '0')}`, body);
  }
  if (verdict.result !== 'duplicate') await logAttempt(tx, rolloutId, command, receipt);
  return receipt;
}

function wordsOf(verdict: ReturnType<typeof judgeBatch>, metric: string): string {
  if (verdict.result === 'refused') return verdict.reason;
  return verdict.result === 'duplicate'
    ? 'recorded before; it counts once'
    : `recorded for cohort ${verdict.cohort} of ${metric}`;
}

function countsOf({ counts, differences }: EvidenceCommand['batch']): Counts {
  return {
    window:
      counts === null ? null : [counts.candidateEvents, counts.events, counts.candidateExposures, counts.exposures],
    histogram:
      differences === null
        ? null
        : mergeHistograms(
            differences.filter(([, units]) => units > 0).map(([value, units]) => [value, QUANTUM, units]),
          ),
  };
}

function offeredOf(batch: EvidenceCommand['batch'], counts: Counts): OfferedBatch {
  const { batchId, metric, cohortStart } = batch;
  const shape =
    counts.window === null
      ? counts.histogram === null
        ? 'neither'
        : 'difference'
      : counts.histogram === null
        ? 'count'
        : 'both';
  const content = canonicalJson({ metric, cohortStart: epochMs(cohortStart), ...counts });
  return { batchId, metric, cohortStart: epochMs(cohortStart), shape, content };
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
  const policy = await policyOf(tx, rolloutId);
  const recorded = (await tx.list('evidenceBatch', { prefix: `${rolloutId}/` })).map(({ body }) => body);
  const contentOf = (body: EvidenceBatchRecord | undefined): IntakeFacts['sameId'] =>
    body === undefined
      ? null
      : {
          batchId: body.batchId,
          content: canonicalJson({
            metric: body.metric,
            cohortStart: calendar.origin + (body.cohort - 1) * calendar.lengthMs,
            window: body.window,
            histogram: body.histogram,
          }),
        };
  const cohort = Math.floor((offered.cohortStart - calendar.origin) / calendar.lengthMs) + 1;
  return {
    rolloutId,
    isOpen: candidate?.outcome === 'in_progress',
    pushed: Object.fromEntries(
      (policy?.rollout.metrics ?? [])
        .filter(({ source }) => source.kind === 'pushed')
        .map(({ name, shape }) => [name, shape]),
    ),
    calendar,
    firstCohort: schedule[0]?.cohort ?? null,
    watermark: (await tx.watermark()) ?? 0,
    sameCohort: contentOf(recorded.find((body) => body.metric === offered.metric && body.cohort === cohort)),
    sameId: contentOf(recorded.find((body) => body.batchId === offered.batchId)),
  };
}

/** The policy the rollout is judged by now. */
async function policyOf(
  tx: RecordTransaction,
  rolloutId: string,
): Promise<Awaited<ReturnType<typeof tx.get<'policy'>>>> {
  const digest = (await tx.get('memory', `${rolloutId}/policy`))?.value;
  return typeof digest === 'string' ? tx.get('policy', digest) : null;
}

/** A second attempt of the same content is the same attempt. */
async function logAttempt(
  tx: RecordTransaction,
  rolloutId: string,
  { batch, by, channel }: EvidenceCommand,
  receipt: EvidenceReceipt,
): Promise<void> {
  const result = receipt.result === 'recorded' ? 'taken' : `refused: ${receipt.message}`;
  const body = { batchId: batch.batchId, metric: batch.metric, cohortStart: batch.cohortStart };
  const commandId = `evidence-${sha256Hex(canonicalJson([rolloutId, batch, result])).slice(0, 24)}`;
  await tx.insert('command', commandId, {
    commandId,
    command: 'recordEvidence',
    target: rolloutId,
    by,
    channel,
    body,
    result,
  });
}
