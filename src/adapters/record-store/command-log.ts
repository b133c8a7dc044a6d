import type { CommandRecord } from '../../contracts/records.ts';
import { isoInstant } from '../../domain/time.ts';
import type { RecordTransaction } from './port.ts';

/**
 * Writes an attempt down, once, with the event time at which it came: that through which the log was complete. The same attempt again
 * keeps the time of the first. @throws RECORD_CONFLICT for the same id with other content
 */
export async function logCommand(tx: RecordTransaction, attempt: CommandRecord): Promise<void> {
  const known = await tx.get('command', attempt.commandId);
  const watermark = known === null ? await tx.watermark() : null;
  const eventTime = known === null ? (watermark === null ? undefined : isoInstant(watermark)) : known.eventTime;
  await tx.insert('command', attempt.commandId, eventTime === undefined ? attempt : { ...attempt, eventTime });
}
