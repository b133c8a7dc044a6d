import { Context } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory, CancelledFailure } from '@temporalio/common';
import type { RecordStore, RecordTransaction } from '../adapters/record-store/port.ts';
import { isoInstant } from '../domain/time.ts';

/** One call stays well below the 15 s that activities of the control queue may take. */
const LONGEST_CALL_MS = 8_000;
/** Between changes of the records, look anyway: a notification may be lost, cancellation must be seen. */
const LOOK_AGAIN_MS = 1_000;
/** A quiet retry begins at once, whatever the retry policy says of real failures. */
const NEXT_CALL = '20 ms';
/** A worker that stops takes what comes until its polls have ended: a wait that came back at once would come back to it. */
const AFTER_STOP = '3 s';

export interface Waiting {
  /** Runs before each look, outside the transaction: for reading what is large or far away. */
  readonly before?: () => Promise<void>;
  /** For participants whose news does not come through the records, milliseconds. */
  readonly lookAgainMs?: number;
}

/**
 * Waits until `look` finds work. While it finds none, the participant is settled through the watermark it has seen, in the same
 * transaction, so that the unattended clock can move on exactly when nothing is left to do; finding work unsettles it.
 * After {@link LONGEST_CALL_MS} it fails as benign: the retry costs the history nothing.
 *
 * @param look Reads and writes inside the transaction; null when there is nothing to do at this watermark (null before traffic).
 */
export async function waitForWork<T>(
  store: RecordStore,
  model: string,
  participant: string,
  look: (tx: RecordTransaction, watermark: number | null) => Promise<T | null>,
  waiting: Waiting = {},
): Promise<T> {
  const { cancellationSignal } = Context.current();
  const deadline = Date.now() + LONGEST_CALL_MS;
  for (;;) {
    // Begun before the look: a change between the look and the wait would be slept through.
    const changed = store.waitForChange(model, waiting.lookAgainMs ?? LOOK_AGAIN_MS);
    await waiting.before?.();
    const { work, through } = await store.transaction(model, async (tx) => {
      const found = await look(tx, await tx.watermark());
      if (found !== null) {
        await tx.unsettle(participant);
        return { work: found, through: null };
      }
      // Read again: the participant that moves the watermark is settled through where it has moved it.
      const settledThrough = await tx.watermark();
      await tx.settle(participant, settledThrough ?? 0);
      return { work: null, through: settledThrough };
    });
    if (work !== null) return work;
    Context.current().heartbeat({
      waiting: `${participant} has nothing to do yet`,
      logCompleteThrough: through === null ? 'before the first traffic' : isoInstant(through),
    });
    // A wait is begun anew by the next worker: nobody who stops this one waits for the end of it.
    if (isStopping(cancellationSignal))
      throw notYet(`${participant} has nothing to do yet, and this worker stops`, AFTER_STOP);
    cancellationSignal.throwIfAborted();
    if (Date.now() >= deadline) throw notYet(`${participant} has nothing to do yet`, NEXT_CALL);
    await orAborted(changed, cancellationSignal);
  }
}

async function orAborted(event: Promise<void>, signal: AbortSignal): Promise<void> {
  const over = new AbortController();
  const aborted = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true, signal: over.signal });
  });
  await Promise.race([event, aborted]);
  over.abort();
}

/** Whether the worker stops, in the word of the SDK. */
const isStopping = ({ aborted, reason }: AbortSignal): boolean =>
  aborted && reason instanceof CancelledFailure && reason.message === 'WORKER_SHUTDOWN';

/** Expected waiting: retried quietly by the workflow's retry policy, never shown as a failure. */
function notYet(message: string, nextRetryDelay: typeof NEXT_CALL | typeof AFTER_STOP): ApplicationFailure {
  return ApplicationFailure.create({
    message,
    type: 'NOT_YET',
    category: ApplicationFailureCategory.BENIGN,
    nextRetryDelay,
  });
}
