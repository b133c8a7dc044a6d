import { ApplicationFailure } from '@temporalio/common';
import type { RecordTransaction } from '../adapters/record-store/port.ts';

/**
 * Ends what still waits from before the last message. A cancelled look hears of it only with its next heartbeat; without this it could
 * judge a cohort by what was allowed before an approval.
 */
export async function takeTurn(tx: RecordTransaction, rolloutId: string, turn: number): Promise<void> {
  const key = `${rolloutId}/turn`;
  const known = await tx.get('memory', key);
  const latest = typeof known?.value === 'number' ? known.value : -1;
  if (latest > turn) throw ApplicationFailure.nonRetryable('a message has come since this look began', 'TURN_PASSED');
  if (latest < turn) await tx.put('memory', key, { value: turn });
}
