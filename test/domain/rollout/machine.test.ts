import assert from 'node:assert/strict';
import fc from 'fast-check';
import { beginRollout, isFinal, nextTask, reduce } from '../../../src/domain/rollout/machine.ts';
import { approvalsGiven, refuseApproval } from '../../../src/domain/rollout/approvals.ts';
import type { RolloutEvent, RolloutState } from '../../../src/domain/rollout/states.ts';
import {
  EVIDENCE,
  brief,
  approval,
  judgeTask,
  begun,
  evaluated,
  applied,
  judged,
  rollbackOrdered,
  after,
  atFivePercent,
  atTwentyFive,
  asking,
} from './machine-events.ts';

describe('the machine of a rollout', () => {
  describe('climbs the ladder', () => {
    it('evaluates offline before anything is split', () => {
      assert.equal(nextTask(after()).kind, 'begin');
      assert.equal(nextTask(after(begun)).kind, 'evaluate');
    });

    it('orders the first split in the name of the evaluation and the evidence it rests on', () => {
      const task = nextTask(after(begun, { ...evaluated, evidenceDigest: EVIDENCE }));
      assert.ok(task.kind === 'apply');
      assert.deepEqual([task.order.decisionId, task.order.evidenceDigest], ['offline', EVIDENCE]);
    });

    it('refuses a candidate that fails offline without touching the split', () => {
      const state = after(begun, { kind: 'evaluated', passed: false, decisionId: 'offline', inWords: 'a case failed' });
      assert.equal(state.decision?.outcome, 'refused');
      assert.equal(nextTask(state).kind, 'finish');
    });

    for (const [title, events, expected] of [
      ['orders shadow after a passed offline evaluation', [begun, evaluated], { kind: 'apply', exposure: 0 }],
      [
        'judges the cohort the shadow begins with',
        [begun, evaluated, applied(1, 4)],
        { kind: 'judge', afterCohort: 3 },
      ],
      [
        'orders the first exposure on an advance',
        [begun, evaluated, applied(1, 1), judged({ verdict: 'advance' })],
        { kind: 'apply', exposure: 0.05 },
      ],
      ['judges the canary run from its first cohort', atFivePercent, { kind: 'judge', afterCohort: 6 }],
      ['asks people before leaving a step that wants it', asking, { kind: 'announce' }],
    ] as const)
      it(title, () => {
        const task = nextTask(after(...events));
        const seen = {
          kind: task.kind,
          exposure: task.kind === 'apply' ? task.order.step?.exposure : undefined,
          afterCohort: task.kind === 'judge' ? task.afterCohort : undefined,
        };
        for (const [key, value] of Object.entries(expected)) assert.equal(seen[key as keyof typeof seen], value);
      });

    it('is promoted only after a whole cohort was served by the candidate alone', () => {
      const full = after(...atTwentyFive, judged({ run: 'canary', verdict: 'advance', cohort: 14 }), applied(4, 16));
      assert.deepEqual(nextTask(full), { kind: 'serveOut', cohort: 16 });
      const served = reduce(full, { kind: 'servedOut', cohort: 16 });
      assert.equal(nextTask(served).kind, 'apply');
      assert.equal(reduce(served, applied(5, 18)).decision?.outcome, 'promoted');
    });
  });

  describe('obeys the verdict', () => {
    for (const [title, events, outcome, exposure] of [
      [
        'refuses in shadow what is certified worse',
        [begun, evaluated, applied(1, 1), judged({ verdict: 'rollback' })],
        'refused',
        0,
      ],
      [
        'rolls back under exposure what is certified worse',
        [...atFivePercent, judged({ run: 'canary', verdict: 'rollback', cohort: 9 })],
        'rolled_back',
        0.05,
      ],
      [
        'refuses at exposure 0 what has no verdict by its deadline',
        [begun, evaluated, applied(1, 1), judged({ verdict: 'escalate' })],
        'refused',
        0,
      ],
    ] as const)
      it(title, () => {
        const state = after(...events);
        assert.equal(state.decision?.outcome, outcome);
        assert.equal(state.exposure, exposure);
        assert.equal(nextTask(state).kind, 'retreat');
        assert.equal(reduce(state, { kind: 'retreated' }).exposure, 0);
      });

    it('keeps the exposure and calls a person when a deadline passes under exposure', () => {
      const state = after(...atFivePercent, judged({ run: 'canary', verdict: 'escalate', cohort: 9 }));
      assert.equal(state.exposure, 0.05);
      assert.equal(state.escalated, true);
      assert.equal(isFinal(state), false);
    });

    it('ignores a verdict of another run and of a cohort already judged', () => {
      const state = after(...atFivePercent);
      assert.equal(reduce(state, judged({ run: 'shadow', cohort: 50, verdict: 'advance' })), state);
      assert.equal(reduce(state, judged({ run: 'canary', cohort: 6, verdict: 'advance' })), state);
    });

    it('takes a further look after the same cohort once, and looks on from it', () => {
      const first = after(...atFivePercent, judged({ run: 'canary', cohort: 7, verdict: 'hold' }));
      const again = (number: number): RolloutState =>
        reduce(second, judged({ run: 'canary', cohort: 7, again: number, verdict: 'advance' }));
      const second = reduce(first, judged({ run: 'canary', cohort: 7, again: 1 }));
      assert.deepEqual(nextTask(second), { ...judgeTask, afterCohort: 7, afterAgain: 1, mayAdvance: true });
      assert.equal(again(1), second);
      assert.equal(again(2).ordered?.target, 3);
      assert.equal(reduce(second, judged({ run: 'canary', cohort: 7, verdict: 'advance' })), second);
      const next = reduce(second, judged({ run: 'canary', cohort: 8 }));
      assert.deepEqual(nextTask(next), { ...judgeTask, afterCohort: 8, mayAdvance: true });
    });

    it('takes no further look after a cohort before its run has had a first', () => {
      const state = after(...atFivePercent);
      assert.equal(reduce(state, judged({ run: 'canary', cohort: 6, again: 1, verdict: 'advance' })), state);
    });
  });

  describe('binds approvals', () => {
    const waiting = after(...asking);
    for (const [title, given, reason] of [
      ['takes the yes of a person in the role', approval(), null],
      [
        'refuses evidence that is not the one asked about',
        approval({ evidenceDigest: 'f'.repeat(64) }),
        /evidence has moved on/,
      ],
      ['refuses another step', approval({ step: 2 }), /step 2/],
      ['refuses a role that is not asked for', approval({ role: 'operator' }), /role operator/],
      ['refuses a person who does not hold the role', approval({ by: 'cleo' }), /cleo does not hold/],
      ['refuses the author of the candidate', approval({ by: 'author' }), /author/],
    ] as const)
      it(title, () => {
        const refused = refuseApproval(waiting, given);
        if (reason === null) assert.equal(refused, null);
        else assert.match(refused ?? '', reason);
      });

    it('counts the same person once', () => {
      const once = reduce(waiting, { kind: 'approved', approval: approval() });
      assert.equal(approvalsGiven(once), true);
      assert.match(refuseApproval(once, approval()) ?? '', /already approved/);
    });

    it('lets the next look advance once the quorum is there', () => {
      const approved = reduce(waiting, { kind: 'approved', approval: approval() });
      const told = reduce(approved, { kind: 'announced', request: approved.request });
      assert.deepEqual(nextTask(told), { ...judgeTask, afterCohort: 12, mayAdvance: true });
    });

    it('voids approvals when evidence turns', () => {
      const approved = reduce(waiting, { kind: 'approved', approval: approval() });
      const turned = reduce(approved, judged({ run: 'canary', cohort: 13, verdict: 'hold', reasons: ['loss'] }));
      assert.equal(turned.request, null);
      assert.equal(approvalsGiven(turned), false);
    });

    it('keeps approvals while evidence is merely missing, and no longer than they last', () => {
      const pending = judged({ run: 'canary', cohort: 13, verdict: 'hold', reasons: ['data-pending', 'refunds'] });
      const approved = reduce(waiting, { kind: 'approved', approval: approval() });
      const held = reduce(approved, pending);
      assert.deepEqual([held.request, approvalsGiven(held)], [approved.request, true]);
      const steps = brief.steps.map((each) =>
        each.approvals === null ? each : { ...each, approvals: { ...each.approvals, expiresCohorts: 1 } },
      );
      const lasting: RolloutState = { ...approved, brief: { ...brief, steps } };
      assert.equal(reduce(lasting, pending).request, null);
    });

    it('takes a yes by HTTP alone where the step asks for authenticated people, and the last one of a person', () => {
      const steps = brief.steps.map((each) =>
        each.approvals === null ? each : { ...each, approvals: { ...each.approvals, authenticated: true } },
      );
      const asked: RolloutState = { ...waiting, brief: { ...brief, steps } };
      for (const channel of ['cli', 'client', 'ui'])
        assert.match(refuseApproval(asked, approval({ channel })) ?? '', /only what the HTTP edge has authenticated/);
      const yes = (commandId: string): RolloutState =>
        [approval({ channel: 'http', commandId: 'claimed' }), approval({ channel: 'http', commandId })].reduce(
          (state, given) => reduce(state, { kind: 'approved', approval: given }),
          asked,
        );
      const { request } = yes('vouched-for');
      assert.deepEqual(
        request?.approvals.map(({ commandId }) => commandId),
        ['vouched-for'],
      );
    });

    it('keeps a request bound to the evidence it was opened with', () => {
      const later = reduce(
        waiting,
        judged({ run: 'canary', cohort: 13, onlyApprovalMissing: true, evidenceDigest: '1'.repeat(64) }),
      );
      assert.equal(later.request?.evidenceDigest, EVIDENCE);
    });
  });

  describe('takes orders from people', () => {
    it('goes on judging harm while paused, and may not advance', () => {
      const paused = reduce(after(...atFivePercent), { kind: 'paused', by: 'ana', reason: 'holiday' });
      assert.deepEqual(nextTask(paused), { ...judgeTask, afterCohort: 6, mayAdvance: false });
    });

    it('waits under a pause with a rise out of shadow: the run that was left has ended', () => {
      const ordered = after(begun, evaluated, applied(1, 1), judged({ verdict: 'advance', cohort: 5 }));
      const paused = reduce(ordered, { kind: 'paused', by: 'ana', reason: 'holiday' });
      assert.equal(nextTask(paused).kind, 'wait');
      assert.equal(nextTask(reduce(paused, { kind: 'resumed', by: 'ana', reason: 'back' })).kind, 'apply');
    });

    it('keeps a rise that a pause overtook until it is resumed and the gate does not hold', () => {
      const ordered = after(...atFivePercent, judged({ run: 'canary', verdict: 'advance', cohort: 9 }));
      const paused = reduce(ordered, { kind: 'paused', by: 'ana', reason: 'holiday' });
      assert.equal(nextTask(paused).kind, 'judge');
      const held = reduce(reduce(paused, judged({ run: 'canary', verdict: 'hold', cohort: 10 })), {
        kind: 'resumed',
        by: 'ana',
        reason: 'back',
      });
      assert.equal(nextTask(held).kind, 'judge');
      assert.equal(nextTask(reduce(held, judged({ run: 'canary', verdict: 'continue', cohort: 11 }))).kind, 'apply');
    });

    it('goes back through the gateways even when the first split was not acknowledged yet', () => {
      assert.equal(nextTask(after(begun, evaluated, rollbackOrdered)).kind, 'retreat');
    });

    it('ends with the outcome recorded, and stays there', () => {
      const ended = after(...atFivePercent, rollbackOrdered, { kind: 'retreated' }, { kind: 'finished' });
      assert.equal(nextTask(ended).kind, 'done');
      assert.equal(ended.decision?.outcome, 'rolled_back');
    });
  });

  describe('has laws', () => {
    const cohort = fc.integer({ min: 0, max: 40 });
    const verdict = fc.constantFrom('advance', 'continue', 'hold', 'rollback', 'escalate');
    const event: fc.Arbitrary<RolloutEvent> = fc.oneof(
      fc.constant(begun),
      fc.boolean().map((passed): RolloutEvent => ({ kind: 'evaluated', passed, decisionId: 'offline', inWords: '' })),
      fc.tuple(fc.integer({ min: 0, max: 6 }), cohort).map(([target, at]) => applied(target, at)),
      fc
        .tuple(fc.constantFrom('shadow', 'canary'), cohort, verdict, fc.boolean())
        .map(([run, at, said, missing]) => judged({ run, cohort: at, verdict: said, onlyApprovalMissing: missing })),
      fc
        .constantFrom('ana', 'ben', 'cleo')
        .map((by): RolloutEvent => ({ kind: 'approved', approval: approval({ by }) })),
      fc.constantFrom('paused', 'resumed').map((kind): RolloutEvent => ({ kind, by: 'ana', reason: 'r' })),
      cohort.map((at): RolloutEvent => ({ kind: 'servedOut', cohort: at })),
      fc.constant<RolloutEvent>({ kind: 'announced', request: null }),
    );
    const events = fc.array(event, { maxLength: 40 });

    it('raises exposure only by applying what an advance verdict or the offline evaluation ordered', () =>
      fc.assert(
        fc.property(events, (list) => {
          let state = beginRollout();
          for (const step of list) {
            const next = reduce(state, step);
            if (next.exposure > state.exposure) {
              assert.equal(step.kind, 'applied');
              assert.ok(state.ordered !== null);
              assert.ok(next.decision !== null || state.last?.verdict !== 'rollback');
            }
            if (next.ordered !== null && state.ordered === null && next.ordered.target > 1) {
              assert.ok((step.kind === 'judged' && step.judgement.verdict === 'advance') || step.kind === 'servedOut');
            }
            state = next;
          }
        }),
      ));

    it('never exposes a candidate again after a rollback order', () =>
      fc.assert(
        fc.property(events, events, (before, later) => {
          const open = before.reduce(reduce, beginRollout());
          fc.pre(!isFinal(open));
          const ordered = reduce(open, rollbackOrdered);
          const end = reduce(later.reduce(reduce, ordered), { kind: 'retreated' });
          assert.equal(end.exposure, 0);
          assert.equal(end.decision?.outcome, ordered.decision?.outcome);
        }),
      ));

    it('fences every order with a higher generation', () =>
      fc.assert(
        fc.property(events, (list) => {
          let state = beginRollout();
          for (const step of list) {
            const next = reduce(state, step);
            assert.ok(next.generation >= state.generation);
            if (next.ordered !== null && next.ordered !== state.ordered) assert.ok(next.generation > state.generation);
            state = next;
          }
        }),
      ));

    it('always has a next task, and survives being carried as JSON', () =>
      fc.assert(
        fc.property(events, (list) => {
          const state = list.reduce(reduce, beginRollout());
          const carried = JSON.parse(JSON.stringify(state)) as RolloutState;
          assert.deepEqual(carried, state);
          assert.deepEqual(nextTask(carried), nextTask(state));
        }),
      ));

    it('needs as many different people as the quorum says', () =>
      fc.assert(
        fc.property(events, (list) => {
          const state = list.reduce(reduce, after(...asking));
          const people = state.request?.approvals.map(({ by }) => by) ?? [];
          assert.equal(new Set(people).size, people.length);
        }),
      ));
  });
});
