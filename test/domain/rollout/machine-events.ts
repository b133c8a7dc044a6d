/** A rollout's ladder, and events that lead to its places. */
import { beginRollout, reduce } from '../../../src/domain/rollout/machine.ts';
import type {
  Judgement,
  RolloutApproval,
  RolloutBrief,
  RolloutEvent,
  RolloutState,
  Step,
  StepApprovals,
} from '../../../src/domain/rollout/states.ts';

const CANDIDATE = 'c'.repeat(64);
export const EVIDENCE = 'e'.repeat(64);

const step = (over: Partial<Step>): Step => ({
  mode: 'offline',
  exposure: 0,
  deadlineCohorts: null,
  run: null,
  patienceMs: null,
  approvals: null,
  ...over,
});
const oneApprover: StepApprovals = {
  roles: ['approver'],
  quorum: 1,
  veto: [],
  expiresCohorts: null,
  authenticated: false,
};

export const brief: RolloutBrief = {
  stable: 's'.repeat(64),
  author: 'author',
  steps: [
    step({ mode: 'offline' }),
    step({ mode: 'shadow', deadlineCohorts: 10, run: 'shadow' }),
    step({ mode: 'canary', exposure: 0.05, deadlineCohorts: 10, run: 'canary' }),
    step({ mode: 'canary', exposure: 0.25, deadlineCohorts: 10, run: 'canary', approvals: oneApprover }),
    step({ mode: 'full', exposure: 1 }),
  ],
  people: { approver: ['ana', 'ben', 'author'] },
  policyDigest: 'p',
  generationBase: 1,
  salt: 'rollout/model/cccccccc-1',
  calendar: { origin: 0, lengthMs: 3_600_000 },
};

const judgement = (over: Partial<Judgement>): Judgement => ({
  decisionId: `decision-${over.cohort ?? 1}`,
  run: 'shadow',
  cohort: 1,
  eventTime: '2001-02-01T00:00:00Z',
  verdict: 'continue',
  reasons: [],
  evidenceDigest: EVIDENCE,
  onlyApprovalMissing: false,
  effectiveCohort: (over.cohort ?? 1) + 2,
  assignmentFaults: [],
  unmet: [],
  inWords: 'words',
  table: '',
  ...over,
});

export const approval = (over: Partial<RolloutApproval> = {}): RolloutApproval => ({
  by: 'ana',
  role: 'approver',
  step: 3,
  candidate: CANDIDATE,
  evidenceDigest: EVIDENCE,
  reason: 'reviewed',
  channel: 'cli',
  commandId: `approve-${over.by ?? 'ana'}`,
  ...over,
});

export const judgeTask = { kind: 'judge', run: 'canary', afterAgain: 0, extraCohorts: 0, patienceMs: null } as const;

export const begun: RolloutEvent = { kind: 'begun', brief };
export const evaluated = { kind: 'evaluated', passed: true, decisionId: 'offline', inWords: 'passed' } as const;
export const applied = (target: number, effectiveCohort: number): RolloutEvent => ({
  kind: 'applied',
  target,
  effectiveCohort,
  effectiveFrom: '2001-02-01T00:00:00Z',
});
export const judged = (over: Partial<Judgement>): RolloutEvent => ({ kind: 'judged', judgement: judgement(over) });
export const rollbackOrdered: RolloutEvent = { kind: 'rollbackOrdered', by: 'ana', reason: 'seen enough' };

export const after = (...events: RolloutEvent[]): RolloutState => events.reduce(reduce, beginRollout());

export const atFivePercent = [
  begun,
  evaluated,
  applied(1, 1),
  judged({ verdict: 'advance', cohort: 5 }),
  applied(2, 7),
] as const;
export const atTwentyFive = [
  ...atFivePercent,
  judged({ run: 'canary', verdict: 'advance', cohort: 9 }),
  applied(3, 11),
] as const;
export const asking = [
  ...atTwentyFive,
  judged({ run: 'canary', cohort: 12, onlyApprovalMissing: true, reasons: ['approval'] }),
] as const;
