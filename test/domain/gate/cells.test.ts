import assert from 'node:assert/strict';
import fc from 'fast-check';
import { instantOf, isMissing, lossOf, numberOf, UNIT_SCALE } from '../../../src/domain/gate/cells.ts';

const SIX = Date.UTC(2024, 2, 1, 6);

describe('cells of a table of units', () => {
  for (const [text, at] of [
    ['2024-03-01T06:00:00Z', SIX],
    ['2024-03-01 06:00:00', SIX],
    ['2024-03-01T06:00', SIX],
    ['2024-03-01 06:00:00.250', SIX + 250],
    ['2024-03-01 06:00:00,250000', SIX + 250],
    ['2024-03-01T08:00:00+02:00', SIX],
    ['2024-03-01 08:00:00+02', SIX],
    ['2024-03-01T01:30:00-0430', SIX],
    ['2024-03-01 06:00:00 UTC', SIX],
    ['2024-03-01', SIX - 6 * 3_600_000],
    ['2024-02-29', Date.UTC(2024, 1, 29)],
    ['1709272800', SIX],
    ['1709272800.5', SIX + 500],
    ['1709272800000', SIX],
    ['1709272800000000', SIX],
    ['1709272800000000000', SIX],
    ['2023-02-29', null],
    ['2024-13-01', null],
    ['2024-00-10', null],
    ['2024-03-01T24:00:00Z', null],
    ['2024-03-01T06:60:00Z', null],
    ['01/03/2024', null],
    ['1 March 2024', null],
    ['yesterday', null],
    ['', null],
    ['12', null],
  ] as const)
    it(`reads ${JSON.stringify(text)} as ${at === null ? 'no instant' : 'an instant'}`, () =>
      assert.equal(instantOf(text), at));

  it('reads every instant of the calendar as it is written', () =>
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date('2199-12-31'), noInvalidDate: true }), (date) => {
        assert.equal(instantOf(date.toISOString()), date.getTime());
      }),
    ));

  for (const [text, value] of [
    ['0', 0],
    [' 1 ', 1],
    ['.5', 0.5],
    ['-2.5e-3', -0.0025],
    ['TRUE', 1],
    ['false', 0],
    ['0x10', null],
    ['1,5', null],
    ['Infinity', null],
    ['1e999', null],
    ['yes', null],
  ] as const)
    it(`reads ${JSON.stringify(text)} as ${value}`, () => assert.equal(numberOf(text), value));

  it('knows the ways of writing nothing', () => {
    for (const text of [null, '', '  ', 'NaN', 'NA', 'null', 'None', '\\N']) assert.ok(isMissing(text), String(text));
    assert.ok(!isMissing('0'));
  });

  for (const [title, value, scale, loss] of [
    ['a loss as it is', 0.25, UNIT_SCALE, 0.25],
    ['nothing above 1', 1.01, UNIT_SCALE, null],
    ['nothing below 0', -0.01, UNIT_SCALE, null],
    ['a gain turned round', 0.25, { ...UNIT_SCALE, isGain: true }, 0.75],
    ['a metric over its range', 30, { low: 10, high: 50, isGain: false, isCut: true }, 0.5],
    ['a metric cut above', 900, { low: 10, high: 50, isGain: false, isCut: true }, 1],
    ['a gain cut below', 0, { low: 10, high: 50, isGain: true, isCut: true }, 1],
  ] as const)
    it(`makes a loss of ${title}`, () => assert.equal(lossOf(value, scale), loss));
});
