/**
 * Event time in the pure rooms. Instants are milliseconds since 1970-01-01T00:00:00Z, on a wire they are ISO 8601 UTC strings,
 * durations are ISO 8601 (`P7D`, `PT3H`). Only deterministic parts of `Date` are used here; nothing reads a clock.
 */
export type EpochMs = number;

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

const DURATION = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;
const INSTANT = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?Z)?$/;

/**
 * Length of an ISO 8601 duration in milliseconds. Years and months are refused: their length depends on the date.
 * @throws RangeError naming the value, when it is not of the form `P[nW][nD][T[nH][nM][nS]]`.
 */
export function durationMs(iso: string): number {
  const match = DURATION.exec(iso);
  if (match === null || iso === 'P' || iso.endsWith('T')) {
    throw new RangeError(`duration ${JSON.stringify(iso)} is not ISO 8601; write for example "PT3H" or "P7D"`);
  }
  const [, weeks = '0', days = '0', hours = '0', minutes = '0', seconds = '0'] = match;
  return (
    Number(weeks) * 7 * DAY_MS +
    Number(days) * DAY_MS +
    Number(hours) * HOUR_MS +
    Number(minutes) * MINUTE_MS +
    Math.round(Number(seconds) * 1000)
  );
}

/**
 * Milliseconds of an ISO 8601 UTC instant or calendar day (its midnight UTC).
 * @throws RangeError naming the value, for local times, other offsets and impossible dates.
 */
export function epochMs(iso: string): EpochMs {
  const value = INSTANT.test(iso) ? Date.parse(iso) : Number.NaN;
  if (Number.isNaN(value)) {
    throw new RangeError(
      `instant ${JSON.stringify(iso)} is not ISO 8601 UTC; write for example "2001-02-25T06:00:00Z"`,
    );
  }
  return value;
}

/** ISO 8601 UTC form of an instant, without the milliseconds where they are zero. */
export function isoInstant(at: EpochMs): string {
  return new Date(at).toISOString().replace('.000Z', 'Z');
}

/** Calendar day (UTC) of an instant, `2001-02-25`. */
export function isoDay(at: EpochMs): string {
  return new Date(at).toISOString().slice(0, 10);
}

/** Cohorts are numbered from `origin` (1, 2, 3 …), each `lengthMs` long; an instant belongs to the cohort it starts or falls in. */
export interface CohortCalendar {
  readonly origin: EpochMs;
  readonly lengthMs: number;
}

/** Number of the cohort an instant falls in; below 1 before the origin. */
export function cohortOf(calendar: CohortCalendar, at: EpochMs): number {
  return Math.floor((at - calendar.origin) / calendar.lengthMs) + 1;
}

/** First instant of a cohort. */
export function cohortStart(calendar: CohortCalendar, cohort: number): EpochMs {
  return calendar.origin + (cohort - 1) * calendar.lengthMs;
}

const UNITS = [
  ['day', DAY_MS],
  ['hour', HOUR_MS],
  ['minute', MINUTE_MS],
  ['second', 1000],
] as const;

/** A length of time as people say it: `1 day 12 hours`, `3 hours`, `no time`. Parts of a second are dropped. */
export function lengthInWords(ms: number): string {
  let rest = ms;
  const parts: string[] = [];
  for (const [unit, unitMs] of UNITS) {
    const count = Math.floor(rest / unitMs);
    rest -= count * unitMs;
    if (count > 0) parts.push(`${count} ${unit}${count === 1 ? '' : 's'}`);
  }
  return parts.join(' ') || 'no time';
}
