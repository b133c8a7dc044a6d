import { DAY_MS, durationMs, HOUR_MS, MINUTE_MS } from '../domain/time.ts';

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

/** An ISO 8601 duration as people say it. @throws RangeError when it is not one. */
export const durationInWords = (iso: string): string => lengthInWords(durationMs(iso));
