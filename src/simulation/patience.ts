/** The replay outlives what it asks: records or a Temporal that are away make it wait and say so, not end. */
import type { RecordStore } from '../adapters/record-store/port.ts';
import { HoldfastError } from '../contracts/errors.ts';
import { pauseFor } from './sender.ts';

/** What a clock needs of the records: it only reads. */
export type WatchedRecords = Pick<RecordStore, 'transaction' | 'waitForChange'>;

export interface Patience {
  readonly signal: AbortSignal;
  /** Told what is away, in words; null when it is back. */
  readonly onTrouble: (trouble: string | null) => void;
}

const TRY_AGAIN_MS = 250;

/**
 * Does again what failed for now, until it is done or aborted. Who gives up for good is the supervisor, and with it the run.
 * @param work Harmless to repeat: it reads, or is idempotent.
 * @throws the signal's reason, and whatever no waiting can mend
 */
export async function patiently<T>(work: () => Promise<T>, { signal, onTrouble }: Patience): Promise<T> {
  for (let troubled = false; ; troubled = true) {
    try {
      const result = await work();
      if (troubled) onTrouble(null);
      return result;
    } catch (error) {
      if (!(error instanceof HoldfastError) || error.kind !== 'retryable') throw error;
      onTrouble(error.message);
      await pauseFor(TRY_AGAIN_MS, signal);
    }
  }
}

/** Records whose transactions wait until the store answers. */
export function patientRecords(records: WatchedRecords, patience: Patience): WatchedRecords {
  return {
    transaction: (model, work) => patiently(() => records.transaction(model, work), patience),
    waitForChange: (model, timeoutMs) => records.waitForChange(model, timeoutMs),
  };
}
