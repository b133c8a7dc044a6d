/** Online outcome-rate features of one model: fed by what the log holds, and by nothing else. */
import type { LogRecord, OutcomeRateFeature, OutcomeRecord } from '../contracts/serving.ts';
import { createOutcomeRates } from '../domain/features/outcome-rates.ts';
import type { OutcomeRates } from '../domain/features/outcome-rates.ts';
import type { ClosedSegment, LogSegments } from './log-segments.ts';

/** State of online features in which an outcome counts once, at its first revision. */
export interface FreshFeatures {
  readonly rates: OutcomeRates;
  take(outcome: OutcomeRecord): void;
}

/** @throws RangeError for declarations that cannot be kept online. */
export function createFreshFeatures(declared: readonly OutcomeRateFeature[]): FreshFeatures {
  const rates = createOutcomeRates(declared);
  return {
    rates,
    take(outcome) {
      if (outcome.revision === 0) rates.observe(outcome);
    },
  };
}

/**
 * Reads the end of the log, oldest record first: every segment with an outcome that may still count, and at least `recordsMin` records
 * where there are so many.
 */
export async function readLogEnd(
  log: LogSegments,
  horizonMs: number,
  recordsMin: number,
  visit: (record: LogRecord) => void,
): Promise<void> {
  const closed = log.closed();
  const open = await log.read(log.openSegment());
  const latest = Math.max(...closed.map(({ latestOutcomeAt }) => latestOutcomeAt ?? 0), ...open.map(outcomeAt));
  const first = firstSegment(closed, latest - horizonMs, recordsMin - open.length);
  for (const { segment } of closed) {
    if (segment < first) continue;
    for (const record of await log.read(segment)) visit(record);
  }
  for (const record of open) visit(record);
}

const outcomeAt = (record: LogRecord): number => (record.kind === 'outcome' ? record.knownAt : 0);

function firstSegment(closed: readonly ClosedSegment[], since: number, recordsMin: number): number {
  let first = (closed.at(-1)?.segment ?? 0) + 1;
  let records = 0;
  for (let index = closed.length - 1; index >= 0; index--) {
    const line = closed[index];
    if (line === undefined) continue;
    const needed = records < recordsMin || (line.latestOutcomeAt ?? 0) > since;
    if (needed) first = line.segment;
    records += line.records;
  }
  return first;
}
