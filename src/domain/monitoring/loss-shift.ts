/**
 * Whether what serves has become worse than it was when it was certified, with nothing beside it to compare with. Such a finding
 * confuses the world's change with the model's, so it may open an incident and never rolls back. Source: gate statistics §11.
 */
import {
  beginSrDetector,
  confidenceBounds,
  isSrAlarm,
  logSrStatistic,
  mergeHistograms,
  updateSrDetector,
} from '../statistics/index.ts';
import type { DayMeasure, Finding } from './objectives.ts';

/** Losses are kept as whole multiples of 1/10,000. */
const QUANTUM = 10_000;
/** One-sided level of the bound on the certified loss. */
const LEVEL = 0.05;

/** What was measured of a bundle in the rollout that made it stable, frozen then. */
export interface LossReference {
  readonly bundle: string;
  readonly idea: string;
  /** When it became stable, ISO 8601. */
  readonly since: string;
  readonly units: number;
  /** Mean loss over those units; null without any. */
  readonly loss: number | null;
  /** Upper confidence bound of it; 1 without any. */
  readonly upper: number;
}

export interface ShiftLimit {
  /** Tolerated loss above the certified bound, per 1,000 units. */
  readonly tolerancePerThousand: number;
  /** Days to a false alarm, on average at least. */
  readonly falseAlarmDays: number;
}

export interface ShiftFinding extends Finding {
  /** ln R of the detector after the last day. */
  readonly lnEvidence: number;
}

/** @param losses of labelled units, each in [0, 1] */
export function certifiedLoss(losses: Iterable<number>): Pick<LossReference, 'units' | 'loss' | 'upper'> {
  const counts = new Map<number, number>();
  let units = 0;
  let sum = 0;
  for (const loss of losses) {
    // Upwards: what is rounded away must not tighten the bound.
    const multiple = Math.ceil(loss * QUANTUM);
    counts.set(multiple, (counts.get(multiple) ?? 0) + 1);
    units += 1;
    sum += loss;
  }
  if (units === 0) return { units, loss: null, upper: 1 };
  // The bounds are for means in [-1, 1].
  const histogram = mergeHistograms([...counts].map(([multiple, count]) => [2 * multiple - QUANTUM, QUANTUM, count]));
  const { upper } = confidenceBounds(histogram, LEVEL);
  return { units, loss: sum / units, upper: Math.min(1, (upper + 1) / 2) };
}

/**
 * The detector over whole days of what the bundle answered, each day one unit of its mean loss: the units of a day share their weather.
 * @param history in order of days, since the bundle became stable or the last incident of this objective was closed
 * @returns `measured`: mean loss of the days that tell, per 1,000 units; `unknown` before the first day and without a reference
 */
export function judgeShift(limit: ShiftLimit, reference: LossReference, history: readonly DayMeasure[]): ShiftFinding {
  const mu0 = reference.upper + limit.tolerancePerThousand / 1000;
  const days = lossesOf(reference.bundle, history);
  const nothing = { state: 'unknown' as const, measured: null, days: [], lnEvidence: -Infinity };
  if (days.length === 0 || mu0 >= 1) return nothing;
  let detector = beginSrDetector({ mu0, threshold: limit.falseAlarmDays });
  for (const [index, { loss }] of days.entries()) {
    detector = updateSrDetector(detector, [[loss, 1]]);
    if (isSrAlarm(detector)) return found('broken', risen(days.slice(0, index + 1), mu0), logSrStatistic(detector));
  }
  return found('met', days.slice(-1), logSrStatistic(detector));
}

/** How many of the last judged days in a row lie at or below the reference and what is tolerated above it. */
export function daysAsCertified(limit: ShiftLimit, reference: LossReference, history: readonly DayMeasure[]): number {
  const mu0 = reference.upper + limit.tolerancePerThousand / 1000;
  const days = lossesOf(reference.bundle, history);
  return days.length - 1 - days.findLastIndex(({ loss }) => loss > mu0);
}

interface DayLoss {
  readonly day: string;
  readonly loss: number;
}

/** A day on which the bundle answered nobody, or no label came, says nothing. */
function lossesOf(bundle: string, history: readonly DayMeasure[]): DayLoss[] {
  return history.flatMap(({ day, byBundle }) => {
    const loss = byBundle.find((each) => each.bundle === bundle)?.loss ?? null;
    return loss === null ? [] : [{ day, loss: Math.min(1, Math.max(0, loss)) }];
  });
}

/** The days at the end that lie above the reference the most, all together: where the rise began. */
function risen(days: readonly DayLoss[], mu0: number): readonly DayLoss[] {
  let sum = 0;
  let most = -Infinity;
  let first = days.length - 1;
  for (let index = days.length - 1; index >= 0; index--) {
    sum += (days[index]?.loss ?? 0) - mu0;
    if (sum > most) [most, first] = [sum, index];
  }
  return days.slice(first);
}

function found(state: Finding['state'], days: readonly DayLoss[], lnEvidence: number): ShiftFinding {
  const mean = days.reduce((sum, { loss }) => sum + loss, 0) / days.length;
  return { state, measured: mean * 1000, days: days.map(({ day }) => day), lnEvidence };
}
