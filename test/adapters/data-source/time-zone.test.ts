import assert from 'node:assert/strict';
import { offsetSpans, zoneOfPlace } from '../../../src/adapters/data-source/time-zone.ts';
import { HOUR_MS, epochMs, isoInstant } from '../../../src/domain/time.ts';

function reader(zone: string): (local: string) => string {
  const spans = offsetSpans(zone, epochMs('2001-01-01'), epochMs('2001-12-31'));
  return (local) => {
    const written = epochMs(`${local}Z`);
    const span = spans.find((span) => written >= span.from && written < span.until);
    return isoInstant(written - (span?.offsetMs ?? Number.NaN));
  };
}

describe('local time to UTC', () => {
  for (const [title, zone, local, utc] of [
    ['reads winter time', 'America/New_York', '2001-01-15T12:00', '2001-01-15T17:00:00Z'],
    ['reads the last minute before clocks go forward', 'America/New_York', '2001-04-01T01:59', '2001-04-01T06:59:00Z'],
    [
      'reads a local time that never occurs with the old offset',
      'America/New_York',
      '2001-04-01T02:30',
      '2001-04-01T07:30:00Z',
    ],
    [
      'reads the first minute after clocks went forward',
      'America/New_York',
      '2001-04-01T03:00',
      '2001-04-01T07:00:00Z',
    ],
    ['reads summer time', 'America/New_York', '2001-07-04T12:00', '2001-07-04T16:00:00Z'],
    [
      'reads the last minute that occurs once before clocks go back',
      'America/New_York',
      '2001-10-28T00:59',
      '2001-10-28T04:59:00Z',
    ],
    [
      'takes the earlier instant of a local time that occurs twice',
      'America/New_York',
      '2001-10-28T01:30',
      '2001-10-28T05:30:00Z',
    ],
    [
      'reads the first minute that occurs once after clocks went back',
      'America/New_York',
      '2001-10-28T02:00',
      '2001-10-28T07:00:00Z',
    ],
    ['knows that Arizona keeps standard time', 'America/Phoenix', '2001-04-01T12:00', '2001-04-01T19:00:00Z'],
    ['knows that Hawaii keeps standard time', 'Pacific/Honolulu', '2001-06-30T23:00', '2001-07-01T09:00:00Z'],
    [
      'knows that Indiana kept standard time in 2001',
      'America/Indiana/Indianapolis',
      '2001-06-01T12:00',
      '2001-06-01T17:00:00Z',
    ],
    ['reads offsets of half hours', 'Asia/Kolkata', '2001-01-01T05:30', '2001-01-01T00:00:00Z'],
    ['leaves UTC alone', 'UTC', '2001-04-01T02:30', '2001-04-01T02:30:00Z'],
  ] as const)
    it(title, () => assert.equal(reader(zone)(local), utc));

  it('covers every local time exactly once', () => {
    const spans = offsetSpans('Europe/Berlin', epochMs('2000-01-01'), epochMs('2003-01-01'));
    assert.equal(spans.length, 7);
    for (let index = 1; index < spans.length; index += 1) assert.equal(spans[index]!.from, spans[index - 1]!.until);
    assert.ok(spans[0]!.from < epochMs('1900-01-01') && spans.at(-1)!.until > epochMs('2100-01-01'));
  });

  it('agrees with the runtime at every hour of a year, outside the changes', () => {
    const format = new Intl.DateTimeFormat('sv-SE', {
      timeZone: 'America/Denver',
      dateStyle: 'short',
      timeStyle: 'medium',
    });
    const toUtc = reader('America/Denver');
    for (let at = epochMs('2001-01-01T07:00:00Z'); at < epochMs('2001-12-31'); at += HOUR_MS) {
      const local = format.format(at).replace(' ', 'T');
      if (local.startsWith('2001-10-28T01')) continue; // occurs twice
      assert.equal(toUtc(local), isoInstant(at));
    }
  });

  it('refuses a zone without rules by name', () => {
    assert.throws(() => offsetSpans('Mars/Olympus', 0, 1), {
      code: 'DATA_TIME_ZONE_UNKNOWN',
      message: /Mars\/Olympus/,
    });
  });

  it('finds the zone of a place, and none outside the globe', () => {
    assert.equal(zoneOfPlace(40.64, -73.78), 'America/New_York');
    assert.equal(zoneOfPlace(91, 0), null);
  });
});
