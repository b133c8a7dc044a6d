import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createOutcomeRates } from '../../../src/domain/features/outcome-rates.ts';
import type { ObservedOutcome, OutcomeRateDeclaration } from '../../../src/domain/features/outcome-rates.ts';
import { DAY_MS, durationMs, epochMs, MINUTE_MS } from '../../../src/domain/time.ts';

const declare = (over: Partial<OutcomeRateDeclaration> = {}): OutcomeRateDeclaration => ({
  name: 'rate',
  key: ['origin'],
  window: 'PT3H',
  lag: 'PT15M',
  age: 'PT0S',
  prior: { rate: 0.2, weight: 10 },
  ...over,
});
const outcome = (at: string, label: number | null = 1, origin: string | null = 'JFK'): ObservedOutcome => ({
  knownAt: epochMs(at),
  label,
  inputs: { origin },
});
const valueAt = (
  outcomes: readonly ObservedOutcome[],
  at: string,
  declaration = declare(),
  origin: string | null = 'JFK',
): number => {
  const rates = createOutcomeRates([declaration]);
  for (const each of outcomes) rates.observe(each);
  return rates.valuesAt(epochMs(at), { origin })['rate']!;
};
const PRIOR = (10 * 0.2) / 10;
const ONE_POSITIVE = (1 + 10 * 0.2) / (1 + 10);

/** The definition, word by word, over all outcomes. */
function byDefinition(
  outcomes: readonly ObservedOutcome[],
  declaration: OutcomeRateDeclaration,
  at: number,
  inputs: ObservedOutcome['inputs'],
): number {
  const minute = (instant: number): number => Math.floor(instant / MINUTE_MS);
  const high = minute(at) - (durationMs(declaration.lag) + durationMs(declaration.age)) / MINUTE_MS;
  const low = high - durationMs(declaration.window) / MINUTE_MS;
  const counted = outcomes.filter(
    ({ knownAt, label, inputs: of }) =>
      label !== null &&
      minute(knownAt) > low &&
      minute(knownAt) <= high &&
      declaration.key.every((name) => (of[name] ?? null) === (inputs[name] ?? null)),
  );
  const positives = counted.filter(({ label }) => label === 1).length;
  const { rate, weight } = declaration.prior;
  return (positives + weight * rate) / (counted.length + weight);
}

describe('outcome rates', () => {
  for (const [title, known, expected] of [
    ['leaves out an outcome of the minute after the lag', '2001-02-01T11:46:00Z', PRIOR],
    ['counts an outcome at the last second of the minute a lag ago', '2001-02-01T11:45:59Z', ONE_POSITIVE],
    ['counts an outcome at the first second of the oldest minute of the window', '2001-02-01T08:46:00Z', ONE_POSITIVE],
    ['leaves out an outcome of the minute before the window', '2001-02-01T08:45:59Z', PRIOR],
  ] as const)
    it(`${title}, whatever the second of the request`, () => {
      assert.equal(valueAt([outcome(known)], '2001-02-01T12:00:00Z'), expected);
      assert.equal(valueAt([outcome(known)], '2001-02-01T12:00:59Z'), expected);
    });

  it('moves the window back by the age', () => {
    const dayOld = declare({ age: 'P1D' });
    assert.equal(valueAt([outcome('2001-02-01T11:45:00Z')], '2001-02-01T12:00:00Z', dayOld), PRIOR);
    assert.equal(valueAt([outcome('2001-02-01T11:45:00Z')], '2001-02-02T12:00:00Z', dayOld), ONE_POSITIVE);
  });

  it('does not count an outcome that is known to be invalid', () => {
    assert.equal(valueAt([outcome('2001-02-01T11:00:00Z', null)], '2001-02-01T12:00:00Z'), PRIOR);
  });

  it('keeps keys apart, a missing one from the text "null" too', () => {
    const outcomes = [outcome('2001-02-01T11:00:00Z', 1, null)];
    assert.equal(valueAt(outcomes, '2001-02-01T12:00:00Z', declare(), 'null'), PRIOR);
    assert.equal(valueAt(outcomes, '2001-02-01T12:00:00Z', declare(), null), ONE_POSITIVE);
  });

  it('says through when outcomes were taken in', () => {
    const rates = createOutcomeRates([declare()]);
    assert.equal(rates.through(), null);
    rates.observe(outcome('2001-02-01T11:00:00Z'));
    rates.observe(outcome('2001-02-01T10:00:00Z'));
    assert.equal(rates.through(), epochMs('2001-02-01T11:00:00Z'));
  });

  for (const [field, value] of [
    ['lag', 'PT0S'],
    ['lag', 'PT90S'],
    ['window', 'PT0S'],
    ['age', 'PT30S'],
  ] as const)
    it(`refuses the ${field} ${value} by name`, () => {
      assert.throws(
        () => createOutcomeRates([declare({ [field]: value })]),
        new RegExp(`feature rate: ${field} "${value}"`),
      );
    });

  const START = epochMs('2001-02-01T00:00:00Z');
  const declarations = [
    declare({ name: 'a' }),
    declare({ name: 'b', window: 'PT1H', lag: 'PT1M' }),
    declare({ name: 'c', key: [], age: 'PT6H' }),
    declare({ name: 'd', key: ['origin', 'destination'], prior: { rate: 0.37, weight: 3.5 } }),
  ];
  const place = fc.constantFrom('JFK', 'LAX', null);
  const anyOutcome = fc.record({
    knownAt: fc.integer({ min: START, max: START + DAY_MS }),
    label: fc.constantFrom(0, 1, null),
    inputs: fc.record({ origin: place, destination: place }),
  });
  const anyRequest = fc.record({
    at: fc.integer({ min: START, max: START + DAY_MS }),
    inputs: fc.record({ origin: place, destination: place }),
  });

  it('is its definition, to the last bit', () =>
    fc.assert(
      fc.property(fc.array(anyOutcome, { maxLength: 200 }), anyRequest, (outcomes, { at, inputs }) => {
        const rates = createOutcomeRates(declarations);
        for (const each of outcomes) rates.observe(each);
        const values = rates.valuesAt(at, inputs);
        for (const each of declarations) assert.equal(values[each.name], byDefinition(outcomes, each, at, inputs));
      }),
    ));

  it('does not depend on the order in which outcomes arrive', () =>
    fc.assert(
      fc.property(
        fc.array(anyOutcome, { maxLength: 100 }),
        fc.infiniteStream(fc.nat()),
        anyRequest,
        (outcomes, keys, { at, inputs }) => {
          const shuffled = outcomes
            .map((each) => ({ each, key: keys.next().value as number }))
            .sort((x, y) => x.key - y.key);
          const [first, second] = [createOutcomeRates(declarations), createOutcomeRates(declarations)];
          for (const each of outcomes) first.observe(each);
          for (const { each } of shuffled) second.observe(each);
          assert.deepEqual(first.valuesAt(at, inputs), second.valuesAt(at, inputs));
        },
      ),
    ));

  it('forgets what no request can ask for, and nothing else, over months of stream', () => {
    const rates = createOutcomeRates(declarations);
    const outcomes: ObservedOutcome[] = [];
    for (let minute = 0; minute < 60 * 24 * 60; minute += 1) {
      const each = {
        knownAt: START + minute * MINUTE_MS,
        label: minute % 7 === 0 ? 1 : 0,
        inputs: { origin: 'JFK', destination: `D${minute % 50}` },
      };
      outcomes.push(each);
      rates.observe(each);
    }
    const end = outcomes.at(-1)!.knownAt;
    const recent = outcomes.slice(-4 * 24 * 60);
    for (const at of [end, end - DAY_MS + MINUTE_MS]) {
      const inputs = { origin: 'JFK', destination: 'D3' };
      for (const each of declarations)
        assert.equal(rates.valuesAt(at, inputs)[each.name], byDefinition(recent, each, at, inputs));
    }
  });
});
