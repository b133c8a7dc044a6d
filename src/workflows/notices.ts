/** Telling people from a workflow: beside everything else, so that nothing waits for a mail server, and each news once. */
import { CancellationScope, isCancellation, log } from '@temporalio/workflow';
import type { Notice } from '../contracts/notifications.ts';
import { people } from './activity-doors.ts';

/** Keys of what was told; older news cannot come again. */
const TOLD_MAX = 100;

/** What continue-as-new carries. */
export interface NoticesState {
  readonly told: readonly string[];
  /** On its way when the run ended: the next one sends it again, and a channel that has taken it drops it. */
  readonly untold: readonly Notice[];
}

export interface Notices {
  /** Sends a notice unless its id was told before. Returns at once. */
  tell(notice: Notice): void;
  /** Gives up what is on its way, and says what the next run has to send. */
  leave(): NoticesState;
  /** Resolves when everything has arrived or was given up. */
  settled(): Promise<void>;
}

/** @param carried What the run before has left */
export function createNotices({ told, untold }: Partial<NoticesState>): Notices {
  let known = [...(told ?? [])];
  const underway = new Map<string, { readonly notice: Notice; readonly sending: Promise<void> }>();
  const scope = new CancellationScope({ cancellable: true });
  const send = (notice: Notice): void => {
    const sending = scope.run(() => deliver(notice)).finally(() => underway.delete(notice.id));
    underway.set(notice.id, { notice, sending });
  };
  for (const notice of untold ?? []) send(notice);
  return {
    tell(notice) {
      if (known.includes(notice.id)) return;
      known = [...known, notice.id].slice(-TOLD_MAX);
      send(notice);
    },
    leave() {
      const left = [...underway.values()].map(({ notice }) => notice);
      scope.cancel();
      return { told: known, untold: left };
    },
    async settled() {
      await Promise.all([...underway.values()].map(({ sending }) => sending));
    },
  };
}

/** A receiver that cannot be reached stops nothing. */
async function deliver(notice: Notice): Promise<void> {
  try {
    const { refused } = await people(`tell people: ${notice.subject}`).notify(notice);
    for (const reason of refused) log.warn('a channel has refused a notice', { notice: notice.id, reason });
  } catch (error) {
    if (!isCancellation(error)) log.warn('people could not be told', { notice: notice.id, error: String(error) });
  }
}
