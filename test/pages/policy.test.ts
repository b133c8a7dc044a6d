import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readModelFile } from '../../src/adapters/declaration-file/model.ts';
import type { ModelDeclaration } from '../../src/contracts/model.ts';
import { lengthInWords } from '../../src/domain/time.ts';
import { modelInWords } from '../../src/pages/model.ts';
import { policyInWords } from '../../src/pages/policy.ts';

const METRIC = {
  meaning: 'what it costs',
  direction: 'lower-is-better',
  role: 'required',
  unitOfAnalysis: 'flight',
  lag: 'PT6H',
} as const;
const CANARY: ['canary'] = ['canary'];

describe('a rollout policy in words', () => {
  let flights: ModelDeclaration;
  before(async () => {
    flights = (await readModelFile('models/flight-delay.yaml')).declaration;
  });

  const withPolicy = (change: Partial<ModelDeclaration['rollout']>) =>
    policyInWords({ ...flights, rollout: { ...flights.rollout, ...change } });

  for (const [preset, harmless, worse] of [
    ['cautious', '10 in 100', '1 in 100'],
    ['standard', '5 in 100', '5 in 100'],
    ['fast', '5 in 100', '10 in 100'],
  ] as const)
    it(`says how often "${preset}" may be wrong each way`, () => {
      const words = withPolicy({ preset });
      assert.ok(words.includes(`a harmless candidate is rolled back at most ${harmless} times`));
      assert.ok(words.includes(`one that is worse than its margin is widened at most ${worse} times`));
    });

  it('says in event time how often the watch for late harm starts afresh', () =>
    assert.match(withPolicy({}), /every 24 cohorts \(3 days\)/));

  it('counts margins in bad outcomes per 1,000 units', () => {
    assert.match(
      withPolicy({ marginPerThousand: 4 }),
      /tolerates the loss of 4 extra bad outcomes \(certain and wrong\) per 1,000 flights/,
    );
    assert.match(withPolicy({ marginPerThousand: 1 }), /tolerates the loss of 1 extra bad outcome \(/);
    assert.match(
      withPolicy({ loss: 'squaredError', lossRange: [0, 60] }),
      /4 extra bad outcomes \(off by the whole range 0 to 60\)/,
    );
  });

  it('divides the harm budget by the next exposure, and never asks for more than everything', () => {
    const words = withPolicy({ harmBudgetPerThousand: 5 });
    assert.match(words, /rises to 5 % once it is certain that harm is at most 100 extra/);
    assert.match(words, /rises to 25 % once it is certain that harm is at most 20 extra/);
    assert.match(words, /rises to 100 % once it is certain that harm is at most 5 extra/);
    assert.match(
      withPolicy({ harmBudgetPerThousand: 500 }),
      /rises to 5 % once it is certain that harm is at most 1000 extra/,
    );
  });

  it('says what rolls back at once, and where it leaves room above what has to be certified', () => {
    const harms = withPolicy({
      harmBudgetPerThousand: 5,
      harmMarginPerThousand: 30,
      slices: [
        { id: 'newark', where: { origin: ['EWR'] }, role: 'veto', harmMarginPerThousand: 0 },
        { id: 'logan', where: { origin: ['BOS'] }, role: 'required', harmMarginPerThousand: 40, marginPerThousand: 20 },
      ],
      metrics: [
        {
          ...METRIC,
          observable: CANARY,
          name: 'refunds',
          shape: 'count',
          source: { kind: 'pushed' },
          harmRatio: 3,
          safeRatio: 2,
        },
        {
          ...METRIC,
          observable: CANARY,
          name: 'cost',
          shape: 'difference',
          source: { kind: 'pushed' },
          harmMarginPerThousand: 5,
          marginPerThousand: 10,
        },
      ],
    });
    const person = 'a candidate neither rises nor falls, and the deadline of its step calls a person';
    for (const line of [
      `  30 extra bad outcomes (certain and wrong) per 1,000 flights exposed, over any stretch of time, roll back; before the last rise, between 5 and 30 per 1,000 ${person};`,
      '  newark: any certified loss in it rolls back;',
      `  logan: a loss of 40 per 1,000 in it rolls back; between 20 and 40 per 1,000 ${person};`,
      `  refunds: more than 3 times the stable bundle's rate rolls back; between 2 and 3 times the stable bundle's rate ${person};`,
      '  cost: more than 5 per 1,000 rolls back.',
    ])
      assert.ok(harms.split('\n').includes(line), `${line}\nin\n${harms}`);
    assert.match(withPolicy({ harmMarginPerThousand: undefined }), /^ {2}2\.5 extra bad outcomes .* roll back;$/m);
  });

  it('names who has to say yes', () => assert.match(withPolicy({}), /and one person in the role approver said yes/));

  it('repeats why a season is waived', () =>
    assert.match(
      withPolicy({ seasonWaiver: 'No weekday effect.' }),
      /more than 25 % are exposed\. Waived: No weekday effect\./,
    ));
});

describe('a model in words', () => {
  for (const path of ['models/flight-delay.yaml', 'models/birdstrikes.yaml'])
    it(`names every idea, check, feature, case and objective: ${path}`, async () => {
      const { declaration } = await readModelFile(path);
      const words = modelInWords(declaration);
      const { ideas, checks, features, suite, objectives } = declaration;
      for (const { id } of [...ideas, ...checks, ...suite, ...objectives]) assert.ok(words.includes(id), id);
      for (const { name } of features) assert.ok(words.includes(name), name);
      assert.doesNotMatch(words, /undefined|NaN|\[object/);
    });

  it('says who judges new cases, and what comes of silence', async () => {
    const { declaration } = await readModelFile('models/birdstrikes.yaml');
    const judged = modelInWords({ ...declaration, newCases: { role: 'approver', within: 'P3D' } });
    assert.match(
      judged,
      /Cases of incidents enter with a word of approver; without one within 3 days they enter, too\./,
    );
  });
});

describe('a length of time in words', () => {
  for (const [ms, words] of [
    [0, 'no time'],
    [1000, '1 second'],
    [90 * 60_000, '1 hour 30 minutes'],
    [36 * 3_600_000, '1 day 12 hours'],
    [7 * 86_400_000, '7 days'],
  ] as const)
    it(`is "${words}"`, () => assert.equal(lengthInWords(ms), words));

  it('is never empty', () => fc.assert(fc.property(fc.nat(1e12), (ms) => assert.notEqual(lengthInWords(ms), ''))));
});
