import type { RecordTransaction } from '../adapters/record-store/port.ts';
import type { StageRecord } from '../contracts/records.ts';
import { isoInstant } from '../domain/time.ts';

/**
 * Says what a process does now. Written when its words change, so that `since` is the event time of the change and nobody is
 * woken for nothing; before the first traffic `since` is the beginning of the model's event time.
 */
export async function sayStage(
  tx: RecordTransaction,
  said: Omit<StageRecord, 'since'>,
  beginning: number,
): Promise<void> {
  const known = await tx.get('stage', said.workflowId);
  if (known !== null && known.inWords === said.inWords && known.waitingFor === said.waitingFor) return;
  await tx.put('stage', said.workflowId, { ...said, since: isoInstant((await tx.watermark()) ?? beginning) });
}
