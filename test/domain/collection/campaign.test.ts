import assert from 'node:assert/strict';
import {
  EMPTY_CAMPAIGN,
  leftInWords,
  openCampaign,
  refuseLabel,
  takeLabel,
  takeWeighing,
} from '../../../src/domain/collection/campaign.ts';
import type {
  CampaignBrief,
  CampaignState,
  LabelOrder,
  TaskProgress,
} from '../../../src/domain/collection/campaign.ts';

const BRIEF: CampaignBrief = {
  question: 'Was it bad?',
  labelName: 'bad',
  labels: [
    { label: 0, meaning: 'no' },
    { label: 1, meaning: 'yes' },
  ],
  from: '2001-01-03T00:00:00Z',
  through: '2001-01-10T00:00:00Z',
  role: 'annotator',
  annotators: ['ana', 'ben', 'cleo'],
  adjudicators: ['dora', 'ana'],
  answersPerTask: 2,
  deadlineMs: 1000,
  tasks: ['t1', 't2', 't3'].map((task) => ({ task, inputs: { shop: 'north' } })),
};
const OPEN = openCampaign(EMPTY_CAMPAIGN, BRIEF, 5_000);

const answer = (task: string, by: string, label = 1): LabelOrder => {
  return { kind: 'answer', task, by, label, reason: '', channel: 'ui' };
};
const ruling = (task: string, by: string, label = 1): LabelOrder => ({
  ...answer(task, by, label),
  kind: 'adjudication',
});
const taken = (state: CampaignState, ...orders: readonly LabelOrder[]): CampaignState =>
  orders.reduce((all, order) => takeLabel(all, order, null), state);
/** Everything taken is on record, and the first task stands so. */
const stands = (state: CampaignState, changes: Partial<TaskProgress>): CampaignState => {
  const tasks = state.tasks.map((task) => (task.task === 't1' ? { ...task, ...changes } : task));
  return takeWeighing(state, { tasks, setAside: [] }, state.pending.length);
};

describe('the desk of a campaign', () => {
  for (const [title, state, order, reason] of [
    ['before its tasks are known', EMPTY_CAMPAIGN, answer('t1', 'ana'), /its tasks are not known yet/],
    [
      'when it is closed',
      { ...OPEN, closing: 'the deadline has passed' },
      answer('t1', 'ana'),
      /closed: the deadline has passed/,
    ],
    [
      'of a task that is not there',
      OPEN,
      answer('t9', 'ana'),
      /t9 is no task of this campaign, which has t1 to t3; did you mean t1\?/,
    ],
    ['of another label', OPEN, answer('t1', 'ana', 2), /label is 2; allowed: 0 \(no\) or 1 \(yes\)/],
    [
      'of nobody who is asked',
      OPEN,
      answer('t1', 'bne'),
      /bne may not answer: only annotator, ana, ben, cleo; did you mean ben\?/,
    ],
    ['twice by one person', taken(OPEN, answer('t1', 'ana')), answer('t1', 'ana', 0), /ana has answered t1 already/],
    [
      'that nobody needs any more',
      taken(OPEN, answer('t1', 'ana'), answer('t1', 'ben')),
      answer('t1', 'cleo'),
      /as many answers to t1 as are asked for have just come/,
    ],
    [
      'of a settled task',
      stands(OPEN, { stands: 'settled' }),
      answer('t1', 'ana'),
      /t1 has its label already; 1 of 3 tasks/,
    ],
    [
      'where nobody is left to ask',
      stands(OPEN, { stands: 'unsettled' }),
      answer('t1', 'ana'),
      /t1 is left without a label/,
    ],
    [
      'of what waits for adjudication',
      stands(OPEN, { stands: 'adjudication' }),
      answer('t1', 'ana'),
      /waits for adjudication by dora or ana/,
    ],
    [
      'of somebody set aside',
      { ...OPEN, setAside: [{ by: 'ana', reason: '1 of 3 right' }] },
      answer('t1', 'ana'),
      /does not count in this campaign: 1 of 3 right/,
    ],
    ['as a ruling before there is a disagreement', OPEN, ruling('t1', 'dora'), /t1 waits for answers, 0 of 2 given/],
    [
      'as a ruling of no adjudicator',
      stands(OPEN, { stands: 'adjudication' }),
      ruling('t1', 'ben'),
      /ben may not adjudicate: dora, ana/,
    ],
    [
      'as a ruling of somebody who has answered it',
      stands(taken(OPEN, answer('t1', 'ana')), { stands: 'adjudication' }),
      ruling('t1', 'ana'),
      /ana has answered t1; another adjudicator settles it/,
    ],
    [
      'as a second ruling',
      taken(stands(OPEN, { stands: 'adjudication' }), ruling('t1', 'dora')),
      ruling('t1', 'ana'),
      /t1 has its label already/,
    ],
  ] as const)
    it(`takes no answer ${title}`, () => assert.match(refuseLabel(state, order, null) ?? '', reason));

  for (const [title, state, order] of [
    ['an answer', OPEN, answer('t1', 'ana', 0)],
    ['the second person', taken(OPEN, answer('t1', 'ana')), answer('t1', 'ben')],
    ['the same person on another task', taken(OPEN, answer('t1', 'ana')), answer('t2', 'ana')],
    [
      'a third where two disagree',
      stands(taken(OPEN, answer('t1', 'ana'), answer('t1', 'ben')), { have: 2, asked: 3 }),
      answer('t1', 'cleo'),
    ],
    ['a ruling', stands(OPEN, { stands: 'adjudication' }), ruling('t1', 'dora')],
  ] as const)
    it(`takes ${title}`, () => assert.equal(refuseLabel(state, order, null), null));

  it('takes the same id once, and says so of a repetition whatever has become of the task', () => {
    const once = takeLabel(OPEN, answer('t1', 'ana'), 'command-1');
    const settled = stands(once, { stands: 'settled' });
    assert.equal(refuseLabel(settled, answer('t1', 'ana'), 'command-1'), null);
    assert.deepEqual(takeLabel(settled, answer('t1', 'ana'), 'command-1'), settled);
    assert.equal(takeLabel(once, answer('t2', 'ana'), 'command-2').pending.length, 2);
  });

  it('takes an id that has named another label for no repetition of it', () => {
    const once = takeLabel(OPEN, answer('t1', 'ana'), '1');
    assert.equal(takeLabel(once, answer('t2', 'ana'), '1').pending.length, 2);
    assert.equal(takeLabel(once, answer('t1', 'ben'), '1').pending.length, 2);
    assert.match(refuseLabel(once, answer('t1', 'ana', 0), '2') ?? '', /ana has answered t1 already/);
  });

  it('names an answer without an id by its number', () => {
    const { pending } = taken(OPEN, answer('t1', 'ana'), answer('t2', 'ana'));
    assert.deepEqual(
      pending.map(({ commandId }) => commandId),
      ['answer-1', 'answer-2'],
    );
  });

  it('says how much is left, and what is next', () => {
    assert.equal(leftInWords(OPEN), '0 of 3 tasks have their label, the next is t1');
    assert.equal(leftInWords(stands(OPEN, { stands: 'settled' })), '1 of 3 tasks have their label, the next is t2');
  });

  it('closes at its deadline, counted from when it opened', () => assert.equal(OPEN.deadlineAt, 6_000));
});
