import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { closeCampaign, summaryInALine } from '../../../src/domain/collection/campaign-summary.ts';
import { weighAnswers } from '../../../src/domain/collection/label-answers.ts';
import type { GivenLabel, LabelRules, TaskStanding } from '../../../src/domain/collection/label-answers.ts';

const RULES: LabelRules = {
  answersPerTask: 2,
  minGoldAccuracy: 0.7,
  minGoldAnswers: 3,
  annotators: ['ana', 'ben', 'cleo', 'dan', 'eve'],
  adjudicators: [],
};

/** `ana 1, ben 0`: who said what of task `t1`; `judge=1` is an adjudication. */
function said(words: string, task = 't1'): GivenLabel[] {
  return words.split(', ').flatMap((part): GivenLabel[] => {
    const [by = '', label = ''] = part.split(/[ =]/);
    if (by === '') return [];
    return [{ kind: part.includes('=') ? 'adjudication' : 'answer', task, label: Number(label), by }];
  });
}

const standing = (words: string, rules: Partial<LabelRules> = {}): TaskStanding =>
  weighAnswers([{ task: 't1', gold: null }], said(words), { ...RULES, ...rules }).tasks[0]!;
const inWords = ({ stands, have, asked, label, settledBy }: TaskStanding): string =>
  `${stands} ${have}/${asked}${label === null ? '' : ` ${label} by ${settledBy}`}`;

describe('what answers come to', () => {
  for (const [title, words, rules, expected] of [
    ['waits for the first answer', '', {}, 'open 0/2'],
    ['waits for the second', 'ana 1', {}, 'open 1/2'],
    ['stands when two agree', 'ana 1, ben 1', {}, 'settled 2/2 1 by agreement'],
    ['asks a third where two disagree', 'ana 1, ben 0', {}, 'open 2/3'],
    ['stands when the third agrees with one of them', 'ana 1, ben 0, cleo 0', {}, 'settled 3/3 0 by agreement'],
    ['stands at the first answer where one is enough', 'ana 0', { answersPerTask: 1 }, 'settled 1/1 0 by agreement'],
    ['asks another where two came at once and disagree', 'ana 0, ben 1', { answersPerTask: 1 }, 'open 2/3'],
    ['takes the majority of those', 'ana 0, ben 1, cleo 1', { answersPerTask: 1 }, 'settled 3/2 1 by majority'],
    ['asks a fourth where three disagree', 'ana 1, ben 0, cleo 0', { answersPerTask: 3 }, 'open 3/4'],
    ['asks who breaks a tie', 'ana 1, ben 0, cleo 0, dan 1', { answersPerTask: 3 }, 'open 4/5'],
    [
      'stands with the tie broken',
      'ana 1, ben 0, cleo 0, dan 1, eve 1',
      { answersPerTask: 3 },
      'settled 5/4 1 by agreement',
    ],
    [
      'asks an adjudicator about a tie where there is one',
      'ana 1, ben 0, cleo 0, dan 1',
      { answersPerTask: 3, adjudicators: ['judge'] },
      'adjudication 4/4',
    ],
    [
      'asks an adjudicator where nobody else is left to ask',
      'ana 1, ben 0',
      { annotators: ['ana', 'ben'], adjudicators: ['judge'] },
      'adjudication 2/3',
    ],
    [
      'asks no adjudicator who has answered it',
      'ana 1, ben 0',
      { annotators: ['ana', 'ben'], adjudicators: ['ana'] },
      'unsettled 2/3',
    ],
    [
      'stands as adjudicated',
      'ana 1, ben 0, judge=0',
      { annotators: ['ana', 'ben'], adjudicators: ['judge'] },
      'settled 2/3 0 by adjudication',
    ],
    ['stays without a label where nobody is left', 'ana 1, ben 0', { annotators: ['ana', 'ben'] }, 'unsettled 2/3'],
    [
      'takes the majority where nobody is left',
      'ana 1, ben 0, cleo 1',
      { answersPerTask: 3, annotators: ['ana', 'ben', 'cleo'] },
      'settled 3/4 1 by majority',
    ],
  ] as const)
    it(title, () => assert.equal(inWords(standing(words, rules)), expected));

  const gold = ['g1', 'g2', 'g3', 'g4'].map((task, index) => ({ task, gold: index % 2 }));
  const checked = (right: number, of: number): GivenLabel[] =>
    gold.slice(0, of).map(({ task, gold: label }, index) => {
      return { kind: 'answer', task, label: index < right ? label : 1 - label, by: 'ana' };
    });

  for (const [right, of, counts] of [
    [0, 2, true],
    [2, 3, false],
    [3, 4, true],
    [2, 4, false],
  ] as const)
    it(`${counts ? 'counts' : 'sets aside'} an annotator with ${right} of ${of} gold tasks right`, () => {
      const given = [...checked(right, of), ...said('ana 1, ben 1')];
      const { tasks, annotators } = weighAnswers([{ task: 't1', gold: null }, ...gold], given, RULES);
      assert.equal(annotators[0]?.setAside === null, counts);
      assert.equal(inWords(tasks[0]!), counts ? 'settled 2/2 1 by agreement' : 'open 1/2');
    });

  it('counts a share that is exactly what is asked for', () => {
    const many = Array.from({ length: 20 }, (_, index) => ({ task: `g${index}`, gold: 1 }));
    const given = many.map(({ task }, index): GivenLabel => {
      return { kind: 'answer', task, label: index < 11 ? 1 : 0, by: 'ana' };
    });
    const weighed = (minGoldAccuracy: number) => weighAnswers(many, given, { ...RULES, minGoldAccuracy });
    assert.equal(weighed(0.55).annotators[0]?.setAside, null);
    assert.match(weighed(0.56).annotators[0]?.setAside ?? '', /^11 of 20 tasks .* 56 % must be$/);
  });

  const tasks = ['t1', 't2', 'g1', 'g2', 'g3'].map((task) => ({ task, gold: task.startsWith('g') ? 1 : null }));
  const anyGiven = fc.uniqueArray(
    fc.record({
      kind: fc.constant('answer' as const),
      task: fc.constantFrom(...tasks.map(({ task }) => task)),
      label: fc.constantFrom(0, 1),
      by: fc.constantFrom(...RULES.annotators),
    }),
    { selector: ({ task, by }) => `${task}/${by}`, maxLength: 25 },
  );
  const anyRules = fc.record({
    answersPerTask: fc.integer({ min: 1, max: 5 }),
    adjudicators: fc.constantFrom([], ['judge'], ['ana']),
  });

  it('does not depend on the order in which answers came', () =>
    fc.assert(
      fc.property(anyGiven, anyRules, fc.nat(), (given, rules, turn) => {
        const all = { ...RULES, ...rules };
        const at = given.length === 0 ? 0 : turn % given.length;
        const turned = [...given.slice(at), ...given.slice(0, at)].reverse();
        assert.deepEqual(weighAnswers(tasks, turned, all), weighAnswers(tasks, given, all));
      }),
    ));

  it('settles nothing without answers that count, and no label that nobody gave', () =>
    fc.assert(
      fc.property(anyGiven, anyRules, (given, rules) => {
        const { tasks: stands, annotators } = weighAnswers(tasks, given, { ...RULES, ...rules });
        const counting = new Set(annotators.flatMap(({ by, setAside }) => (setAside === null ? [by] : [])));
        for (const { task, label, have } of stands) {
          const counted = given.filter((one) => one.task === task && counting.has(one.by));
          assert.equal(have, counted.length);
          if (label !== null) assert.ok(counted.some((one) => one.label === label));
        }
      }),
    ));

  it('does not tell gold from the rest: a task stands the same with the same answers', () =>
    fc.assert(
      fc.property(anyGiven, anyRules, (given, rules) => {
        // Without checks by gold, nothing else may depend on it.
        const all = { ...RULES, ...rules, minGoldAnswers: 50 };
        const plain = tasks.map(({ task }) => ({ task, gold: null }));
        assert.deepEqual(weighAnswers(tasks, given, all).tasks, weighAnswers(plain, given, all).tasks);
      }),
    ));
});

describe('the summary of a campaign', () => {
  const two = [
    { task: 't1', gold: null },
    { task: 't2', gold: null },
    { task: 'g1', gold: 1 },
  ];

  it('counts tasks, how their labels came, and names those that stay without', () => {
    const given = [...said('ana 1, ben 1'), ...said('ana 0', 't2')];
    const { summary } = closeCampaign(two, given, RULES, 'the deadline has passed');
    assert.deepEqual(
      { ...summary, annotators: summary.annotators.map(({ by, answers }) => `${by} ${answers}`) },
      {
        reason: 'the deadline has passed',
        tasks: 3,
        gold: 1,
        answered: 2,
        settled: { agreement: 1, majority: 0, adjudication: 0 },
        unsettled: ['t2', 'g1'],
        annotators: ['ana 2', 'ben 1'],
        agreement: {
          alpha: null,
          reason: 'every such answer was the same, so that nothing could tell agreement from chance',
        },
      },
    );
    assert.equal(summaryInALine(summary), '1 of 3 tasks have their label, 2 stay without');
  });

  it('says why there is no measure of agreement where nobody answered twice', () => {
    const { summary } = closeCampaign(two, said('ana 1'), RULES, 'closed');
    assert.equal(summary.agreement.reason, 'no task was answered by two people who count');
  });

  it('measures agreement by alpha, of those who count', () => {
    const given = [...said('ana 1, ben 1'), ...said('ana 0, ben 0', 't2'), ...said('ana 1, ben 0', 'g1')];
    const { summary } = closeCampaign(two, given, { ...RULES, adjudicators: ['judge'] }, 'closed');
    // Three pairs, one of them unlike: 1 − 5 · 2 / (3 · 3 · 2) of six ratings.
    assert.ok(Math.abs((summary.agreement.alpha ?? 0) - (1 - (5 * 2) / (3 * 3 * 2))) < 1e-12);
    assert.equal(summaryInALine(summary), '2 of 3 tasks have their label, 1 stays without; people agree by alpha 0.44');
  });
});
