/**
 * The log of orders that came without somebody writing them down before: client, command line and HTTP edge do so by themselves, the web UI
 * cannot. Written beside everything else, so that no order waits for it, least of all the way back.
 */
import { CancellationScope, isCancellation, log } from '@temporalio/workflow';
import type { CommandRecord } from '../contracts/records.ts';
import { control } from './activity-doors.ts';

export interface OrderLog {
  /** Writes an order down that was taken, or not and why; returns at once. One that was written down before it came is left out. */
  keep(order: Arrived, refusal: string | null): void;
  /** Gives up what is on its way, and says what the next run has to write down. */
  leave(): readonly CommandRecord[];
  /** Resolves when everything is written down. */
  settled(): Promise<void>;
}

/** An order as it came. */
export interface Arrived {
  readonly name: string;
  /** Idempotency key. */
  readonly id: string;
  readonly body: { readonly by: string; readonly channel: string };
}

/** @param carried What the run before has left */
export function createOrderLog(model: string, target: string, carried: readonly CommandRecord[] = []): OrderLog {
  const underway = new Map<string, { readonly attempt: CommandRecord; readonly writing: Promise<void> }>();
  const scope = new CancellationScope({ cancellable: true });
  const write = (attempt: CommandRecord): void => {
    const { commandId } = attempt;
    const writing = scope.run(() => writeDown(model, attempt)).finally(() => underway.delete(commandId));
    underway.set(commandId, { attempt, writing });
  };
  for (const attempt of carried) write(attempt);
  return {
    keep({ name, id, body }, refusal) {
      if (body.channel !== 'ui') return;
      const { by, channel } = body;
      const result = refusal === null ? 'taken' : `refused: ${refusal}`;
      write({ commandId: id, command: name, target, by, channel, body, result });
    },
    leave() {
      const left = [...underway.values()].map(({ attempt }) => attempt);
      scope.cancel();
      return left;
    },
    async settled() {
      // What is refused because everything is over comes while the rest is being written.
      while (underway.size > 0) await Promise.all([...underway.values()].map(({ writing }) => writing));
    },
  };
}

/** An id that names another order already is nobody's to mend: the order itself stands. */
async function writeDown(model: string, attempt: CommandRecord): Promise<void> {
  try {
    await control(`keep on record: ${attempt.command} by ${attempt.by}`).recordOrder({ model, attempt });
  } catch (error) {
    if (!isCancellation(error)) log.warn('an order was not written down', { attempt, error: String(error) });
  }
}
