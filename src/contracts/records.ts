/**
 * The records: small, transactional, in the record store. Histories hold references to them, never data.
 * Mutable kinds are projections that can be rebuilt; immutable kinds are named by content or written once.
 */
import type { BundleManifest, SplitEntry } from './serving.ts';
import type { CaseWord } from '../domain/monitoring/case-desk.ts';
import type { Report } from '../domain/report/report.ts';
import type { LookBasis } from '../domain/rollout/looks.ts';
import type { ScoreTally } from '../domain/rollout/score-tally.ts';
import type { TimingTally } from '../domain/rollout/timing-tally.ts';
import type { LabelAnswerRecord, LabelCampaignRecord, LabelTaskRecord } from './label-records.ts';
import type { ModelDeclaration } from './model.ts';
import type { RolloutPolicy } from './rollout-policy.ts';

export interface PartitionRecord {
  readonly day: string;
  readonly verdict: 'accepted' | 'blocked';
  readonly rows: number;
  readonly accepted: number;
  readonly quarantined: ReadonlyArray<{ readonly checkId: string; readonly rows: number }>;
  readonly blockedBy: { readonly checkId: string; readonly reason: string } | null;
  readonly digest: string;
  readonly landedAt: string;
}

export interface DatasetVersionRecord {
  readonly digest: string;
  readonly partitions: ReadonlyArray<{ readonly day: string; readonly digest: string }>;
  readonly asOf: string;
  readonly rows: number;
  readonly features: readonly string[];
  readonly label: string;
}

export const CANDIDATE_OUTCOMES = [
  'promoted',
  'refused',
  'rolled_back',
  'superseded',
  'withdrawn',
  'queued',
  'in_progress',
] as const;
export type CandidateOutcome = (typeof CANDIDATE_OUTCOMES)[number];

/** A rise or fall of exposure as it was ordered and took effect. */
export interface ExposureChange {
  readonly exposure: number;
  readonly mode: string;
  readonly eventTime: string;
  readonly decisionId: string;
  readonly evidenceDigest: string | null;
}

export interface CandidateRecord {
  readonly bundle: string;
  readonly idea: string;
  readonly attempt: number;
  readonly claim: 'improve' | 'not-worse';
  readonly priority: 'idea' | 'retrain';
  readonly outcome: CandidateOutcome;
  readonly rolloutId: string | null;
  readonly step: string | null;
  readonly reason: string | null;
  readonly exposureHistory: readonly ExposureChange[];
  readonly readyAt: string;
  readonly decidedAt: string | null;
  /** From the decision against it until every gateway had confirmed zero, milliseconds; absent where it was never split. */
  readonly zeroAfterMs?: number;
}

export interface StableRecord {
  readonly bundle: string;
  readonly idea: string;
  readonly since: string;
  readonly rolloutId: string | null;
}

/** Counts of one stream in one cohort: what a verdict rests on. Integer counts only. */
export interface EvidenceRecord {
  readonly batchId: string;
  readonly cohort: number;
  readonly stream: string;
  readonly histogram: ReadonlyArray<readonly [number, number, number]> | null;
  readonly window: readonly [number, number, number, number] | null;
  readonly units: number;
}

/** Scores of one cohort, once its labels have matured. For pages: nothing is judged by them. */
export interface ScoresRecord extends ScoreTally {
  readonly run: 'shadow' | 'canary';
  readonly cohort: number;
}

/** What scoring took in one cohort, once it has been looked at. For pages: measured on a machine, and nothing is judged by it. */
export interface TimingsRecord extends TimingTally {
  readonly run: 'shadow' | 'canary';
  readonly cohort: number;
}

/** What a rollout is judged by; immutable, named by its digest. */
export interface PolicyRecord {
  readonly claim: 'improve' | 'not-worse';
  readonly rollout: RolloutPolicy;
  readonly people: ModelDeclaration['people'];
  /** Length of a cohort, and time from its end until its labels count, milliseconds. */
  readonly cohortMs: number;
  readonly maturityMs: number;
  readonly affectsLabel: boolean;
  readonly absence: 'exclude' | 'zero';
}

/** Counts of a metric that somebody else measures, for one cohort: one batch a metric and cohort, recorded before anybody is told. */
export interface EvidenceBatchRecord {
  readonly batchId: string;
  readonly rolloutId: string;
  readonly metric: string;
  readonly cohort: number;
  readonly histogram: EvidenceRecord['histogram'];
  readonly window: EvidenceRecord['window'];
  /** New units per arm, where they were told. */
  readonly assigned?: { readonly control: number; readonly candidate: number };
  readonly by: string;
  readonly channel: string;
}

/** One decision, complete enough to be judged again. Chained by digest per rollout. */
export interface DecisionRecord {
  readonly decisionId: string;
  readonly rolloutId: string;
  readonly run: 'offline' | 'infra' | 'shadow' | 'canary' | 'operator';
  readonly step: string;
  readonly cohort: number | null;
  readonly eventTime: string;
  readonly verdict: 'advance' | 'continue' | 'hold' | 'rollback' | 'escalate' | 'refuse';
  readonly reasons: readonly string[];
  readonly candidate: string;
  readonly stable: string;
  readonly policyDigest: string;
  readonly evidenceDigest: string | null;
  /** Digest over the ids of all evidence records the verdict rests on. */
  readonly batchesDigest: string | null;
  /** Event time through which the log was complete. */
  readonly watermark: string | null;
  /** What the look was told beside the counts; null where no gate looked. */
  readonly basis: LookBasis | null;
  readonly look: unknown;
  readonly approvals: readonly ApprovalRecord[];
  readonly inWords: string;
}

export interface ApprovalRecord {
  readonly by: string;
  readonly role: string;
  readonly rolloutId: string;
  readonly step: number;
  readonly candidate: string;
  readonly evidenceDigest: string;
  readonly note: string;
  readonly channel: string;
  readonly commandId: string;
}

export interface SuiteCaseRecord {
  readonly id: string;
  readonly origin: 'declared' | 'incident';
  readonly incidentId: string | null;
  readonly where: string;
  /** First and last event day of the rows, or null for the trailing days before the dataset's as-of time. */
  readonly days: { readonly from: string; readonly to: string } | null;
  readonly lastDays: number | null;
  readonly maxRegressionPerThousand: number;
  readonly minUnits: number;
  readonly reason: string;
  readonly since: string;
}

/**
 * A case that an incident proposes where people judge new cases. It judges no candidate: only what was accepted is among the suite's
 * cases.
 */
export interface ProposedCaseRecord {
  /** As proposed. */
  readonly suiteCase: SuiteCaseRecord;
  readonly role: string;
  /** Workflow time that people had for their word, ISO 8601 duration. */
  readonly within: string;
  /** What became of it; null while a word is waited for. */
  readonly word: CaseWord | null;
}

export interface AttestationRecord {
  readonly bundle: string;
  readonly against: string;
  readonly suiteVersion: string;
  readonly passed: boolean;
  readonly cases: ReadonlyArray<{
    readonly id: string;
    readonly units: number;
    readonly candidateLoss: number | null;
    readonly stableLoss: number | null;
    readonly result: 'passed' | 'failed' | 'skipped';
    readonly reason: string;
  }>;
}

export interface PerformanceRecord {
  readonly day: string;
  readonly units: number;
  readonly labelled: number;
  readonly loss: number | null;
  readonly fallbackLoss: number | null;
  readonly auc: number | null;
  readonly meanPrediction: number | null;
  readonly meanLabel: number | null;
  readonly freshnessMaxMs: number | null;
  readonly bundles: readonly string[];
  readonly byBundle: ReadonlyArray<{
    readonly bundle: string;
    readonly labelled: number;
    readonly loss: number | null;
  }>;
  readonly servedByFallback: number;
}

export interface IncidentRecord {
  readonly id: string;
  readonly objective: string;
  readonly openedAt: string;
  readonly symptom: string;
  readonly cause: string | null;
  readonly features: readonly string[];
  readonly response: string;
  readonly responseDecisionId: string | null;
  readonly closedAt: string | null;
  readonly closingReason: string | null;
  readonly caseId: string | null;
}

export interface CommandRecord {
  readonly commandId: string;
  readonly command: string;
  readonly target: string;
  readonly by: string;
  readonly channel: string;
  readonly body: unknown;
  readonly result: string;
  /** Event time through which the log was complete when it was written down; absent where nothing had been logged, and in old records. */
  readonly eventTime?: string;
  /** Who it was by the word of the HTTP edge; absent where a name is only a claim. */
  readonly authenticatedAs?: string;
}

/** What waits for a person, with the command that answers it. */
export interface ApprovalRequestRecord {
  readonly rolloutId: string;
  readonly step: number;
  readonly candidate: string;
  readonly idea: string;
  readonly evidenceDigest: string;
  readonly roles: readonly string[];
  readonly quorum: number;
  readonly approvals: readonly ApprovalRecord[];
  readonly since: string;
  readonly open: boolean;
}

/** What each process says of itself, for pages, status and the live view. */
export interface StageRecord {
  readonly workflowId: string;
  readonly stage: 'collection' | 'experimentation' | 'rollout' | 'monitoring';
  readonly inWords: string;
  readonly waitingFor: string;
  readonly since: string;
}

/** Every kind of record: its key's meaning and its body. */
export interface RecordBodies {
  /** key: 'declaration' */
  model: {
    readonly declaration: ModelDeclaration;
    readonly digest: string;
    readonly path: string;
    readonly baseDir: string;
  };
  /** key: event day */
  partition: PartitionRecord;
  /** key: campaign id */
  labelCampaign: LabelCampaignRecord;
  /** key: `${campaignId}/${task}` */
  labelTask: LabelTaskRecord;
  /** key: `${campaignId}/${task}/answer/${by}`, or `${campaignId}/${task}/adjudication`; immutable */
  labelAnswer: LabelAnswerRecord;
  /** key: digest; immutable */
  datasetVersion: DatasetVersionRecord;
  /** key: digest; immutable */
  bundle: BundleManifest;
  /** key: bundle digest */
  candidate: CandidateRecord;
  /** key: zero-padded ordinal; the last one serves */
  stable: StableRecord;
  /** key: `${rolloutId}/${run}/${stream}/${cohort padded}`; immutable */
  evidence: EvidenceRecord;
  /** key: `${rolloutId}/${run}/${cohort padded}`; immutable */
  scores: ScoresRecord;
  /** key: `${rolloutId}/${run}/${cohort padded}`; immutable */
  timings: TimingsRecord;
  /** key: `${rolloutId}/${run}`: the gate's state after its last look */
  gateState: {
    /** The last look: after which cohort, and how many had been before it after the same, where any had. */
    readonly cohort: number;
    readonly again?: number;
    /** Of that cohort. */
    readonly status: 'ok' | 'void';
    /** Why a stream's evidence was not there, by stream. */
    readonly missing: Readonly<Record<string, string>>;
    readonly state: unknown;
    readonly evidenceDigest: string;
    readonly batchesDigest: string;
    readonly policyDigest: string;
    readonly assignmentFaults: readonly string[];
  };
  /** key: digest; immutable */
  policy: PolicyRecord;
  /** key: `${rolloutId}/${metric}/${cohort padded}`; immutable */
  evidenceBatch: EvidenceBatchRecord;
  /** key: decision id; immutable, chained */
  decision: DecisionRecord;
  /** key: `${gateway}/${sequence padded}`; immutable */
  ledger: { readonly gateway: string; readonly line: unknown };
  /** key: case id; immutable */
  suiteCase: SuiteCaseRecord;
  /** key: incident id */
  proposedCase: ProposedCaseRecord;
  /** key: `${bundle}/${against}/${suiteVersion}`; immutable */
  attestation: AttestationRecord;
  /** key: digest of the report; immutable */
  report: Report;
  /** key: event day */
  performance: PerformanceRecord;
  /** key: incident id */
  incident: IncidentRecord;
  /** key: command id; immutable */
  command: CommandRecord;
  /** key: rollout id */
  approvalRequest: ApprovalRequestRecord;
  /** key: workflow id */
  stage: StageRecord;
  /** key: rollout id: the split entries as ordered, in order of effect */
  schedule: {
    readonly entries: ReadonlyArray<
      SplitEntry & {
        readonly cohort: number;
        readonly step: number;
        readonly mode: string;
        readonly generation: number;
      }
    >;
  };
  /** key: free; small things a stage must remember, for example the next due time of an idea */
  memory: { readonly value: unknown };
}
export type RecordKind = keyof RecordBodies;
