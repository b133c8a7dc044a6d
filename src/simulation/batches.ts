/**
 * A recorded source cut into batches of event time, as live traffic would have come: first every outcome that had become known by the
 * start of the batch, then the requests of the batch. A batch is no longer than the youngest outcome that a feature counts, so what
 * the online features see at a request is exactly what had arrived by then.
 */
import type { DataSource } from '../adapters/data-source/port.ts';
import type { FeatureDeclaration } from '../contracts/serving.ts';
import { DAY_MS, durationMs, epochMs, isoDay, MINUTE_MS } from '../domain/time.ts';
import type { EpochMs } from '../domain/time.ts';
import { RowCursor } from './row-cursor.ts';
import { outcomeText, predictionText } from './wire-text.ts';

export type TrafficSource = Pick<DataSource, 'stream' | 'outcomes'>;

export interface Batch {
  /** First instant of the batch; outcomes are those known before it. */
  readonly start: EpochMs;
  readonly outcomes: readonly string[];
  readonly predictions: readonly string[];
  /** Nothing follows. */
  readonly closing: boolean;
}

/** What of a source is replayed and how it is cut; all lengths in milliseconds, all days partition days. */
export interface BatchPlan {
  readonly fromDay: string;
  readonly untilDay: string;
  readonly cohortMs: number;
  readonly batchMs: number;
  /** Event time before the first request whose outcomes are sent ahead, so that online features start warm. */
  readonly warmMs: number;
  /** How long after its end the last partition is complete. */
  readonly closesAfterMs: number;
}

/** The longest a batch may be: the least lag of an outcome-rate feature, else a quarter of an hour, and a divisor of the cohort. */
export function batchLengthMs(features: readonly FeatureDeclaration[], cohortMs: number): number {
  const lags = features.flatMap((feature) => (feature.kind === 'outcomeRate' ? [durationMs(feature.lag)] : []));
  const most = Math.max(MINUTE_MS, Math.min(15 * MINUTE_MS, ...lags));
  for (let parts = Math.ceil(cohortMs / most); ; parts += 1) {
    if (cohortMs % parts === 0 && (cohortMs / parts) % MINUTE_MS === 0) return cohortMs / parts;
    if (cohortMs / parts < MINUTE_MS) return MINUTE_MS;
  }
}

/** How far back outcomes matter to the online features: window, age and lag of the one that looks furthest. */
export function warmLengthMs(features: readonly FeatureDeclaration[]): number {
  const reaches = features.flatMap((feature) =>
    feature.kind === 'outcomeRate'
      ? [durationMs(feature.window) + durationMs(feature.age) + durationMs(feature.lag)]
      : [],
  );
  return Math.max(0, ...reaches);
}

/**
 * Batches in order, without gaps, from `from` (or the first cohort boundary at or before the first request) to the first cohort boundary
 * at which the last request has been sent and the last partition is complete. That boundary is the `start` of one closing batch that
 * has outcomes only.
 * @param outcomesSince Event time from which outcomes are owed, where that is earlier than they would begin otherwise
 */
export async function* batches(
  source: TrafficSource,
  plan: BatchPlan,
  from: EpochMs | null,
  outcomesSince: EpochMs | null = null,
): AsyncGenerator<Batch> {
  // A partition's local day may begin a day of UTC earlier.
  const firstDay = from === null ? plan.fromDay : laterDay(plan.fromDay, isoDay(from - 2 * DAY_MS));
  const requests = new RowCursor(source.stream(firstDay, plan.untilDay), 'at', predictionText);
  if (from !== null) await requests.skipBefore(from);
  const first = from ?? boundary(plan, (await requests.nextTime()) ?? epochMs(plan.fromDay), Math.floor);
  const complete = boundary(plan, epochMs(plan.untilDay) + plan.closesAfterMs, Math.ceil);
  const known = Math.min(
    from === null ? first - plan.warmMs : first - plan.batchMs,
    (outcomesSince ?? first) - plan.batchMs,
  );
  const outcomes = new RowCursor(source.outcomes(known, Math.max(complete, first) + DAY_MS), 'knownAt', outcomeText);
  try {
    for (let start = first; ; start += plan.batchMs) {
      const arrived = await outcomes.takeBefore(start);
      const ended = (await requests.nextTime()) === null && start >= complete && isBoundary(plan, start);
      yield { start, outcomes: arrived, predictions: await requests.takeBefore(start + plan.batchMs), closing: ended };
      if (ended) return;
    }
  } finally {
    await Promise.all([requests.close(), outcomes.close()]);
  }
}

/** Whether an instant is the first of a cohort. Cohorts are counted from the first day of traffic. */
export function isBoundary(plan: BatchPlan, at: EpochMs): boolean {
  return (at - epochMs(plan.fromDay)) % plan.cohortMs === 0;
}

function boundary(plan: BatchPlan, at: EpochMs, round: (cohorts: number) => number): EpochMs {
  const origin = epochMs(plan.fromDay);
  return origin + round((at - origin) / plan.cohortMs) * plan.cohortMs;
}

const laterDay = (a: string, b: string): string => (a > b ? a : b);
