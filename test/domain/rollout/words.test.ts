import assert from 'node:assert/strict';
import { approveMessage, COMMANDS, pauseMessage } from '../../../src/contracts/messages.ts';
import { beginRollout, reduce } from '../../../src/domain/rollout/machine.ts';
import type { Judgement, RolloutBrief, RolloutEvent, RolloutState } from '../../../src/domain/rollout/states.ts';
import {
  deadlineInWords,
  explainRollout,
  needsPerson,
  possibleActions,
  rolloutDetails,
  rolloutInALine,
  waitingForInWords,
} from '../../../src/domain/rollout/words.ts';

const rollout = {
  model: 'shop',
  rolloutId: 'rollout/shop/cccccccc-1',
  bundle: 'c'.repeat(64),
  idea: 'fresh',
  claim: 'improve',
} as const;
const EVIDENCE = 'e'.repeat(64);

const STEP = { exposure: 0, deadlineCohorts: null, run: null, patienceMs: null, approvals: null } as const;
const TWO_APPROVERS = { roles: ['approver'], quorum: 2, veto: [], expiresCohorts: null, authenticated: false };

const brief: RolloutBrief = {
  stable: '5'.repeat(64),
  author: 'author',
  steps: [
    { ...STEP, mode: 'offline' },
    { ...STEP, mode: 'canary', exposure: 0.25, deadlineCohorts: 10, run: 'canary', approvals: TWO_APPROVERS },
    { ...STEP, mode: 'full', exposure: 1 },
  ],
  people: { approver: ['ana', 'ben', 'author'] },
  policyDigest: 'p',
  generationBase: 1,
  salt: 'salt',
  calendar: { origin: 0, lengthMs: 3_600_000 },
};

const judged = (over: Partial<Judgement>): RolloutEvent => ({
  kind: 'judged',
  judgement: {
    decisionId: 'decision-1',
    run: 'canary',
    cohort: 1,
    eventTime: '2001-02-01T03:00:00Z',
    verdict: 'continue',
    reasons: [],
    evidenceDigest: EVIDENCE,
    onlyApprovalMissing: false,
    effectiveCohort: 3,
    assignmentFaults: [],
    unmet: [],
    inWords: 'words of the look',
    table: 'metric  differs',
    ...over,
  },
});
const after = (...events: RolloutEvent[]): RolloutState => events.reduce(reduce, beginRollout());
const standing: RolloutEvent[] = [
  { kind: 'begun', brief },
  { kind: 'evaluated', passed: true, decisionId: 'offline', inWords: 'passed' },
  { kind: 'applied', target: 1, effectiveCohort: 1, effectiveFrom: '2001-02-01T00:00:00Z' },
];
const asking = judged({ onlyApprovalMissing: true, reasons: ['approval'] });
const approvedBy = (by: string): RolloutEvent => ({
  kind: 'approved',
  approval: {
    by,
    role: 'approver',
    step: 1,
    candidate: rollout.bundle,
    evidenceDigest: EVIDENCE,
    reason: 'r',
    channel: 'ui',
    commandId: `approve-${by}`,
  },
});
const order = (kind: 'paused' | 'rejected' | 'rollbackOrdered'): RolloutEvent => ({ kind, by: 'ana', reason: 'why' });

describe('a rollout in words', () => {
  for (const [title, state, waitingFor, person, deadline] of [
    ['at its beginning', after(), 'offline evaluation', false, 'none'],
    ['while evidence matures', after(...standing), 'matured evidence', false, 'running'],
    ['while it asks', after(...standing, asking), 'approval by approver, 0 of 2 given', true, 'running'],
    [
      'half approved',
      after(...standing, asking, approvedBy('ana')),
      'approval by approver, 1 of 2 given',
      true,
      'running',
    ],
    ['while paused', after(...standing, order('paused')), 'a person to resume', true, 'running'],
    [
      'past its deadline',
      after(...standing, judged({ verdict: 'escalate', reasons: ['deadline'] })),
      'a person: the deadline of the step has passed',
      true,
      'passed',
    ],
    [
      'with a broken split',
      after(...standing, judged({ verdict: 'hold', reasons: ['srm'] })),
      'a person: the split is broken, only a rollback leads on',
      true,
      'running',
    ],
    ['on the way back', after(...standing, order('rollbackOrdered')), 'everyone back on stable', false, 'none'],
    [
      'rolled back',
      after(...standing, order('rollbackOrdered'), { kind: 'retreated' }, { kind: 'finished' }),
      'nothing: rolled back',
      false,
      'none',
    ],
  ] as const)
    it(`says ${title} what it waits for, whether on a person, and how its deadline stands`, () =>
      assert.deepEqual(
        [waitingForInWords(state), needsPerson(state), deadlineInWords(state)],
        [waitingFor, person, deadline],
      ));

  it('offers what can be done now, and what it offers is taken', () => {
    const state = after(...standing, asking);
    const actions = possibleActions(rollout, state);
    assert.deepEqual(
      actions.flatMap(({ updates }) => updates),
      ['approve', 'pause', 'reject', 'rollback', 'extend'],
    );
    for (const { updates, body } of actions)
      for (const name of updates) {
        const message = COMMANDS.find((known) => known.name === name);
        assert.equal(message?.schema.safeParse(body).success, true, name);
      }
    const parsed = approveMessage.schema.parse({ ...actions[0]?.body, by: 'ana' });
    assert.deepEqual([parsed.step, parsed.candidate, parsed.evidenceDigest], [1, rollout.bundle, EVIDENCE]);
    assert.equal(pauseMessage.schema.parse(actions[1]?.body).channel, 'ui');
  });

  it('offers the end of a pause in place of another pause, and nothing after the end', () => {
    const names = (state: RolloutState): string[] => possibleActions(rollout, state).flatMap(({ updates }) => updates);
    assert.deepEqual(names(after(...standing, order('paused'))), ['resume', 'reject', 'rollback', 'extend']);
    assert.deepEqual(names(after(...standing, order('rejected'))), []);
  });

  it('gives the terminal commands, and the web UI the JSON of its forms and links', () => {
    const state = after(...standing, asking, approvedBy('ana'));
    const words = explainRollout(rollout, state);
    assert.match(words, /^npx holdfast approve rollout\/shop\/cccccccc-1 --evidence eeeeeeeeeeeeeeee --as NAME/m);
    assert.match(words, /\*\*Who may\*\* ben; yes from ana/);
    assert.match(words, /^offline > \[25 %\] \(2 approvals\) > full$/m);
    const details = rolloutDetails(rollout, state, 'promotion/shop');
    assert.doesNotMatch(details, /npx holdfast/);
    assert.match(
      details,
      /```json\n\{\n {2}"by": "YOUR-NAME",\n {2}"reason": "WHY",\n {2}"role": "approver",\n {2}"step": 1,/,
    );
    assert.match(details, /\(\/namespaces\/\{namespace\}\/workflows\/promotion%2Fshop\)/);
    assert.ok(details.length < 20_000);
  });

  it('leads to the page of evidence of the newest decision, or says what writes it where nobody told the address', () => {
    const head = { sequence: 7, digest: 'd'.repeat(64) };
    const state = { ...after(...standing, asking), head };
    const at = (edgeUrl: string): RolloutState => ({ ...state, brief: { ...state.brief!, edgeUrl } });
    assert.match(explainRollout(rollout, state), /^npx holdfast report rollout\/shop\/cccccccc-1$/m);
    assert.match(rolloutDetails(rollout, state, null), /`npx holdfast report rollout\/shop\/cccccccc-1`/);
    const link = `[the page of evidence](https://edge.example.org/reports/${head.digest})`;
    for (const url of ['https://edge.example.org', 'https://edge.example.org/'])
      assert.ok(rolloutDetails(rollout, at(url), null).includes(link), url);
  });

  it('escapes what people wrote', () => {
    const state = after(...standing, { kind: 'paused', by: 'ana', reason: '<script>alert(1)</script>' });
    assert.doesNotMatch(rolloutDetails(rollout, state, null), /<script>/);
  });

  it('names the outcome and its reason in one line', () =>
    assert.equal(
      rolloutInALine(rollout, after(...standing, order('rejected'))),
      'fresh: withdrawn — rejected by ana: why',
    ));
});
