import assert from 'node:assert/strict';
import { driftHint } from '../../../src/domain/monitoring/drift-hint.ts';
import { driftInWords } from '../../../src/domain/monitoring/incident-words.ts';

const units = (count: number, north: number, hour: (index: number) => number | null = (index) => index % 24) =>
  Array.from({ length: count }, (_, index) => ({
    inputs: { shop: index < count * north ? 'north' : 'south', hour: hour(index) },
  }));
const INPUTS = [
  { input: 'shop', kind: 'categorical' },
  { input: 'hour', kind: 'numeric' },
] as const;

describe('the hint at drift', () => {
  it('names the input that moved most, with its unit and the number of units', () => {
    const hint = driftHint(units(1000, 0.5), units(1000, 0.9), INPUTS);
    assert.equal(hint?.input, 'shop');
    assert.match(
      driftInWords(hint, 'visit'),
      /^shop moved most: Jensen–Shannon distance 0\.\d{3} \(base 2\), 1,000 visits against 1,000 before$/,
    );
  });

  it('sees numeric inputs move too', () => {
    assert.equal(
      driftHint(
        units(1000, 0.5),
        units(1000, 0.5, (index) => index % 6),
        INPUTS,
      )?.input,
      'hour',
    );
  });

  it('names none for a shift that as few units show by chance', () => {
    const hint = driftHint(units(40, 0.5), units(40, 0.55), INPUTS);
    assert.equal(hint, null);
    assert.equal(driftInWords(hint, 'visit'), 'no input moved beyond chance');
  });

  for (const [title, reference, current] of [
    ['names none without days before', [], units(100, 0.5)],
    ['names none without affected units', units(100, 0.5), []],
    ['names none when an input is missing throughout', units(100, 0.5, () => null), units(100, 0.5, () => null)],
  ] as const) {
    it(title, () => assert.equal(driftHint(reference, current, INPUTS), null));
  }
});
