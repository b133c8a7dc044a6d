/** Makes a recorded source live traffic of a gateway. Predictions and outcomes come in the order in which they had come in the world. */
import { isoInstant } from '../domain/time.ts';
import type { EpochMs } from '../domain/time.ts';
import { batches, isBoundary } from './batches.ts';
import type { Batch, BatchPlan, TrafficSource } from './batches.ts';
import type { TrafficFaults } from './faults.ts';
import { LabelFeed } from './label-feed.ts';
import { readProgress, writeProgress } from './progress.ts';
import type { ReplayProgress } from './progress.ts';
import type { Sender } from './sender.ts';

/** When the replay may go on. Both may reject to end it. */
export interface Pace {
  /** Called before each batch is sent. */
  beforeBatch(start: EpochMs): Promise<void>;
  /** Called at each cohort boundary, after its watermark was sent and before anything later is. */
  atBoundary(through: EpochMs): Promise<void>;
}

export interface ReplayOptions {
  readonly source: TrafficSource;
  readonly plan: BatchPlan;
  readonly sender: Sender;
  readonly pace: Pace;
  readonly faults: TrafficFaults;
  readonly progressFile: string;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: ReplayProgress) => void;
}

/**
 * Replays from where the progress file stands to the end of the plan. Safe to run again at any time: what was sent already is known to
 * the gateway by request id and revision.
 * @throws REPLAY_REFUSED, or what the pace or the signal ended it with.
 */
export async function replay(options: ReplayOptions): Promise<ReplayProgress> {
  const { source, plan, sender, pace, faults, progressFile, signal, onProgress } = options;
  let progress = readProgress(progressFile);
  onProgress(progress);
  const isSent = progress.endedAt !== null && progress.endedAt >= plan.untilDay;
  if (isSent && progress.withheldSince === null) return progress;
  let resumedAt = Date.now();
  const feed = new LabelFeed(faults, progress.withheldSince);
  for await (const batch of ahead(batches(source, plan, progress.next, progress.withheldSince))) {
    signal.throwIfAborted();
    await pace.beforeBatch(batch.start);
    const outcomes = feed.arriving(batch);
    await sender.outcomes(outcomes);
    if (isBoundary(plan, batch.start)) {
      await sender.watermark(isoInstant(batch.start));
      await pace.atBoundary(batch.start);
    }
    await sender.predictions(batch.predictions);
    const now = Date.now();
    progress = advance(progress, { ...batch, outcomes }, plan, { wallMs: now - resumedAt, withheldSince: feed.since });
    resumedAt = now;
    writeProgress(progressFile, progress);
    onProgress(progress);
  }
  return progress;
}

function advance(
  progress: ReplayProgress,
  batch: Batch,
  plan: BatchPlan,
  { wallMs, withheldSince }: Pick<ReplayProgress, 'wallMs' | 'withheldSince'>,
): ReplayProgress {
  return {
    next: batch.closing ? batch.start : batch.start + plan.batchMs,
    since: progress.since ?? batch.start,
    predictions: progress.predictions + batch.predictions.length,
    outcomes: progress.outcomes + batch.outcomes.length,
    withheldSince,
    wallMs: progress.wallMs + wallMs,
    endedAt: batch.closing ? plan.untilDay : null,
  };
}

/** One element ahead: the next batch is read and written out while the present one is on its way. */
async function* ahead<T>(elements: AsyncGenerator<T>): AsyncGenerator<T> {
  let next = elements.next();
  try {
    for (;;) {
      const { done, value } = await next;
      if (done === true) return;
      next = elements.next();
      // Its failure is met at the next turn; until then it must not count as unhandled.
      next.catch(() => undefined);
      yield value;
    }
  } finally {
    await next.catch(() => undefined);
    await elements.return(undefined);
  }
}
