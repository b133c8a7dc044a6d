/** The clock of a show: event time runs a fixed number of times faster than the wall's, and waits only for the archive to keep up. */
import { isoInstant } from '../domain/time.ts';
import type { EpochMs } from '../domain/time.ts';
import type { WatchedRecords } from './patience.ts';
import type { Pace } from './replay.ts';
import { pauseFor } from './sender.ts';

export interface FreeRunningOptions {
  readonly records: WatchedRecords;
  readonly model: string;
  readonly signal: AbortSignal;
  /** Event time ÷ wall time. */
  readonly speed: number;
  /** How far sent traffic may be ahead of the archive of the log, milliseconds of event time. */
  readonly aheadMsMax: number;
  readonly onWaiting: (through: EpochMs, names: readonly string[]) => void;
  readonly onBoundary: (through: EpochMs) => Promise<void>;
}

const LOOK_AGAIN_MS = 250;
/** Further behind than this is not caught up with: a burst after a wait would only make the next one. */
const CATCH_UP_MS = 1_000;

export function freeRunning(options: FreeRunningOptions): Pace {
  const { speed, signal, onBoundary } = options;
  let first: EpochMs | null = null;
  let anchor: { event: EpochMs; wallMs: number } | null = null;
  return {
    beforeBatch: async (start) => {
      anchor ??= { event: start, wallMs: Date.now() };
      const dueMs = anchor.wallMs + (start - anchor.event) / speed;
      const earlyMs = dueMs - Date.now();
      if (earlyMs > 0) await pauseFor(earlyMs, signal);
      else if (earlyMs < -CATCH_UP_MS) anchor = { event: start, wallMs: Date.now() };
    },
    atBoundary: async (through) => {
      first ??= through;
      await keptUp(options, through, first);
      await onBoundary(through);
    },
  };
}

/** @param first The first boundary of this run: what is archived before the first traffic. */
async function keptUp(options: FreeRunningOptions, through: EpochMs, first: EpochMs): Promise<void> {
  const { records, model, signal, aheadMsMax, onWaiting } = options;
  for (let waited = false; ; waited = true) {
    signal.throwIfAborted();
    const changed = records.waitForChange(model, LOOK_AGAIN_MS);
    const archived = (await records.transaction(model, (tx) => tx.watermark())) ?? first;
    if (through - archived <= aheadMsMax) {
      if (waited) onWaiting(through, []);
      return;
    }
    onWaiting(through, [`the archive of the log, which stands at ${isoInstant(archived)}`]);
    await changed;
  }
}
