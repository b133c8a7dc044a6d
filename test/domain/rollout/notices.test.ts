import assert from 'node:assert/strict';
import { reduce } from '../../../src/domain/rollout/machine.ts';
import { newsOf, unanswered } from '../../../src/domain/rollout/notices.ts';
import type { Judgement, RolloutState } from '../../../src/domain/rollout/states.ts';
import { after, atFivePercent, brief, judged } from './machine-events.ts';

const ROLLOUT = {
  model: 'shop',
  rolloutId: 'rollout/shop/cccccccc-1',
  bundle: 'c'.repeat(64),
  idea: 'fresh',
  claim: 'improve',
} as const;

const PENDING = { verdict: 'hold', reasons: ['data-pending', 'loss'] } as const;

/** The state after looks of a canary at 5 %, one a cohort. */
function looked(...looks: ReadonlyArray<Partial<Judgement>>): RolloutState {
  const start = after(...atFivePercent);
  return looks.reduce<RolloutState>(
    (state, look) => reduce(state, judged({ run: 'canary', cohort: state.judgedCohort + 1, ...look })),
    start,
  );
}

const keys = (state: RolloutState): string[] => newsOf(ROLLOUT, state).map(({ key }) => key);

describe('what people are told of a rollout', () => {
  const first = after(...atFivePercent).judgedCohort + 1;
  const missing = (cohort: number): string => `hold/missing/${cohort}`;
  for (const [title, looks, told] of [
    ['nothing of evidence that is late by less than a cohort', [PENDING], []],
    ['evidence that is missing a whole cohort later', [PENDING, PENDING], [missing(first)]],
    ['the same gap under one key, however long it lasts', [PENDING, PENDING, PENDING], [missing(first)]],
    ['nothing once it is back', [PENDING, PENDING, { verdict: 'continue' }], []],
    ['the next gap as another one', [PENDING, {}, PENDING, PENDING], [missing(first + 2)]],
    ['nothing of a second look after the same cohort', [PENDING, { ...PENDING, cohort: first, again: 1 }], []],
    [
      'the same gap where a suspicion comes between',
      [PENDING, { verdict: 'hold', reasons: ['loss'] }, PENDING],
      [missing(first)],
    ],
    ['nothing of a suspicion, which the gate answers by itself', [{ verdict: 'hold', reasons: ['loss'] }, {}], []],
  ] as const)
    it(`is ${title}`, () => assert.deepEqual(keys(looked(...looks)), told));

  it('keeps the gap through a call of a person, who is told of the deadline and not of the gap again', () => {
    const state = looked(PENDING, PENDING, { verdict: 'escalate', reasons: ['deadline'] }, PENDING);
    assert.deepEqual(keys(state), ['deadline-passed/2/0', missing(first)]);
    assert.match(
      unanswered(ROLLOUT, state, '2001-02-01T00:00:00Z', 60_000)?.subject ?? '',
      /the deadline of a step has passed/,
    );
  });

  it('asks nobody for an answer to what is missing', () => {
    assert.equal(unanswered(ROLLOUT, looked(PENDING, PENDING), '2001-02-01T00:00:00Z', 60_000), null);
  });

  describe('is decided by the model’s file as it is now', () => {
    const told = { escalateAfterMs: 1000 };
    const heard = (before: RolloutState, notifications?: typeof told | null): unknown => {
      const look = judged({ run: 'canary', cohort: first });
      assert.ok(look.kind === 'judged');
      return reduce(before, notifications === undefined ? look : { ...look, notifications }).brief?.notifications;
    };
    const silent = after(...atFivePercent);
    const telling: RolloutState = { ...silent, brief: { ...brief, notifications: told } };
    for (const [title, before, notifications, now] of [
      ['got channels since it began', silent, told, told],
      ['lost them', telling, null, undefined],
      ['is not spoken of, as in a look of an earlier release', telling, undefined, told],
    ] as const)
      it(`where it ${title}`, () => assert.deepEqual(heard(before, notifications), now));
  });
});
