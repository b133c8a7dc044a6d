/**
 * Inputs of the workflows and the interfaces of their activities. Activities implement these; workflows import nothing else.
 * An activity whose name ends in `Next` waits inside itself: while there is nothing to do it fails as benign and is retried, so a
 * wait of any length costs the history six events. Its `sequence` (the workflow's own counter) makes its answer repeatable.
 */
import type {
  Telling,
  ApprovalRequest,
  ChainHead,
  GivenApproval,
  Judgement,
  RolloutBrief,
  RolloutState,
  Step,
} from '../domain/rollout/states.ts';
import type { CaseDesk, CaseWord, ProposedCase } from '../domain/monitoring/case-desk.ts';
import type { LandingTally } from '../domain/collection/landing-tally.ts';
import type { CohortCalendar } from '../domain/time.ts';
import type { CampaignSpan, LabelingActivities } from './label-campaign.ts';
import type { EvidenceCommand, EvidenceReceipt } from './evidence.ts';
import type { ModelDeclaration } from './model.ts';
import type { Notice } from './notifications.ts';
import type { CandidateOutcome, CommandRecord, IncidentRecord, PartitionRecord, PerformanceRecord } from './records.ts';

export interface LifecycleInput {
  readonly declaration: ModelDeclaration;
  readonly digest: string;
  /** Directory that relative paths in the declaration start from. */
  readonly baseDir: string;
  readonly modelPath: string;
  /** What each stage said last, carried by continue-as-new. */
  readonly said?: Readonly<Record<string, string>>;
}

export interface StageInput {
  readonly model: string;
  /** Counter of work taken so far, carried by continue-as-new. */
  readonly sequence?: number;
}

export interface LifecycleActivities {
  /** Registers declaration, declared fallback, suite and first split; idempotent by the declaration's digest. */
  openModel(input: LifecycleInput): Promise<{ stable: string }>;
}

export interface CollectionInput extends StageInput {
  readonly tally?: LandingTally;
  /** The newest labelling campaign, and what is to say of it, as Markdown. */
  readonly labels?: { readonly campaignId: string; readonly inWords: string };
}

export interface CollectionWork {
  /** Complete event days without a partition record, in order; empty only where a campaign is due. */
  readonly days: readonly string[];
  /** Watermark of the log and the event time through which labels have matured; null before the first traffic. */
  readonly through: string | null;
  readonly maturedThrough: string | null;
  /** The labelling campaign that is due; absent where none is. */
  readonly campaign?: CampaignSpan;
}

export interface CollectionActivities {
  /** Compacts the gateways' closed log segments, moves the watermark, and returns the days that are complete and not landed. */
  collectNext(input: { model: string; sequence: number }): Promise<CollectionWork>;
  /** Lands one event day and records its verdict. A day that cannot be read is recorded as blocked, with the reason. */
  landPartition(input: { model: string; day: string }): Promise<PartitionRecord>;
}

export interface ExperimentPlan {
  readonly experimentId: string;
  readonly idea: string;
  readonly attempt: number;
  readonly asOf: string;
  readonly readyAt: string;
  readonly hypothesis: string;
  /** Where people reach the HTTP edge; absent where nobody told. */
  readonly edgeUrl?: string;
}

export interface ExperimentInput extends ExperimentPlan {
  readonly model: string;
}

export interface DatasetSummary {
  readonly datasetVersion: string;
  readonly rows: number;
  readonly days: number;
  readonly asOf: string;
}

export interface TrainingSummary {
  readonly artifact: string;
  readonly rows: number;
  readonly iterations: number;
  readonly trainLoss: number;
}

export interface ExperimentationActivities {
  /** The next idea whose turn it is by order, calendar or order of monitoring. */
  experimentNext(input: { model: string; sequence: number }): Promise<ExperimentPlan>;
  assembleDataset(input: ExperimentInput): Promise<DatasetSummary | null>;
  trainModel(input: ExperimentInput & { readonly datasetVersion: string }): Promise<TrainingSummary>;
  registerBundle(
    input: ExperimentInput & { readonly artifact: string | null; readonly datasetVersion: string | null },
  ): Promise<{ bundle: string }>;
  /** Returns when the declared training time has passed in event time. */
  trainingTimePassedNext(input: ExperimentInput): Promise<void>;
  submitCandidate(input: ExperimentInput & { readonly bundle: string }): Promise<{ handoffId: string }>;
  /** Ends an experiment that brings no candidate, with its reason. */
  abandonExperiment(input: ExperimentInput & { readonly reason: string }): Promise<void>;
}

export interface RolloutPlan {
  readonly rolloutId: string;
  readonly bundle: string;
  readonly idea: string;
  readonly claim: 'improve' | 'not-worse';
}

export interface RolloutInput extends RolloutPlan {
  readonly model: string;
  /** State of the rollout's machine, carried by continue-as-new. */
  readonly state?: RolloutState;
  /** Ids of commands already carried out, newest last. */
  readonly processed?: readonly string[];
  /** Messages taken so far. */
  readonly turn?: number;
  /** Step on which the rollout stands and workflow time since when, epoch milliseconds. */
  readonly stepSince?: { readonly step: number; readonly at: number };
  /** Workflow time since when a person is waited for, ISO 8601. */
  readonly waitsSince?: string | null;
  /** What people have been told, by key, newest last; and what was on its way to them. */
  readonly told?: readonly string[];
  readonly untold?: readonly Notice[];
  /** Orders that were on their way to the command log. */
  readonly unlogged?: readonly CommandRecord[];
}

/** Answer to the question `status` of a rollout: whose it is, and where it stands. */
export type RolloutStatus = RolloutPlan & { readonly model: string } & RolloutState;

export interface OfflineVerdict {
  readonly passed: boolean;
  readonly decisionId: string;
  readonly evidenceDigest: string | null;
  readonly reasons: readonly string[];
  readonly inWords: string;
  readonly head?: ChainHead;
}

export type RebaseAnswer =
  | {
      readonly accepted: true;
      readonly steps: readonly Step[];
      readonly people: RolloutBrief['people'];
      readonly step: number;
      readonly decisionId: string;
      readonly inWords: string;
      readonly head?: ChainHead;
    }
  | { readonly accepted: false; readonly reason: string };

export interface SetExposureInput {
  readonly model: string;
  readonly rolloutId: string;
  readonly generation: number;
  readonly decisionId: string;
  readonly stable: string;
  readonly candidate: string | null;
  readonly exposure: number;
  readonly mirror: boolean;
  /** The bundle that nobody may be served by any more, for the way back; null for a way forth. */
  readonly leaving: string | null;
  readonly salt: string;
  readonly calendar: CohortCalendar;
  /** First cohort of effect; null: the next whole one. A cohort that has begun is replaced by the next that has not. */
  readonly effectiveCohort: number | null;
}

/** A split with the step of the ladder it is of. */
export interface ExposureMove extends SetExposureInput {
  readonly step: number;
  readonly mode: string;
  readonly evidenceDigest: string | null;
}

export interface ExposureApplied {
  readonly effectiveCohort: number;
  readonly effectiveFrom: string;
  readonly gateways: number;
}

/** A look, or word of a validation case that the candidate has not been evaluated on yet: that comes first. */
export type JudgeAnswer =
  | { readonly kind: 'judged'; readonly judgement: Judgement; readonly notifications?: Telling | null }
  | { readonly kind: 'suiteGrew'; readonly caseId: string };

export interface RolloutActivities {
  beginRollout(input: RolloutInput): Promise<RolloutBrief>;
  /** On the suite as it stands; `newCase` names the case because of which it is done again. */
  evaluateOffline(
    input: RolloutInput & { readonly stable: string; readonly newCase: string | null },
  ): Promise<OfflineVerdict>;
  /** Loads the candidate in a process of its own and has it answer recorded requests; nobody is exposed. */
  checkServing(input: RolloutInput & { readonly step: number; readonly policyDigest: string }): Promise<OfflineVerdict>;
  /** Whether a rollout may go on under another recorded policy, and where on its ladder. */
  rebasePolicy(input: {
    readonly model: string;
    readonly rolloutId: string;
    readonly policyDigest: string;
    readonly from: string;
    readonly step: number;
    readonly exposure: number;
    readonly by: string;
    readonly reason: string;
  }): Promise<RebaseAnswer>;
  /** Writes an order down that nobody had written down before it came, once. */
  recordOrder(input: { readonly model: string; readonly attempt: CommandRecord }): Promise<void>;
  /** Records a batch of evidence once; says why one is not taken. */
  recordEvidence(
    input: EvidenceCommand & { readonly model: string; readonly rolloutId: string },
  ): Promise<EvidenceReceipt>;
  /**
   * Puts a split into effect at every gateway, then records it. Which comes first matters: with the record store down it is in effect all
   * the same, and only the answer waits.
   */
  setExposure(input: ExposureMove): Promise<ExposureApplied>;
  /** Everyone on stable, verified at every gateway; idempotent, never gives up, needs no record store. */
  returnToStable(input: SetExposureInput): Promise<ExposureApplied>;
  /**
   * Waits for the next cohort or for evidence that somebody pushes for those before, measures what has matured, records it, judges all
   * recorded evidence. A look that was recorded after the one named is the answer, also where its answer was lost.
   */
  judgeNext(input: {
    readonly model: string;
    readonly rolloutId: string;
    readonly run: 'shadow' | 'canary';
    /** The look heard of last: after which cohort, and how many had been before it after the same. */
    readonly afterCohort: number;
    readonly afterAgain: number;
    readonly mayAdvance: boolean;
    readonly policyDigest: string;
    readonly step: number;
    readonly extraCohorts: number;
    readonly approvals: readonly GivenApproval[];
    readonly splitRefused: string | null;
    /** Grows with every message to the rollout; a look that is still waiting from an earlier turn ends without one. */
    readonly turn: number;
  }): Promise<JudgeAnswer>;
  /** Returns when a cohort has been served completely. */
  cohortServedNext(input: {
    readonly model: string;
    readonly rolloutId: string;
    readonly cohort: number;
  }): Promise<void>;
  /** Tells people what waits for them, or that nothing does. */
  announceRequest(input: {
    readonly model: string;
    readonly rolloutId: string;
    readonly candidate: string;
    readonly idea: string;
    readonly request: ApprovalRequest | null;
    readonly turn: number;
  }): Promise<void>;
  /** Records the outcome (and the new stable, when promoted), leaves a handoff for promotion. */
  finishRollout(
    input: RolloutInput & {
      readonly outcome: CandidateOutcome;
      readonly step: string;
      readonly stepIndex: number;
      readonly reason: string;
      readonly by: string | null;
      readonly effectiveFrom: string | null;
      /** From the decision until every gateway had confirmed zero, milliseconds; null where nothing was split, or it was promoted. */
      readonly zeroAfterMs: number | null;
    },
  ): Promise<{ handoffId: string }>;
}

export interface PromotionActivities {
  /** Acknowledges what promotion was told, applies the newer-candidate policy, and names the rollout to start, if any. */
  nextRollout(input: { model: string; sequence: number }): Promise<RolloutPlan | null>;
  /**
   * For a rollout whose process has ended without recording an outcome: everyone back on stable, verified at every gateway, and the
   * candidate's outcome recorded with the reason. Never gives up. One that has recorded its outcome is left as it is.
   */
  setRolloutAside(input: RolloutPlan & { readonly model: string }): Promise<{ readonly outcome: CandidateOutcome }>;
}

export interface NotificationActivities {
  /**
   * Tells people on every channel of the model that asks for the topic. A channel that has taken a notice gets it no more: what failed on
   * the way is tried again alone. @returns the channels that refuse it for good, with their reason
   */
  notify(input: Notice): Promise<{ readonly refused: readonly string[] }>;
}

export type MonitoringWork = (
  | { readonly kind: 'performance'; readonly performance: PerformanceRecord; readonly inWords: string }
  | { readonly kind: 'incident'; readonly incident: IncidentRecord }
) & {
  /** As in ExperimentPlan. */
  readonly edgeUrl?: string;
};

export interface IncidentResponse {
  readonly inWords: string;
  readonly orderedRetrain: { readonly handoffId: string } | null;
  /** The rollout in flight that the workflow must order back. */
  readonly orderedRollback: { readonly rolloutId: string } | null;
  /** Whether the declared response is a person's. */
  readonly needsHuman: boolean;
  /** What people are told of it; absent where the model declares no channel. */
  readonly notice?: Notice;
  /** Workflow time without an answer after which people are told again, milliseconds; absent where nobody is. */
  readonly escalateAfterMs?: number;
}

export interface ClosedIncident {
  readonly inWords: string;
  /** The new case, and the note that promotion learns of it by; null where the suite has not grown. */
  readonly caseId: string | null;
  readonly handoffId: string | null;
}

export interface MonitoringInput extends StageInput {
  readonly state?: { readonly recent: readonly PerformanceRecord[]; readonly open: readonly string[] };
  /** As the newest work told it. */
  readonly edgeUrl?: string;
}

export interface MonitoringActivities {
  /** Measures the next matured day or names the next broken objective. */
  monitorNext(input: { model: string; sequence: number }): Promise<MonitoringWork>;
  /** Carries out the declared response once: fallback override, retrain order, or a page. */
  respond(input: { model: string; incidentId: string }): Promise<IncidentResponse>;
  /** Returns when the objective has been met long enough, or new facts change the words. */
  recoveryNext(input: {
    model: string;
    incidentId: string;
    sequence: number;
  }): Promise<{ recovered: boolean; inWords: string }>;
  /**
   * Takes the fallback back where one was set, writes reason and new validation case, leaves a handoff for promotion. Where the model has
   * people judge new cases, the case is only proposed.
   */
  closeIncident(input: {
    model: string;
    incidentId: string;
  }): Promise<ClosedIncident & { readonly proposed?: ProposedCase }>;
  /** Writes down the word on a proposed case; an accepted one enters the suite, with a handoff for promotion. */
  settleCase(input: { model: string; incidentId: string; word: CaseWord }): Promise<ClosedIncident>;
}

export interface IncidentInput {
  readonly model: string;
  readonly incidentId: string;
  /** As in ExperimentPlan. */
  readonly edgeUrl?: string;
  readonly sequence?: number;
  /** What was done about it, once it was done. */
  readonly response?: IncidentResponse;
  /** Where it stands, carried by continue-as-new. */
  readonly inWords?: string;
  /** The proposed case and what was said of it, carried by continue-as-new. */
  readonly newCase?: CaseDesk;
  /** Workflow time since when a person is waited for, ISO 8601. */
  readonly waitsSince?: string | null;
  /** As in RolloutInput. */
  readonly told?: readonly string[];
  readonly untold?: readonly Notice[];
}

/** What an incident answers to the question where it stands. */
export interface IncidentStatus extends IncidentInput {
  readonly newCase: CaseDesk;
  readonly inWords: string;
}

export type AllActivities = LifecycleActivities &
  CollectionActivities &
  LabelingActivities &
  ExperimentationActivities &
  RolloutActivities &
  PromotionActivities &
  NotificationActivities &
  MonitoringActivities;
