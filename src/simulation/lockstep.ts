/**
 * The unattended clock: at each cohort boundary event time stands still until nothing is left to do at that time. So what is decided
 * depends on the data alone, never on how fast this machine is.
 */
import { HoldfastError } from '../contracts/errors.ts';
import type { ApprovalRequestRecord } from '../contracts/records.ts';
import { isoInstant } from '../domain/time.ts';
import type { EpochMs } from '../domain/time.ts';
import type { WatchedRecords } from './patience.ts';
import type { Pace } from './replay.ts';

export interface LockstepOptions {
  readonly records: WatchedRecords;
  readonly model: string;
  readonly signal: AbortSignal;
  /** Says yes in a person's name; null leaves requests open, and the clock passes them. */
  readonly approve: ((request: ApprovalRequestRecord) => Promise<void>) | null;
  /** How long nothing may change before the run is given up, wall milliseconds. */
  readonly patienceMs: number;
  /** Told what the clock waits for; empty when it goes on. */
  readonly onWaiting: (through: EpochMs, names: readonly string[]) => void;
  /** Called at each settled boundary, before time goes on. */
  readonly onSettled: (through: EpochMs) => Promise<void>;
}

const LOOK_AGAIN_MS = 500;

/** A pace that waits at every boundary until all stages have settled. @throws REPLAY_STALLED */
export function lockstep(options: LockstepOptions): Pace {
  return {
    beforeBatch: async () => undefined,
    atBoundary: async (through) => {
      await settled(options, through);
      await options.onSettled(through);
    },
  };
}

async function settled(options: LockstepOptions, through: EpochMs): Promise<void> {
  const { records, model, signal, approve, patienceMs, onWaiting } = options;
  let waitingFor = '';
  let since = Date.now();
  for (;;) {
    signal.throwIfAborted();
    // Begun before the look: a change between the look and the wait would be slept through.
    const changed = records.waitForChange(model, LOOK_AGAIN_MS);
    const { names, requests } = await lookAround(records, model, through, approve !== null);
    if (names.length === 0) {
      onWaiting(through, []);
      return;
    }
    const now = names.join(', ');
    if (now !== waitingFor) {
      waitingFor = now;
      since = Date.now();
      onWaiting(through, names);
    }
    if (Date.now() - since > patienceMs) throw stalled(through, now, patienceMs);
    for (const request of requests) await approve?.(request);
    await changed;
  }
}

/** One snapshot of what is not settled; requests only when nothing else is, so that a yes is given to the last word. */
async function lookAround(
  records: WatchedRecords,
  model: string,
  through: EpochMs,
  approving: boolean,
): Promise<{ names: string[]; requests: ApprovalRequestRecord[] }> {
  return records.transaction(model, async (tx) => {
    const archived = (await tx.watermark()) ?? Number.NEGATIVE_INFINITY;
    const names = archived < through ? [`the archive of the log through ${isoInstant(through)}`] : [];
    names.push(...(await tx.unsettled(through)));
    if (names.length > 0 || !approving) return { names, requests: [] };
    const requests = (await tx.list('approvalRequest'))
      .map(({ body }) => body)
      .filter(({ open, approvals, quorum }) => open && approvals.length < quorum);
    return { names: requests.map(({ rolloutId }) => `approval of ${rolloutId}`), requests };
  });
}

function stalled(through: EpochMs, waitingFor: string, patienceMs: number): HoldfastError {
  const minutes = Math.round(patienceMs / 60_000);
  return new HoldfastError(
    'REPLAY_STALLED',
    `event time stands at ${isoInstant(through)}: for ${minutes} minutes nothing came from ${waitingFor}`,
  );
}
