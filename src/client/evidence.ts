/** Evidence that somebody else measures: recorded first, then the rollout is told. */
import type { Client } from '@temporalio/client';
import type { EvidenceCommand, EvidenceReceipt } from '../contracts/evidence.ts';
import { HoldfastError } from '../contracts/errors.ts';
import { evidenceArrivedSignal, recordEvidenceMessage } from '../contracts/messages.ts';
import { callTemporal } from './call.ts';
import type { CallOptions } from './call.ts';
import { commandIdOf } from './order.ts';
import { modelOfRollout } from './rollout.ts';

/** Judges and records one batch, wherever the records are: `EvidenceIntake.take`. */
type TakeEvidence = (model: string, rolloutId: string, command: EvidenceCommand) => Promise<EvidenceReceipt>;

export interface Pushed {
  /** One a batch, in their order. */
  readonly receipts: readonly EvidenceReceipt[];
  /** Why the rollout has not been told; what is recorded stays, and its next look finds it. Null where it was, or nothing was new. */
  readonly untold: string | null;
}

export interface Evidence extends Omit<EvidenceCommand, 'batch'> {
  readonly batches: readonly unknown[];
}

/**
 * Records batches one after the other and tells the rollout once.
 * @param onReceipt Called with each receipt as it comes.
 * @throws PROCESS_NOT_FOUND for an id that is none of a rollout; RECORD_STORE_UNAVAILABLE: all may be sent again, each counts once
 */
export async function pushEvidence(
  client: Client,
  rolloutId: string,
  { batches, by, channel }: Evidence,
  take: TakeEvidence,
  onReceipt: (receipt: EvidenceReceipt) => void = () => undefined,
): Promise<Pushed> {
  const model = modelOfRollout(rolloutId);
  const receipts: EvidenceReceipt[] = [];
  for (const batch of batches) {
    const receipt = await take(model, rolloutId, { batch, by, channel });
    receipts.push(receipt);
    onReceipt(receipt);
  }
  const newest = receipts.findLast(({ result }) => result === 'recorded');
  if (newest === undefined) return { receipts, untold: null };
  try {
    await announceEvidence(client, rolloutId, newest.batchId);
    return { receipts, untold: null };
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    return { receipts, untold: error.message };
  }
}

/** Tells a rollout that evidence has been recorded, so that it looks now. @throws PROCESS_NOT_FOUND, CALL_TIMEOUT, TEMPORAL_UNAVAILABLE */
async function announceEvidence(client: Client, rolloutId: string, batchId: string): Promise<void> {
  const handle = client.workflow.getHandle(rolloutId);
  await callTemporal(client, rolloutId, () => handle.signal(evidenceArrivedSignal.name, { batchId }));
}

export interface RecordOptions extends CallOptions {
  /** Tells apart two updates of the same batch: one that was refused for now may be told again later. */
  readonly occasion?: string;
}

/**
 * Records one batch through the rollout itself: for whoever reaches Temporal and nothing else. At most 16 KiB; it costs the history, so
 * many batches go by HTTP or the command line.
 * @throws PROCESS_NOT_FOUND, CALL_TIMEOUT, TEMPORAL_UNAVAILABLE. A refusal is an answer.
 */
export async function recordEvidence(
  client: Client,
  rolloutId: string,
  { batch, by, channel }: EvidenceCommand,
  options: RecordOptions = {},
): Promise<EvidenceReceipt> {
  const given = typeof batch === 'object' && batch !== null ? batch : {};
  const batchId = 'batchId' in given && typeof given.batchId === 'string' ? given.batchId : '';
  const updateId = commandIdOf(recordEvidenceMessage.name, rolloutId, { batch, by, channel }, options.occasion);
  const body = { ...given, commandId: updateId, by, channel };
  const handle = client.workflow.getHandle(rolloutId);
  try {
    return await callTemporal(
      client,
      rolloutId,
      () => handle.executeUpdate<EvidenceReceipt, [unknown]>(recordEvidenceMessage.name, { args: [body], updateId }),
      options,
    );
  } catch (error) {
    const { WorkflowUpdateFailedError } = await import('@temporalio/client');
    if (!(error instanceof WorkflowUpdateFailedError)) throw error;
    return { batchId, result: 'refused', message: error.cause?.message ?? error.message, later: false };
  }
}
