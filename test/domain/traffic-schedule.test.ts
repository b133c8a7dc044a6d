import assert from 'node:assert/strict';
import fc from 'fast-check';
import { EMPTY_SCHEDULE, entryAt, judgeFallback, judgeTraffic } from '../../src/domain/traffic-schedule.ts';
import type { ScheduledSplit, TrafficChange, TrafficSchedule } from '../../src/domain/traffic-schedule.ts';
import { epochMs, HOUR_MS, isoInstant } from '../../src/domain/time.ts';

const NOON = epochMs('2001-02-01T12:00:00Z');
const STABLE = 'a'.repeat(64);
const CANDIDATE = 'b'.repeat(64);
const OTHER = 'c'.repeat(64);

const change = (generation: number, over: Partial<ScheduledSplit> = {}): TrafficChange => ({
  generation,
  decisionId: `d${generation}`,
  entry: { effectiveFrom: null, stable: STABLE, candidate: null, exposure: 0, salt: 's', mirror: false, ...over },
});
const accept = (schedule: TrafficSchedule, next: TrafficChange, clock: number | null): TrafficSchedule => {
  const answer = judgeTraffic(schedule, next, clock);
  assert.equal(answer.answer, 'accepted');
  return answer.answer === 'accepted' ? answer.schedule : schedule;
};
const AT_FIVE_PERCENT = accept(EMPTY_SCHEDULE, change(1, { candidate: CANDIDATE, exposure: 0.05 }), null);

describe('the law of changing traffic', () => {
  for (const [title, entry, expected] of [
    [
      'takes a rise that names the very clock',
      { candidate: CANDIDATE, exposure: 0.25, effectiveFrom: isoInstant(NOON) },
      'accepted',
    ],
    [
      'refuses a rise a second before the clock',
      { candidate: CANDIDATE, exposure: 0.25, effectiveFrom: isoInstant(NOON - 1000) },
      'refused',
    ],
    ['refuses a rise at once', { candidate: CANDIDATE, exposure: 0.25 }, 'refused'],
    ['takes the same exposure at once', { candidate: CANDIDATE, exposure: 0.05, mirror: true }, 'accepted'],
    ['takes a lower exposure at once', { candidate: CANDIDATE, exposure: 0.01 }, 'accepted'],
    [
      'takes a lower exposure that names a time gone by',
      { candidate: CANDIDATE, exposure: 0.01, effectiveFrom: isoInstant(0) },
      'accepted',
    ],
    ['takes the end of the candidate at once', {}, 'accepted'],
    ['takes another stable without a candidate at once', { stable: OTHER }, 'accepted'],
    ['refuses another candidate at once when it exposes', { candidate: OTHER, exposure: 0.01 }, 'refused'],
    [
      'refuses another salt at once, for it exposes other units',
      { candidate: CANDIDATE, exposure: 0.05, salt: 't' },
      'refused',
    ],
    ['takes another candidate in shadow at once', { candidate: OTHER, mirror: true }, 'accepted'],
    [
      'refuses another candidate in shadow from a time gone by',
      { candidate: OTHER, effectiveFrom: isoInstant(NOON - 1) },
      'refused',
    ],
  ] as const)
    it(title, () => assert.equal(judgeTraffic(AT_FIVE_PERCENT, change(2, entry), NOON).answer, expected));

  it('answers the same change again with "repeated", also when its time has passed', () => {
    const rise = change(2, { candidate: CANDIDATE, exposure: 0.25, effectiveFrom: isoInstant(NOON) });
    const risen = accept(AT_FIVE_PERCENT, rise, NOON);
    assert.equal(judgeTraffic(risen, rise, NOON + HOUR_MS).answer, 'repeated');
  });

  it('does not postpone a rise that has come', () => {
    const risen = accept(
      AT_FIVE_PERCENT,
      change(2, { candidate: CANDIDATE, exposure: 0.25, effectiveFrom: isoInstant(NOON) }),
      NOON,
    );
    const later = change(2, { candidate: CANDIDATE, exposure: 0.25, effectiveFrom: isoInstant(NOON + 9 * HOUR_MS) });
    assert.equal(judgeTraffic(risen, later, NOON + 1).answer, 'refused');
  });

  it('fences the fallback by a generation of its own', () => {
    const set = judgeFallback(AT_FIVE_PERCENT, { generation: 1, decisionId: 'i', bundle: STABLE });
    assert.equal(set.answer, 'accepted');
    const schedule = set.answer === 'accepted' ? set.schedule : AT_FIVE_PERCENT;
    assert.equal(judgeFallback(schedule, { generation: 1, decisionId: 'i', bundle: STABLE }).answer, 'repeated');
    assert.equal(judgeFallback(schedule, { generation: 1, decisionId: 'j', bundle: null }).answer, 'refused');
  });

  const anyEntry = fc.record({
    effectiveFrom: fc.option(fc.integer({ min: 0, max: 48 }).map((hours) => isoInstant(NOON + (hours - 24) * HOUR_MS))),
    stable: fc.constantFrom(STABLE, OTHER),
    candidate: fc.constantFrom(null, CANDIDATE, OTHER),
    exposure: fc.constantFrom(0, 0.05, 0.25, 1),
    salt: fc.constantFrom('s', 't'),
    mirror: fc.boolean(),
  });
  const anyChanges = fc.array(fc.tuple(anyEntry, fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 3 })), {
    maxLength: 12,
  });

  const exposureOf = (schedule: TrafficSchedule, at: number): number => {
    const entry = entryAt(schedule.entries, at);
    return entry === null || entry.candidate === null ? 0 : entry.exposure;
  };

  it('never exposes an event time before the clock more than when it was answered', () =>
    fc.assert(
      fc.property(anyChanges, (changes) => {
        let schedule = EMPTY_SCHEDULE;
        let clock = NOON - 24 * HOUR_MS;
        for (const [entry, step, generation] of changes) {
          clock += step * HOUR_MS;
          const next = { generation: (schedule.last?.generation ?? 0) + generation, decisionId: 'd', entry };
          const answer = judgeTraffic(schedule, next, clock);
          if (answer.answer !== 'accepted') continue;
          // The hour before the clock was answered under the entry that decided there.
          assert.ok(
            exposureOf(answer.schedule, clock - 1) <=
              Math.max(exposureOf(schedule, clock - 1), exposureOf(schedule, clock)),
          );
          schedule = answer.schedule;
        }
      }),
    ));

  it('never takes a generation below the present one', () =>
    fc.assert(
      fc.property(anyEntry, fc.integer({ min: -5, max: 0 }), (entry, below) => {
        const present = accept(EMPTY_SCHEDULE, change(6), null);
        const answer = judgeTraffic(present, { generation: 6 + below, decisionId: 'x', entry }, null);
        assert.equal(answer.answer, 'refused');
      }),
    ));

  it('always takes the end of the candidate, whatever stands and whenever it comes', () =>
    fc.assert(
      fc.property(anyChanges, (changes) => {
        let schedule = EMPTY_SCHEDULE;
        let clock = NOON - 24 * HOUR_MS;
        for (const [entry, step, generation] of changes) {
          clock += step * HOUR_MS;
          const answer = judgeTraffic(
            schedule,
            { generation: (schedule.last?.generation ?? 0) + generation, decisionId: 'd', entry },
            clock,
          );
          if (answer.answer === 'accepted') schedule = answer.schedule;
        }
        const ended = accept(schedule, change((schedule.last?.generation ?? 0) + 1), clock);
        for (let hour = 0; hour < 72; hour++) assert.equal(exposureOf(ended, NOON + (hour - 24) * HOUR_MS), 0);
      }),
    ));
});
