import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  EMPTY_CASE_DESK,
  refuseCaseOrder,
  takeCaseOrder,
  withoutWord,
  wordInWords,
} from '../../../src/domain/monitoring/case-desk.ts';
import type { CaseDesk, CaseOrder, ProposedCase } from '../../../src/domain/monitoring/case-desk.ts';
import { caseInWords, caseNotice, openCase } from '../../../src/domain/monitoring/case-words.ts';
import { epochMs, HOUR_MS } from '../../../src/domain/time.ts';

const AT = '2026-11-26T05:00:00Z';
const PROPOSAL: ProposedCase = {
  caseId: 'incident-1',
  where: 'true',
  days: { from: '2001-01-03', to: '2001-01-03' },
  maxRegressionPerThousand: 4,
  minUnits: 200,
  labelled: 480,
  reason: 'worse than the constant',
  over: 'better again',
  role: 'reviewer',
  people: ['ana', 'eve'],
  withinMs: 48 * HOUR_MS,
};
const PROPOSED: CaseDesk = { ...EMPTY_CASE_DESK, proposal: PROPOSAL, proposedAt: AT };

const someOrder: fc.Arbitrary<{ order: CaseOrder; id: string | null }> = fc.record({
  order: fc.record({
    name: fc.constantFrom('acceptCase', 'declineCase'),
    by: fc.constantFrom('ana', 'eve', 'ben'),
    reason: fc.constantFrom('yes', 'no'),
    channel: fc.constant('ui'),
    minUnits: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
  }),
  id: fc.constantFrom('a', 'b', null),
});
const give = (desk: CaseDesk, { order, id }: { order: CaseOrder; id: string | null }): CaseDesk =>
  refuseCaseOrder(desk, order, id, 'now') === null ? takeCaseOrder(desk, order, id, AT) : desk;

describe('the desk of a proposed case', () => {
  it('takes the first word of somebody who holds the role, and no other', () =>
    fc.assert(
      fc.property(fc.array(someOrder, { maxLength: 8 }), (orders) => {
        const first = orders.find(({ order }) => order.by !== 'ben');
        const { word } = orders.reduce(give, PROPOSED);
        assert.equal(word?.by, first?.order.by);
        assert.equal(word?.reason, first?.order.reason);
        assert.equal(word?.minUnits, first === undefined ? undefined : (first.order.minUnits ?? 200));
      }),
    ));

  it('takes no word while nothing is proposed', () =>
    fc.assert(fc.property(someOrder, (given) => assert.equal(give(EMPTY_CASE_DESK, given).word, null))));

  it('takes a repeated word for the same, and another one of the same id for another', () => {
    const order: CaseOrder = { name: 'acceptCase', by: 'eve', reason: 'yes', channel: 'cli' };
    const desk = give(PROPOSED, { order, id: 'a' });
    assert.equal(refuseCaseOrder(desk, order, 'a', 'now'), null);
    assert.match(refuseCaseOrder(desk, { ...order, name: 'declineCase' }, 'a', 'now') ?? '', /decided already/);
    assert.match(
      refuseCaseOrder(desk, order, null, 'now') ?? '',
      /^the case is decided already: accepted by eve: yes$/,
    );
  });

  it('is accepted without a word as it was proposed', () => {
    const word = withoutWord(PROPOSAL, AT);
    assert.deepEqual([word.verdict, word.by, word.maxRegressionPerThousand, word.minUnits], ['accepted', null, 4, 200]);
    assert.equal(wordInWords(word), 'accepted without a word: nobody answered within 2 days');
  });
});

describe('a proposed case in words', () => {
  for (const [title, change, words] of [
    ['all rows of one day', {}, 'all rows of 2001-01-03: at most 4 extra loss per 1,000, from 200 units on'],
    [
      'a slice of several days',
      { where: `"shop" = 'south'`, days: { from: '2001-01-03', to: '2001-01-05' } },
      `rows where "shop" = 'south' of 2001-01-03 to 2001-01-05: at most 4 extra loss per 1,000, from 200 units on`,
    ],
    ['no days', { days: null }, 'all rows: at most 4 extra loss per 1,000, from 200 units on'],
  ] as const)
    it(`says ${title}`, () => assert.equal(caseInWords({ ...PROPOSAL, ...change }), words));

  it('waits for a word until it has one, for as long as was declared', () => {
    assert.equal(openCase(PROPOSED)?.until, epochMs(AT) + 48 * HOUR_MS);
    assert.equal(openCase({ ...PROPOSED, word: withoutWord(PROPOSAL, AT) }), null);
    assert.equal(openCase(EMPTY_CASE_DESK), null);
  });

  it('tells people what silence does', () => {
    const { lines, command } = caseNotice('shop', 'incident/shop/2001-01-05-1', openCase(PROPOSED)!);
    assert.equal(lines.at(-1), 'Until when: 2026-11-28T05:00:00Z; without a word by then it is accepted');
    assert.equal(command, 'npx holdfast case accept incident/shop/2001-01-05-1 --as NAME --reason "…"');
  });
});
