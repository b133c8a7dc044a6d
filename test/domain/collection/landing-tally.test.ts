import assert from 'node:assert/strict';
import { addLanding, EMPTY_TALLY, tallyTable } from '../../../src/domain/collection/landing-tally.ts';

const landed = {
  day: '2001-01-01',
  rows: 15_000,
  accepted: 14_990,
  quarantined: [{ checkId: 'impossible-delay', rows: 10 }],
  blockedBy: null,
};
const blocked = {
  ...landed,
  day: '2001-07-01',
  rows: 6,
  accepted: 0,
  quarantined: [],
  blockedBy: { checkId: 'incomplete-day', reason: '6 rows, at least 5000 are expected' },
};

describe('tally of landed days', () => {
  it('counts accepted, quarantined and blocked rows apart', () => {
    const tally = [landed, landed, blocked].reduce(addLanding, EMPTY_TALLY);
    assert.deepEqual(
      [tally.days, tally.accepted, tally.quarantined, tally.blockedDays, tally.blockedRows, tally.lastDay],
      [3, 29_980, { 'impossible-delay': 20 }, 1, 6, '2001-07-01'],
    );
  });

  it('shows aligned numbers and the reason of every blocked day', () => {
    assert.equal(
      tallyTable([landed, blocked].reduce(addLanding, EMPTY_TALLY)),
      [
        'days landed              2  through 2001-07-01',
        'rows accepted       14,990',
        'rows in quarantine      10  impossible-delay',
        'days blocked             1  6 rows',
        '2001-07-01 blocked by incomplete-day: 6 rows, at least 5000 are expected',
      ].join('\n'),
    );
  });

  it('carries only the newest blocked days', () => {
    const tally = Array.from({ length: 30 }, (_, index) => ({
      ...blocked,
      day: `2001-03-${String(index + 1).padStart(2, '0')}`,
    }));
    assert.equal(tally.reduce(addLanding, EMPTY_TALLY).blocked.length, 10);
  });
});
