import { Context } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import type { RecordStore, RecordTransaction } from '../adapters/record-store/port.ts';

/** One call stays well below the 10 s that activities of the control queue may take. */
const LONGEST_CALL_MS = 8_000;
/** Between changes of the records, look anyway: a notification may be lost, cancellation must be seen. */
const LOOK_AGAIN_MS = 1_000;

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
): Promise<T> {
  const deadline = Date.now() + LONGEST_CALL_MS;
  for (;;) {
    const found = await store.transaction(model, async (tx) => {
      const watermark = await tx.watermark();
      const work = await look(tx, watermark);
      if (work !== null) await tx.unsettle(participant);
      else await tx.settle(participant, watermark ?? 0);
      return work;
    });
    if (found !== null) return found;
    Context.current().heartbeat();
    Context.current().cancellationSignal.throwIfAborted();
    if (Date.now() >= deadline) throw notYet(`${participant} has nothing to do yet`);
    await store.waitForChange(model, LOOK_AGAIN_MS);
  }
}

/** Expected waiting: retried quietly by the workflow's retry policy, never shown as a failure. */
function notYet(message: string): ApplicationFailure {
  return ApplicationFailure.create({ message, type: 'NOT_YET', category: ApplicationFailureCategory.BENIGN });
}
