/**
 * Objectives of what is live. An objective is judged only on what is there: a day or cohort without a measurement neither breaks
 * nor heals it, wherever it lies, and a measurement exactly at the limit meets it.
 */

/** One matured UTC day of what was really served. Means are over its labelled units; null where there are none. */
export interface DayMeasure {
  readonly day: string;
  readonly labelled: number;
  /** Mean loss of the predictions that were answered. */
  readonly loss: number | null;
  /** Mean loss of the declared constant on the same units. */
  readonly fallbackLoss: number | null;
  readonly meanPrediction: number | null;
  readonly meanLabel: number | null;
  /** Whether a trained bundle answered; objectives say nothing about days of the declared constant. */
  readonly trained: boolean;
  readonly byBundle: readonly BundleLoss[];
}

/** What one bundle answered on a day. */
export interface BundleLoss {
  readonly bundle: string;
  readonly labelled: number;
  /** Mean over its labelled units; null where there are none. */
  readonly loss: number | null;
}

/** One complete cohort as the online features report themselves. */
export interface CohortFreshness {
  readonly cohort: number;
  /** Age of the oldest state that answered, milliseconds; null where no unit reports one. */
  readonly oldestMs: number | null;
}

export interface LossLimit {
  /** Daily mean loss of what is served minus that of the declared constant, per 1,000 units. */
  readonly maxDifferencePerThousand: number;
  /** Consecutive judged days before it counts. */
  readonly days: number;
}

export interface CalibrationLimit {
  /** Largest tolerated |mean prediction / mean label − 1|. */
  readonly maxRatioError: number;
  readonly days: number;
}

/**
 * `unknown`: not enough is there to say either. `measured` is in the objective's own unit, null where nothing was judged; `days` are
 * those the finding rests on.
 */
export interface Finding {
  readonly state: 'met' | 'broken' | 'unknown';
  readonly measured: number | null;
  readonly days: readonly string[];
}

const NOTHING: Finding = { state: 'unknown', measured: null, days: [] };

/**
 * Broken when each of the last `days` judged days exceeds the limit; met when the last judged day does not.
 * @param history in order of days; `measured` is the last judged day's difference per 1,000 units
 */
export function judgeLoss(limit: LossLimit, history: readonly DayMeasure[]): Finding {
  const judged = history.filter(isJudged);
  const recent = judged.slice(-limit.days);
  const last = recent.at(-1);
  if (last === undefined) return NOTHING;
  const over = recent.filter((day) => lossDifference(day) > limit.maxDifferencePerThousand);
  const days = over.map(({ day }) => day);
  const measured = lossDifference(last);
  if (measured <= limit.maxDifferencePerThousand) return { state: 'met', measured, days: [last.day] };
  return { state: over.length === limit.days ? 'broken' : 'unknown', measured, days };
}

/**
 * Judged over the last `days` judged days together; unknown while there are fewer, and while the labels do not sum to a positive number.
 * @returns `measured`: |Σ prediction / Σ label − 1|
 */
export function judgeCalibration(limit: CalibrationLimit, history: readonly DayMeasure[]): Finding {
  const recent = history.filter(isJudged).slice(-limit.days);
  if (recent.length < limit.days) return NOTHING;
  const predicted = recent.reduce((sum, day) => sum + day.labelled * day.meanPrediction, 0);
  const observed = recent.reduce((sum, day) => sum + day.labelled * day.meanLabel, 0);
  if (observed <= 0) return NOTHING;
  const measured = rounded(Math.abs(predicted / observed - 1));
  return {
    state: measured > limit.maxRatioError ? 'broken' : 'met',
    measured,
    days: recent.map(({ day }) => day),
  };
}

/** @returns `measured`: age of the oldest state that answered, milliseconds */
export function judgeFreshness(maxAgeMs: number, cohort: CohortFreshness): Finding {
  if (cohort.oldestMs === null || Number.isNaN(cohort.oldestMs)) return NOTHING;
  return { state: cohort.oldestMs > maxAgeMs ? 'broken' : 'met', measured: cohort.oldestMs, days: [] };
}

/** How many of the last judged days in a row meet the loss limit. */
export function daysMeetingLoss(limit: LossLimit, history: readonly DayMeasure[]): number {
  const judged = history.filter(isJudged);
  const lastOver = judged.findLastIndex((day) => lossDifference(day) > limit.maxDifferencePerThousand);
  return judged.length - 1 - lastOver;
}

type JudgedDay = DayMeasure & {
  readonly [K in 'loss' | 'fallbackLoss' | 'meanPrediction' | 'meanLabel']: number;
};

function isJudged(day: DayMeasure): day is JudgedDay {
  const numbers = [day.loss, day.fallbackLoss, day.meanPrediction, day.meanLabel];
  return day.trained && day.labelled > 0 && numbers.every((value) => value !== null && Number.isFinite(value));
}

/** Per 1,000 units. */
function lossDifference(day: JudgedDay): number {
  return rounded((day.loss - day.fallbackLoss) * 1000);
}

/** To nine decimals: a difference of decimal fractions that lies exactly at its limit must compare as equal. */
function rounded(value: number): number {
  return Math.round(value * 1e9) / 1e9;
}
