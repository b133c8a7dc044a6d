/** What a look measures: the counts of its own cohort, and those of earlier cohorts that have matured or arrived since. */
import type { MetricSource } from '../adapters/metric-source/port.ts';
import type { CohortUnit, RequestLog } from '../adapters/request-log/port.ts';
import type {
  EvidenceBatchRecord,
  EvidenceRecord,
  PolicyRecord,
  ScoresRecord,
  TimingsRecord,
} from '../contracts/records.ts';
import { metricOfTheSplit } from '../contracts/rollout-policy.ts';
import type { MetricPolicy, SlicePolicy } from '../contracts/rollout-policy.ts';
import { ERROR_STREAM, LOSS_STREAM, sliceStream } from '../domain/rollout/gate-runs.ts';
import type { RunName } from '../domain/rollout/gate-runs.ts';
import {
  assignedUnits,
  blockedLoss,
  pairedLoss,
  scoringErrors,
  stableWasOverridden,
} from '../domain/rollout/measure.ts';
import type { LossMeasurement, MeasuredUnit } from '../domain/rollout/measure.ts';
import { tallyScores } from '../domain/rollout/score-tally.ts';
import { isInSlice } from '../domain/rollout/slices.ts';
import { tallyTimings } from '../domain/rollout/timing-tally.ts';
import { cohortStart, durationMs, isoInstant } from '../domain/time.ts';
import type { CohortCalendar, EpochMs } from '../domain/time.ts';
import { lossOf } from './policy-records.ts';

/** Below this share of matured units with a label the label feed counts as broken for the cohort: missing is not good. */
const LABELLED_SHARE_MIN = 0.5;

/** How long one look reads metric sources: a slow one must not keep a crashing candidate in place. */
const METRICS_MS_MAX = 8_000;
/** Of probabilities. */
const UNIT_RANGE: readonly [number, number] = [0, 1];

/** All that the measuring of a look depends on. */
export interface Measuring {
  readonly model: string;
  readonly rolloutId: string;
  readonly run: RunName;
  readonly cohort: number;
  readonly runStart: number;
  readonly candidate: string;
  readonly salt: string;
  readonly calendar: CohortCalendar;
  readonly policy: PolicyRecord;
  readonly watermark: EpochMs;
  /** Generations of the rollout's own splits. */
  readonly generations: ReadonlySet<number>;
  /** Streams still awaited of earlier cohorts, as the gate numbers them, oldest first. */
  readonly awaited: ReadonlyArray<{ readonly cohort: number; readonly streams: readonly string[] }>;
  /** Recorded batches of this rollout by `${metric}/${cohort}`. */
  readonly batches: ReadonlyMap<string, EvidenceBatchRecord>;
}

export interface Measured {
  readonly records: readonly EvidenceRecord[];
  /** Of the cohorts whose loss is among the records. */
  readonly scores: readonly ScoresRecord[];
  /** Of its own cohort; null where nothing of it was read. */
  readonly timings: TimingsRecord | null;
  readonly assigned: { readonly control: number; readonly candidate: number };
  /** New units per arm as a router of somebody's own told them, by cohort. */
  readonly told: ReadonlyArray<{ readonly cohort: number; readonly control: number; readonly candidate: number }>;
  readonly status: 'ok' | 'void';
  /** Units whose arm was chosen by a split that is not this rollout's. */
  readonly foreignUnits: number;
  /** Why a stream's evidence is not there, by stream, of its oldest cohort. */
  readonly missing: ReadonlyMap<string, string>;
}

interface Sources {
  readonly requestLog: RequestLog;
  readonly metricSource: MetricSource;
}

/** Measures everything that has matured by the watermark and that the gate has not got yet. */
export async function measureLook(sources: Sources, m: Measuring): Promise<Measured> {
  const all = await requestsOf(sources, m, m.cohort, cohortStart(m.calendar, m.cohort + 1));
  const units = all.filter(({ generation }) => m.generations.has(generation));
  const records: EvidenceRecord[] = [
    evidence(m, ERROR_STREAM, m.cohort, { window: scoringErrors(units) }, units.length),
  ];
  const missing = new Map<string, string>();
  const due = [
    ...m.awaited.map(({ cohort, streams }) => ({ cohort: m.runStart + cohort - 1, streams })),
    ownStreams(m),
  ];
  const scores: ScoresRecord[] = [];
  await measureLosses(sources, m, due, { records, scores }, missing);
  const metrics = m.policy.rollout.metrics.filter(({ observable }) => observable.includes(m.run));
  const stopAt = Date.now() + METRICS_MS_MAX;
  const read = await Promise.all(metrics.map((metric) => measureMetric(sources, m, metric, due, stopAt)));
  for (const [index, { found, reason }] of read.entries()) {
    records.push(...found);
    if (reason !== null) missing.set(metrics[index]?.name ?? '', reason);
  }
  return {
    records,
    scores,
    timings: { run: m.run, cohort: m.cohort, ...tallyTimings(units) },
    assigned: assignedUnits(units),
    told: assignmentsTold(m, records),
    status: stableWasOverridden(units) ? 'void' : 'ok',
    foreignUnits: all.length - units.length,
    missing,
  };
}

/** What somebody has pushed for cohorts that were looked at already. Of the cohorts themselves nothing is measured a second time. */
export async function measureArrivals(sources: Sources, m: Measuring): Promise<Omit<Measured, 'status'>> {
  const due = m.awaited.map(({ cohort, streams }) => ({ cohort: m.runStart + cohort - 1, streams }));
  const pushed = m.policy.rollout.metrics.filter(
    ({ source, observable }) => source.kind === 'pushed' && observable.includes(m.run),
  );
  const records: EvidenceRecord[] = [];
  const missing = new Map<string, string>();
  for (const metric of pushed) {
    const { found, reason } = await measureMetric(sources, m, metric, due, Number.POSITIVE_INFINITY);
    records.push(...found);
    if (reason !== null) missing.set(metric.name, reason);
  }
  const nobody = { control: 0, candidate: 0 };
  const told = assignmentsTold(m, records);
  return { records, scores: [], timings: null, assigned: nobody, told, foreignUnits: 0, missing };
}

/** They come with the batches of one metric, and count with them. */
function assignmentsTold(m: Measuring, records: readonly EvidenceRecord[]): Measured['told'] {
  const metric = metricOfTheSplit(m.policy.rollout.metrics);
  return records.flatMap(({ stream, cohort }) => {
    const told = stream === metric ? m.batches.get(`${stream}/${cohort}`)?.assigned : undefined;
    return told === undefined ? [] : [{ cohort, ...told }];
  });
}

type Due = ReadonlyArray<{ readonly cohort: number; readonly streams: readonly string[] }>;

/** Everything of the cohort itself is awaited, too: a metric without delay is complete with it. */
function ownStreams({ cohort, policy, run }: Measuring): Due[number] {
  const metrics = policy.rollout.metrics.filter(({ observable }) => observable.includes(run));
  return { cohort, streams: [LOSS_STREAM, ...metrics.map(({ name }) => name)] };
}

async function requestsOf(
  { requestLog }: Sources,
  { model, calendar, candidate, generations }: Measuring,
  cohort: number,
  asOf: EpochMs,
): Promise<CohortUnit[]> {
  const from = cohortStart(calendar, cohort);
  const units = await requestLog.readUnits({ model, from, to: cohortStart(calendar, cohort + 1), asOf });
  return units.filter((unit) => unit.candidateBundle === candidate || !generations.has(unit.generation));
}

/** The loss and its slices come and stay away together: a slice is a part of the same labels. */
async function measureLosses(
  sources: Sources,
  m: Measuring,
  due: Due,
  found: { readonly records: EvidenceRecord[]; readonly scores: ScoresRecord[] },
  missing: Map<string, string>,
): Promise<void> {
  for (const { cohort, streams } of due) {
    if (!streams.includes(LOSS_STREAM)) continue;
    const matured = cohortStart(m.calendar, cohort + 1) + m.policy.maturityMs;
    if (matured > m.watermark) return;
    // Labels of the window decide; only where the feed was broken then, what has come since.
    const losses = (await lossesOf(sources, m, cohort, matured)) ?? (await lossesOf(sources, m, cohort, m.watermark));
    // Streams are judged on contiguous prefixes: what is missing here blocks what comes after.
    if (losses === null) {
      const since = isoInstant(cohortStart(m.calendar, cohort));
      missing.set(LOSS_STREAM, `labels of most units since ${since} have not arrived`);
      return;
    }
    found.records.push(...losses.records);
    found.scores.push(losses.scores);
  }
}

/** Null while too few of the matured units have a label. */
async function lossesOf(
  sources: Sources,
  m: Measuring,
  cohort: number,
  asOf: EpochMs,
): Promise<{ readonly records: EvidenceRecord[]; readonly scores: ScoresRecord } | null> {
  const all = await requestsOf(sources, m, cohort, asOf);
  const units = all.filter(({ generation }) => m.generations.has(generation));
  const whole = lossOfUnits(m, units);
  if (whole.units < whole.eligible * LABELLED_SHARE_MIN) return null;
  const lossEvidence = (stream: string, { histogram, units: entered }: LossMeasurement): EvidenceRecord =>
    evidence(m, stream, cohort, { histogram }, entered);
  const { loss, lossRange } = m.policy.rollout;
  const range = loss === 'brier' ? UNIT_RANGE : (lossRange ?? UNIT_RANGE);
  const scores = { run: m.run, cohort, ...tallyScores(units, range) };
  const slices = m.policy.rollout.slices.map((slice: SlicePolicy) =>
    lossEvidence(
      sliceStream(slice.id),
      lossOfUnits(
        m,
        units.filter(({ inputs }) => isInSlice(slice, inputs)),
      ),
    ),
  );
  return { records: [lossEvidence(LOSS_STREAM, whole), ...slices], scores };
}

function lossOfUnits({ policy, salt }: Measuring, units: readonly MeasuredUnit[]): LossMeasurement {
  const loss = lossOf(policy);
  return policy.affectsLabel ? blockedLoss(units, loss, salt, policy.absence) : pairedLoss(units, loss, policy.absence);
}

/**
 * A metric's counts, cohort by cohort; the first that is missing blocks what comes after, and says why.
 * @param stopAt When no further cohort is begun, epoch milliseconds of this machine
 */
async function measureMetric(
  { metricSource }: Sources,
  m: Measuring,
  metric: MetricPolicy,
  due: Due,
  stopAt: number,
): Promise<{ readonly found: readonly EvidenceRecord[]; readonly reason: string | null }> {
  const found: EvidenceRecord[] = [];
  for (const { cohort, streams } of due) {
    if (!streams.includes(metric.name)) continue;
    const from = cohortStart(m.calendar, cohort);
    const to = cohortStart(m.calendar, cohort + 1);
    if (to + durationMs(metric.lag) > m.watermark) break;
    const since = isoInstant(from);
    if (metric.source.kind === 'pushed') {
      const batch = m.batches.get(`${metric.name}/${cohort}`);
      if (batch === undefined) return { found, reason: `nothing has been recorded for ${since} yet` };
      found.push(evidence(m, metric.name, cohort, batch, unitsOf(batch)));
    } else {
      if (Date.now() > stopAt)
        return { found, reason: `since ${since}: its source answers slowly; the next look goes on from there` };
      const { model, rolloutId } = m;
      const reading = await metricSource.read({ model, rolloutId, metric, from, to });
      if (reading.kind === 'missing') return { found, reason: `since ${since}: ${reading.reason}` };
      found.push(evidence(m, metric.name, cohort, { window: reading.counts }, reading.counts[2]));
    }
  }
  return { found, reason: null };
}

function unitsOf({ histogram, window }: EvidenceBatchRecord): number {
  return histogram === null ? (window?.[2] ?? 0) : histogram.reduce((sum, [, , count]) => sum + count, 0);
}

function evidence(
  { rolloutId, run }: Measuring,
  stream: string,
  cohort: number,
  counts: Partial<Pick<EvidenceRecord, 'histogram' | 'window'>>,
  units: number,
): EvidenceRecord {
  const { histogram = null, window = null } = counts;
  return { batchId: `${rolloutId}/${run}/${stream}/${cohort}`, cohort, stream, histogram, window, units };
}
