import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { placeOf, sortOut } from '../../scripts/verify-mutation/known.ts';
import { mutantsOf } from '../../scripts/verify-mutation/mutants.ts';
import { runMutants } from '../../scripts/verify-mutation/run.ts';
import type { Outcome } from '../../scripts/verify-mutation/run.ts';

const SOURCE = new URL('mutation/bounds.js', import.meta.url);
const TESTS = new URL('mutation/bounds.example.js', import.meta.url);

describe('mutation testing', () => {
  let outcomes: Outcome[];
  const changesOf = (all: readonly Outcome[]) =>
    all.map(({ mutant: { from, to }, killer, tests }) => `${from} → ${to}: ${killer ?? `survives ${tests} tests`}`);

  before(async () => {
    const mutants = mutantsOf(SOURCE.href, readFileSync(SOURCE, 'utf8'));
    outcomes = await runMutants(mutants, [TESTS.href], { limitMsMin: 500 });
  });

  it('notices what the tests state, by the test that states it, and loops that do not end', () => {
    assert.deepEqual(changesOf(outcomes.filter(({ killer }) => killer !== null)), [
      '&& → ||: hold their lower end and not their upper one',
      '>= → >: hold their lower end and not their upper one',
      '< → <=: hold their lower end and not their upper one',
      '0 → 1: are reached step by step',
      '< → <=: are reached step by step',
      'done++ → done--: does not end',
      '|| → &&: are empty when there are none',
      '=== → !==: are empty when there are none',
    ]);
  });

  it('lets live what the tests run and do not ask, and what they never run', () => {
    assert.deepEqual(changesOf(outcomes.filter(({ killer }) => killer === null)), [
      '/ → *: survives 1 tests',
      '2 → 3: survives 1 tests',
      '+ → -: survives 0 tests',
      '=== → !==: survives 0 tests',
      '0 → 1: survives 0 tests',
    ]);
  });

  it('names a mutant by its line as it was written', () => {
    assert.deepEqual(placeOf(outcomes.find(({ mutant }) => mutant.from === '+')!.mutant), {
      file: 'test/scripts/mutation/bounds.ts',
      line: 18,
      text: 'return a + b;',
    });
  });

  it('takes for granted only what is listed, survives, and exists', () => {
    const file = 'test/scripts/mutation/bounds.ts';
    const list = [
      {
        reason: 'an example',
        isEquivalent: true,
        mutants: [
          { file, line: 'return a + b;', from: '+', to: '-' },
          { file, line: 'let done = 0;', from: '0', to: '1' },
          { file, line: 'return a * b;', from: '*', to: '/' },
        ],
      },
      {
        reason: 'asked for its kind alone',
        isEquivalent: false,
        mutants: [{ file, line: 'return value / 2;', from: '/', to: '*' }],
      },
    ];
    const { killed, equivalent, survivors, wrong } = sortOut(outcomes, list, true);
    assert.deepEqual([killed.length, equivalent.length], [8, 1]);
    assert.deepEqual(
      survivors.map(({ reason }) => reason),
      ['asked for its kind alone', null, null, null],
    );
    assert.deepEqual(
      wrong.map((message) => message.split(':')[0]),
      ['listed as living, but noticed by "are reached step by step"', 'listed as living, but no such mutant'],
    );
  });
});
