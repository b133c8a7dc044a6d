/**
 * Local time to UTC. The offsets of a zone come from the runtime's own time zone rules; they are tabulated once per zone over
 * the range of the data and joined to the rows in SQL.
 *
 * Local times that occur twice (clocks go back) are the earlier instant; local times that never occur (clocks go forward) are
 * read with the offset from before the change. So the new offset starts at local time: instant of the change + the larger of
 * both offsets.
 */
import lookupZone from '@photostructure/tz-lookup';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../domain/time.ts';
import type { EpochMs } from '../../domain/time.ts';
import { HoldfastError } from '../../contracts/errors.ts';

/** The offset (local − UTC) that holds for local times in [from, until), written as if they were UTC. */
export interface OffsetSpan {
  readonly from: EpochMs;
  readonly until: EpochMs;
  readonly offsetMs: number;
}

/** IANA zone of a place; null for coordinates that are not on Earth. */
export function zoneOfPlace(latitude: number, longitude: number): string | null {
  return Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 ? lookupZone(latitude, longitude) : null;
}

/**
 * The offsets of a zone for local times in [from, until].
 * @throws DATA_TIME_ZONE_UNKNOWN for a name the runtime has no rules for.
 */
export function offsetSpans(zone: string, from: EpochMs, until: EpochMs): OffsetSpan[] {
  const offsetAt = offsetReader(zone);
  const first = Math.floor(from / DAY_MS) * DAY_MS - 2 * DAY_MS;
  const last = until + 2 * DAY_MS;
  const spans: OffsetSpan[] = [];
  let start = Number.MIN_SAFE_INTEGER;
  let offset = offsetAt(first);
  for (let at = first; at < last; at += DAY_MS) {
    const next = offsetAt(at + DAY_MS);
    if (next === offset) continue;
    const change = changeBetween(at, at + DAY_MS, offsetAt);
    const localStart = change + Math.max(offset, next);
    spans.push({ from: start, until: localStart, offsetMs: offset });
    start = localStart;
    offset = next;
  }
  spans.push({ from: start, until: Number.MAX_SAFE_INTEGER, offsetMs: offset });
  return spans;
}

/** First whole minute at which the offset differs from that at `before`. Zones change at most once a day. */
function changeBetween(before: EpochMs, after: EpochMs, offsetAt: (at: EpochMs) => number): EpochMs {
  const old = offsetAt(before);
  let low = before;
  let high = after;
  while (high - low > MINUTE_MS) {
    const middle = low + Math.floor((high - low) / 2 / MINUTE_MS) * MINUTE_MS;
    if (offsetAt(middle) === old) low = middle;
    else high = middle;
  }
  return high;
}

function offsetReader(zone: string): (at: EpochMs) => number {
  const parts = formatOf(zone);
  return (at) => {
    const field = Object.fromEntries(parts.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = field;
    const local = Date.UTC(year, month - 1, day) + hour * HOUR_MS + minute * MINUTE_MS + second * 1000;
    return local - Math.floor(at / 1000) * 1000;
  };
}

function formatOf(zone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch {
    throw new HoldfastError('DATA_TIME_ZONE_UNKNOWN', `source.timeZone ${JSON.stringify(zone)} is not a time zone`, {
      remedy: 'write UTC or an IANA name such as America/New_York',
    });
  }
}
