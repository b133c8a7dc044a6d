/** The vocabulary of the rollout's machine. Plain JSON: states are carried by continue-as-new. */

import type { CohortCalendar } from '../time.ts';

/** One step of the ladder, in whole cohorts. */
export interface Step {
  readonly mode: 'offline' | 'infra' | 'shadow' | 'canary' | 'full';
  /** Share of units the candidate serves; at full exposure less the holdback. */
  readonly exposure: number;
  readonly deadlineCohorts: number | null;
  /** Gate run that judges the step; null where none looks. */
  readonly run: 'shadow' | 'canary' | null;
  /** Workflow time after which the step escalates although event time stands still, milliseconds. */
  readonly patienceMs: number | null;
  readonly approvals: StepApprovals | null;
}

/** Who has to say yes before a step is left, and who may say no. */
export interface StepApprovals {
  readonly roles: readonly string[];
  readonly quorum: number;
  /** Further roles whose single no withdraws the candidate. */
  readonly veto: readonly string[];
  /** Whole cohorts after which a yes has to be given again. */
  readonly expiresCohorts: number | null;
  /** Whether a yes counts only with the HTTP edge's word for who gave it. */
  readonly authenticated: boolean;
}

/** What a rollout is told when it begins; its policy stays until it is re-based on record. */
export interface RolloutBrief {
  readonly stable: string;
  readonly author: string;
  readonly steps: readonly Step[];
  readonly people: Readonly<Record<string, readonly string[]>>;
  readonly policyDigest: string;
  /** Splits of this rollout use generations above it. */
  readonly generationBase: number;
  readonly salt: string;
  readonly calendar: CohortCalendar;
  /** As the model's file has it now, heard again with every look; absent where it declares no channel: then nobody is told, at no cost. */
  readonly notifications?: Telling;
  /** Where people reach the HTTP edge, which serves pages of evidence; absent where nobody told. */
  readonly edgeUrl?: string;
}

/** That somebody is to be told of news. Whom is not policy: a model file that has got channels since speaks for the rollouts that run. */
export interface Telling {
  /** Workflow time without an answer after which people are told again, milliseconds. */
  readonly escalateAfterMs: number | null;
}

/**
 * The newest decision of a rollout's chain, by its place and the digest that names it and all before it. The workflow's state carries it
 * away from the records, where whoever administers them cannot rewrite it.
 */
export interface ChainHead {
  readonly sequence: number;
  readonly digest: string;
}

/** How far one metric is from its verdict after a look. */
export interface StreamProgress {
  readonly stream: string;
  readonly assessment: string;
  /** On the way to being certified safe, and to certified harm: 0 to 1, by the logarithm of the evidence; null where nothing is asked. */
  readonly safe: number | null;
  readonly harm: number;
  readonly units: number;
  readonly unitsMin: number | null;
  /** Event time until it is certified, if the evidence goes on as so far, milliseconds; null where that is not to be said. */
  readonly leftMs: number | null;
}

/** One look of the gate as recorded; the machine obeys its verdict and keeps no counts. */
export interface Judgement {
  readonly decisionId: string;
  readonly run: 'shadow' | 'canary';
  readonly cohort: number;
  /** How many looks after this cohort came before, where any did. */
  readonly again?: number;
  readonly eventTime: string;
  readonly verdict: 'advance' | 'continue' | 'hold' | 'rollback' | 'escalate';
  readonly reasons: readonly string[];
  readonly evidenceDigest: string;
  /** Everything but the approvals for leaving the step is there. */
  readonly onlyApprovalMissing: boolean;
  /** First cohort in which a change decided now can take effect. */
  readonly effectiveCohort: number;
  /** Faults of the assignment besides the sample ratio; they stay. */
  readonly assignmentFaults: readonly string[];
  /** What keeps the step from being left, each with its numbers. */
  readonly unmet: readonly string[];
  readonly inWords: string;
  /** Aligned text table: stream, difference, bounds, units, evidence. */
  readonly table: string;
  /** The same as numbers, for bars; absent from looks of earlier releases. */
  readonly progress?: readonly StreamProgress[];
  /** Whole cohorts left until the deadline of the step; absent from looks of earlier releases. */
  readonly deadlineCohorts?: number;
  /** Share of the cohort's units that the candidate really got, and of how many; null where it was to get none. */
  readonly measured?: { readonly share: number; readonly units: number } | null;
  readonly head?: ChainHead;
}

export interface RolloutApproval {
  readonly by: string;
  readonly role: string;
  readonly step: number;
  readonly candidate: string;
  readonly evidenceDigest: string;
  readonly reason: string;
  readonly channel: string;
  /** Idempotency key of the command that carried it. */
  readonly commandId: string;
}

/** An approval as counted: with the last judged cohort at which it was given. */
export interface GivenApproval extends RolloutApproval {
  readonly cohort: number;
}

export interface ApprovalRequest {
  readonly step: number;
  readonly evidenceDigest: string;
  readonly since: string;
  readonly roles: readonly string[];
  readonly quorum: number;
  readonly approvals: readonly GivenApproval[];
}

/** A move to a step of the ladder that has been decided and not yet applied; `step` null is the promotion itself. */
export interface OrderedMove {
  readonly target: number;
  readonly step: Step | null;
  readonly decisionId: string;
  readonly evidenceDigest: string | null;
  readonly effectiveCohort: number | null;
}

export interface RolloutState {
  readonly phase: 'progressing' | 'paused' | 'healthy' | 'degraded';
  readonly brief: RolloutBrief | null;
  readonly evaluated: boolean;
  /** A validation case that the suite has got since: the candidate is evaluated again. */
  readonly newCase: string | null;
  /** A policy that is to take the present one's place. */
  readonly rebase: { readonly policyDigest: string; readonly by: string; readonly reason: string } | null;
  /** By how many cohorts people have extended the deadline of this step. */
  readonly extraCohorts: number;
  /** Why the split is not the ordered one; the gate holds, and only a rollback or a new rollout ends that. */
  readonly splitRefused: string | null;
  /** Index into the ladder. */
  readonly step: number;
  /** Desired exposure as last applied. */
  readonly exposure: number;
  readonly ordered: OrderedMove | null;
  /** Whether a split that names the candidate was ever ordered: then the way back goes through the gateways. */
  readonly touched: boolean;
  readonly retreated: boolean;
  /** Workflow time from the decision until every gateway had confirmed zero, milliseconds; absent before, and where nothing was split. */
  readonly zeroAfterMs?: number;
  readonly run: 'shadow' | 'canary' | null;
  readonly judgedCohort: number;
  readonly last: Judgement | null;
  /** First cohort after which evidence that is due was missing; absent while none is. */
  readonly missingSince?: number;
  readonly request: ApprovalRequest | null;
  /** Key of the approval request people have been told of. */
  readonly announced: string | null;
  /** First cohort served by the candidate alone. */
  readonly fullFrom: number | null;
  readonly decision: {
    readonly outcome: 'promoted' | 'refused' | 'rolled_back' | 'withdrawn';
    readonly reason: string;
    readonly by: string | null;
    readonly effectiveFrom: string | null;
  } | null;
  readonly recorded: boolean;
  /** Fencing token above the brief's base; grows with every order. */
  readonly generation: number;
  readonly escalated: boolean;
  /** Of the chain of decisions, as far as the rollout has been told of them. */
  readonly head?: ChainHead;
  readonly inWords: string;
}

export type RolloutEvent =
  | { readonly kind: 'begun'; readonly brief: RolloutBrief }
  /** `newCase`: the evaluation was for a suite that has grown. */
  | {
      readonly kind: 'evaluated' | 'checked';
      readonly passed: boolean;
      readonly decisionId: string;
      readonly evidenceDigest?: string | null;
      readonly head?: ChainHead;
      readonly inWords: string;
      readonly newCase?: string | null;
    }
  | { readonly kind: 'suiteGrew'; readonly caseId: string }
  | { readonly kind: 'extended'; readonly cohorts: number; readonly by: string; readonly reason: string }
  | { readonly kind: 'rebaseOrdered'; readonly policyDigest: string; readonly by: string; readonly reason: string }
  /** The new ladder, and the step of it on which the rollout stands now. */
  | {
      readonly kind: 'rebased';
      readonly policyDigest: string;
      readonly steps: readonly Step[];
      readonly people: RolloutBrief['people'];
      readonly step: number;
      readonly decisionId: string;
      readonly head?: ChainHead;
      readonly inWords: string;
    }
  | { readonly kind: 'rebaseRefused'; readonly policyDigest: string; readonly reason: string }
  /** The router has another split of a later generation: somebody else writes it. */
  | { readonly kind: 'splitRefused'; readonly reason: string }
  /** The step's workflow-time deadline has passed. */
  | { readonly kind: 'patienceEnded'; readonly step: number; readonly inWords: string }
  | {
      readonly kind: 'applied';
      readonly target: number;
      readonly effectiveCohort: number;
      readonly effectiveFrom: string;
    }
  /** `notifications`: as the model's file has them now, null where it has none; absent in answers of earlier releases. */
  | { readonly kind: 'judged'; readonly judgement: Judgement; readonly notifications?: Telling | null }
  | { readonly kind: 'servedOut'; readonly cohort: number }
  | { readonly kind: 'announced'; readonly request: ApprovalRequest | null }
  /** Every gateway has confirmed zero, so long after the decision, milliseconds. */
  | { readonly kind: 'retreated'; readonly afterMs?: number }
  | { readonly kind: 'finished' }
  /** Something failed that no retry can mend. */
  | { readonly kind: 'gaveUp'; readonly reason: string }
  | { readonly kind: 'approved'; readonly approval: RolloutApproval }
  | {
      readonly kind: 'rejected' | 'paused' | 'resumed' | 'rollbackOrdered';
      readonly by: string;
      readonly reason: string;
    };

export type RolloutTask =
  | { readonly kind: 'begin' }
  | { readonly kind: 'evaluate'; readonly newCase: string | null }
  /** Load and query in a process of its own. */
  | { readonly kind: 'check'; readonly step: number }
  | { readonly kind: 'rebase'; readonly rebase: NonNullable<RolloutState['rebase']> }
  | { readonly kind: 'apply'; readonly order: OrderedMove; readonly generation: number }
  | {
      readonly kind: 'judge';
      readonly run: 'shadow' | 'canary';
      /** The look heard of last: after which cohort, and how many had been before it after the same. */
      readonly afterCohort: number;
      readonly afterAgain: number;
      readonly mayAdvance: boolean;
      readonly extraCohorts: number;
      readonly patienceMs: number | null;
    }
  | { readonly kind: 'serveOut'; readonly cohort: number }
  /** Nothing can be done until a person speaks. */
  | { readonly kind: 'wait' }
  | { readonly kind: 'announce'; readonly request: ApprovalRequest | null }
  | { readonly kind: 'retreat'; readonly generation: number }
  | { readonly kind: 'finish'; readonly decision: NonNullable<RolloutState['decision']> }
  | { readonly kind: 'done' };
