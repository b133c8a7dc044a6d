import assert from 'node:assert/strict';
import fc from 'fast-check';
import { UNIT_SCALE } from '../../../src/domain/gate/cells.ts';
import { exposureSegments } from '../../../src/domain/gate/exposure-segments.ts';
import { guessColumns } from '../../../src/domain/gate/column-guess.ts';
import { calendarOf, cohortLengthFor, formCohorts, OFFLINE_SALT } from '../../../src/domain/gate/unit-cohorts.ts';
import type { ExposureSource } from '../../../src/domain/gate/unit-cohorts.ts';
import { UnitIntake } from '../../../src/domain/gate/unit-intake.ts';
import type { UnitRow, UnitSet } from '../../../src/domain/gate/unit-intake.ts';
import { matchBlock, mergeHistograms } from '../../../src/domain/statistics/index.ts';
import { DAY_MS, epochMs, HOUR_MS } from '../../../src/domain/time.ts';
import { randomFrom } from '../../../src/simulation/gate/random.ts';

const COLUMNS = {
  unit: 'unit',
  arm: 'arm',
  time: 'at',
  losses: [{ name: 'y', scale: UNIT_SCALE }],
  stratum: 'land',
  exposure: 'share',
};

const row = (unit: string, arm: string, hour: number, y: string, land = '', exposure = '0.5'): UnitRow => ({
  place: 1,
  unit,
  arm,
  time: new Date(epochMs('2024-03-01') + hour * HOUR_MS).toISOString(),
  losses: [y],
  stratum: land,
  exposure,
});

function unitsOf(rows: readonly UnitRow[]): UnitSet {
  const intake = new UnitIntake(COLUMNS, 'exclude', null);
  for (const one of rows) intake.add(one);
  assert.deepEqual(intake.faults, []);
  return intake.units();
}

const SOURCE = { id: 'y', kind: 'difference', loss: 0, quantum: 10_000, absent: null, countsAbsence: false } as const;

function cohortsOf(units: UnitSet, exposure: ExposureSource = { kind: 'inferred' }) {
  const calendar = calendarOf(epochMs('2024-03-01'), HOUR_MS);
  return formCohorts(units, {
    calendar,
    candidate: 'B',
    streams: [SOURCE],
    exposure,
    maxMatch: 20,
    salt: OFFLINE_SALT,
  });
}

describe('units of a table', () => {
  it('count once, with the arm, stratum and exposure of their first row and the mean of all', () => {
    const units = unitsOf([
      row('a', 'B', 2, '1', 'fr', '0.2'),
      row('a', 'B', 1, '0', 'de', '0.1'),
      row('a', 'B', 3, '0.5', 'it', '0.3'),
      row('b', 'A', 1, ''),
    ]);
    assert.deepEqual(units.ids, ['a', 'b']);
    assert.deepEqual(
      [units.strata[0], units.exposureBp?.[0], units.at[0]],
      ['de', 1000, epochMs('2024-03-01T01:00:00Z')],
    );
    assert.deepEqual([...units.losses[0]!], [0.5, Number.NaN]);
    assert.deepEqual([units.rows, units.unitsWithSeveralRows, units.switchedUnits], [4, 1, 0]);
  });

  for (const [title, rows, arm, tied] of [
    ['the arm seen first', [row('a', 'A', 1, '0'), row('a', 'B', 2, '0')], 'A', 0],
    ['the arm seen first, whatever the order of rows', [row('a', 'B', 2, '0'), row('a', 'A', 1, '0')], 'A', 0],
    ['no arm that came first', [row('a', 'A', 1, '0'), row('a', 'B', 1, '0')], 'A', 1],
    ['the earlier arm behind a tie', [row('a', 'A', 2, '0'), row('a', 'B', 2, '0'), row('a', 'B', 1, '0')], 'B', 0],
  ] as const)
    it(`have, seen in both arms, ${title}`, () => {
      const units = unitsOf(rows);
      assert.deepEqual([units.arms[0], units.switchedUnits, units.tiedUnits], [arm, 1, tied]);
    });

  it('make the same cohorts whatever the order of their rows', () => {
    const anyRow = fc
      .tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 4 }))
      .map(([unit, hour, loss]) => row(`u${unit}`, unit % 3 === 0 ? 'B' : 'A', hour, String(loss / 4), `l${unit % 2}`));
    fc.assert(
      fc.property(fc.array(anyRow, { minLength: 1, maxLength: 60 }), (rows) => {
        const forward = cohortsOf(unitsOf(rows));
        assert.deepEqual(cohortsOf(unitsOf(rows.toReversed())).cohorts, forward.cohorts);
        const assigned = forward.cohorts.reduce(
          (sum, { record }) => sum + record.assigned.control + record.assigned.candidate,
          0,
        );
        assert.equal(assigned, new Set(rows.map(({ unit }) => unit)).size);
      }),
    );
  });

  it('are matched within cohort and stratum', () => {
    const random = randomFrom(3);
    const rows = Array.from({ length: 400 }, (_, index) =>
      row(
        `u${index}`,
        random() < 0.5 ? 'B' : 'A',
        Math.floor(random() * 4),
        random() < 0.5 ? '1' : '0',
        random() < 0.3 ? 'de' : 'fr',
      ),
    );
    const units = unitsOf(rows);
    const { cohorts } = cohortsOf(units);
    assert.equal(cohorts.length, 4);
    for (const { record, until } of cohorts) {
      const blocks = ['de', 'fr'].map((land) => {
        const block = rows.filter(
          (one) => one.stratum === land && epochMs(one.time!.slice(0, 19) + 'Z') === until - HOUR_MS,
        );
        const matched = block.map(({ unit, arm, losses }) => ({
          id: unit!,
          arm: arm === 'B' ? ('candidate' as const) : ('control' as const),
          y: Number(losses[0]),
        }));
        return matchBlock(matched, { salt: OFFLINE_SALT, maxMatch: 20, quantum: 10_000 }).hist;
      });
      assert.deepEqual(record.differences!['y'], mergeHistograms(...blocks));
    }
  });

  it('leave an interval without units as a cohort without evidence, at the exposure before it', () => {
    const rows = [row('a', 'A', 0, '0', '', '0.1'), row('b', 'B', 3, '0', '', '0.2')];
    const { cohorts } = cohortsOf(unitsOf(rows), { kind: 'column' });
    assert.deepEqual(
      cohorts.map(({ record }) => [
        record.cohort,
        record.exposureBp,
        record.assigned.control + record.assigned.candidate,
      ]),
      [
        [1, 1000, 1],
        [2, 1000, 0],
        [3, 1000, 0],
        [4, 2000, 1],
      ],
    );
  });

  it('open a new cohort where the exposure changes within an interval', () => {
    const rows = [
      row('a', 'A', 0.1, '0', '', '0.1'),
      row('b', 'B', 0.2, '0', '', '0.1'),
      row('c', 'B', 0.5, '0', '', '0.2'),
    ];
    const { cohorts } = cohortsOf(unitsOf(rows), { kind: 'column' });
    assert.deepEqual(
      cohorts.map(({ record }) => [record.exposureBp, record.assigned]),
      [
        [1000, { control: 1, candidate: 1 }],
        [2000, { control: 0, candidate: 1 }],
      ],
    );
  });
});

describe('the length of cohorts', () => {
  for (const [title, days, smaller, length] of [
    ['an hour where it holds twenty units of the smaller arm', 10, 4900, HOUR_MS],
    ['three hours where an hour holds too few', 10, 2000, 3 * HOUR_MS],
    ['a day', 10, 300, DAY_MS],
    ['a week where even days are too short', 10, 60, 7 * DAY_MS],
  ] as const)
    it(`is ${title}`, () => assert.equal(cohortLengthFor(0, days * DAY_MS, smaller), length));
});

describe('exposures measured from units', () => {
  const random = randomFrom(5);
  const cohorts = (share: number, count: number, units = 500) =>
    Array.from({ length: count }, () => {
      const candidate = Array.from({ length: units }, () => random()).filter((u) => u < share).length;
      return { candidate, control: units - candidate };
    });

  for (const [title, shares, segments] of [
    ['one share is one segment', [cohorts(0.5, 100)], [99]],
    [
      'a ladder is its steps',
      [cohorts(0.01, 20), cohorts(0.05, 20), cohorts(0.25, 20), cohorts(0.5, 20)],
      [19, 39, 59, 79],
    ],
    ['a share that falls back', [cohorts(0.2, 20), cohorts(0, 20), cohorts(0.2, 20)], [19, 39, 59]],
    ['a change too small to speak of is none', [cohorts(0.5, 300, 2000), cohorts(0.47, 300, 2000)], [599]],
    [
      'cohorts without units belong where they are',
      [cohorts(0.5, 10), [{ candidate: 0, control: 0 }], cohorts(0.5, 10)],
      [20],
    ],
  ] as const)
    it(title, () =>
      assert.deepEqual(
        exposureSegments(shares.flat()).map(({ to }) => to),
        segments,
      ),
    );
});

describe('columns guessed by name', () => {
  for (const [columns, guess] of [
    [
      ['user', 'variant', 'assigned_at', 'failed'],
      ['user', 'variant', 'assigned_at', 'failed'],
    ],
    [
      ['ID', 'group', 'timestamp', 'is_bad'],
      ['ID', 'group', 'timestamp', 'is_bad'],
    ],
    [
      ['customer_id', 'arm', 'created_at', 'y'],
      ['customer_id', 'arm', 'created_at', 'y'],
    ],
    [
      ['a', 'b', 'c'],
      [null, null, null, null],
    ],
  ] as const)
    it(columns.join(', '), () => {
      const { unit, arm, time, loss } = guessColumns(columns);
      assert.deepEqual([unit, arm, time, loss], guess);
    });
});
