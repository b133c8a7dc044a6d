/** The archive in the memory of one process: for tests and demonstrations. */
import { PEOPLE_REVISION } from '../../contracts/serving.ts';
import type { OutcomeRecord, PredictionRecord } from '../../contracts/serving.ts';
import type { EpochMs } from '../../domain/time.ts';
import type { ClosedSegment, CohortUnit, LogSpan, RequestLog } from './port.ts';

type Order<T> = (a: T, b: T) => number;

const text = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const byEvent: Order<PredictionRecord> = (a, b) => a.at - b.at || text(a.requestId, b.requestId);
const byArrival: Order<OutcomeRecord> = (a, b) =>
  a.knownAt - b.knownAt || text(a.requestId, b.requestId) || a.revision - b.revision;

export function createInMemoryRequestLog(): RequestLog {
  const segments = new Map<string, ClosedSegment>();
  const records = (model: string): ClosedSegment['records'] =>
    [...segments.values()]
      .filter((segment) => segment.model === model)
      .sort((a, b) => text(a.gateway, b.gateway) || a.segment - b.segment)
      .flatMap((segment) => segment.records);

  const predictions = ({ model, from, to }: LogSpan): PredictionRecord[] =>
    firstOf(
      records(model).filter(
        (record) => record.kind === 'prediction' && record.at >= from && record.at < to,
      ) as PredictionRecord[],
      (record) => record.requestId,
    ).sort(byEvent);
  const outcomes = (model: string, includes: (knownAt: EpochMs) => boolean): OutcomeRecord[] =>
    firstOf(
      records(model).filter((record) => record.kind === 'outcome' && includes(record.knownAt)) as OutcomeRecord[],
      (record) => `${record.revision}/${record.requestId}`,
    ).sort(byArrival);

  return {
    compact: async (segment) => {
      const key = JSON.stringify([segment.model, segment.gateway, segment.segment]);
      if (!segments.has(key)) segments.set(key, segment);
    },
    readUnits: async (span) => {
      const latest = new Map<string, OutcomeRecord>();
      for (const outcome of outcomes(span.model, (knownAt) => knownAt >= span.from && knownAt < span.asOf)) {
        if (outcome.revision > (latest.get(outcome.requestId)?.revision ?? -Infinity))
          latest.set(outcome.requestId, outcome);
      }
      return predictions(span).map((prediction) => unitOf(prediction, latest.get(prediction.requestId)));
    },
    readPredictions: async (span) => predictions(span),
    readOutcomesBetween: async ({ model, from, to }) => outcomes(model, (knownAt) => knownAt >= from && knownAt < to),
    close: async () => segments.clear(),
  };
}

function firstOf<T>(records: readonly T[], key: (record: T) => string): T[] {
  const first = new Map<string, T>();
  for (const record of records) if (!first.has(key(record))) first.set(key(record), record);
  return [...first.values()];
}

function unitOf(prediction: PredictionRecord, outcome: OutcomeRecord | undefined): CohortUnit {
  const { kind: _kind, exposure: _exposure, fresh: _fresh, ...unit } = prediction;
  const { stableMs = null, candidateMs = null } = prediction;
  return {
    ...unit,
    stableMs,
    candidateMs,
    label: outcome?.label ?? null,
    outcomeKnown: outcome !== undefined,
    byPeople: outcome?.revision === PEOPLE_REVISION,
  };
}
