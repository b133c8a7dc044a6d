/** Cells of a table of units, from text: instants, losses, exposures. What is none is null, and the caller says where. */
import { DAY_MS, MINUTE_MS } from '../time.ts';
import type { EpochMs } from '../time.ts';

const INSTANT =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)? ?(Z|UTC|[+-]\d{2}(?::?\d{2})?)?$/i;
/** Seconds since 1970, whole or not, or whole milli-, micro- or nanoseconds: told apart by their digits, for instants after 1973. */
const EPOCH = /^(?:\d{9,10}(?:\.\d+)?|\d{12,13}|\d{15,16}|\d{18,19})$/;
const EPOCH_MS_DIGITS = 13;

/**
 * An instant: ISO 8601 (`2024-03-01T06:00:00Z`, a space for the T, an offset, a day alone) or a count since 1970.
 * Without an offset it is read as UTC. Days that no calendar has, and forms that are ambiguous between countries, are null.
 */
export function instantOf(text: string): EpochMs | null {
  if (EPOCH.test(text)) return epochOf(text);
  const match = INSTANT.exec(text);
  if (match === null) return null;
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', offset = 'Z'] = match;
  const [h, m, s] = [Number(hour), Number(minute), Number(second)];
  const days = daysOf(Number(year), Number(month), Number(day));
  if (days === null || h > 23 || m > 59 || s > 60) return null;
  const ms = fraction === '' ? 0 : Math.floor(Number(`0.${fraction}`) * 1000);
  return days * DAY_MS + (h * 60 + m) * MINUTE_MS + s * 1000 + ms - offsetMs(offset);
}

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Days from 1970-01-01 to a day of the Gregorian calendar; null for a day it does not have. Source: Hinnant, days_from_civil. */
function daysOf(year: number, month: number, day: number): number | null {
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const last = (MONTH_DAYS[month - 1] ?? 0) + (month === 2 && isLeap ? 1 : 0);
  if (day < 1 || day > last) return null;
  // Years begin in March, so that the leap day is the last of one.
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const ofEra = y - era * 400;
  const ofYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  return era * 146_097 + ofEra * 365 + Math.floor(ofEra / 4) - Math.floor(ofEra / 100) + ofYear - 719_468;
}

function epochOf(text: string): EpochMs {
  const digits = text.split('.')[0]?.length ?? 0;
  if (digits <= 10) return Math.floor(Number(text) * 1000);
  return Math.floor(Number(text) / 1000 ** Math.ceil((digits - EPOCH_MS_DIGITS) / 3));
}

function offsetMs(offset: string): number {
  const match = /^([+-])(\d{2}):?(\d{2})?$/.exec(offset);
  if (match === null) return 0;
  const minutes = Number(match[2]) * 60 + Number(match[3] ?? 0);
  return (match[1] === '-' ? -minutes : minutes) * MINUTE_MS;
}

const MISSING = new Set(['', 'na', 'n/a', 'nan', 'null', 'none', '\\n']);
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/** Whether a cell says that there is no value: empty, NaN, NA, null. */
export const isMissing = (text: string | null): boolean => text === null || MISSING.has(text.trim().toLowerCase());

/** A finite number, or true as 1 and false as 0; null for everything else. */
export function numberOf(text: string): number | null {
  const trimmed = text.trim();
  if (NUMBER.test(trimmed)) {
    const value = Number(trimmed);
    return Number.isFinite(value) ? value : null;
  }
  const word = trimmed.toLowerCase();
  if (word === 'true' || word === 't') return 1;
  return word === 'false' || word === 'f' ? 0 : null;
}

/** How a metric becomes a loss between 0 and 1: more of it is worse, or with `isGain` better; cut at both ends of its range. */
export interface MetricScale {
  readonly low: number;
  readonly high: number;
  readonly isGain: boolean;
  /** Whether values beyond the range are cut to it (a declared range) or refused. */
  readonly isCut: boolean;
}

export const UNIT_SCALE: MetricScale = { low: 0, high: 1, isGain: false, isCut: false };

/** The loss of a value; null outside a range that is not cut. */
export function lossOf(value: number, { low, high, isGain, isCut }: MetricScale): number | null {
  if (!isCut && (value < low || value > high)) return null;
  const share = (Math.min(Math.max(value, low), high) - low) / (high - low);
  return isGain ? 1 - share : share;
}
