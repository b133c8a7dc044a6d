/** What is on record of one rollout, as far as its decisions can be judged again from it. Plain JSON; contracts fill it in. */
import type { LoggedOrder } from './approvals.ts';
import type { LookBasis, StreamCounts } from './looks.ts';
import type { RecordedPolicy } from './recorded-policy.ts';
import type { ChainHead } from './states.ts';
import type { CaseResult, SuiteCase } from './suite.ts';

export interface RecordedApproval {
  readonly by: string;
  readonly role: string;
  readonly rolloutId: string;
  readonly step: number;
  readonly candidate: string;
  readonly evidenceDigest: string;
  readonly commandId: string;
}

export interface RecordedDecision {
  readonly decisionId: string;
  readonly rolloutId: string;
  readonly run: 'offline' | 'infra' | 'shadow' | 'canary' | 'operator';
  readonly cohort: number | null;
  readonly verdict: string;
  readonly reasons: readonly string[];
  readonly candidate: string;
  readonly stable: string;
  readonly policyDigest: string;
  readonly evidenceDigest: string | null;
  readonly batchesDigest: string | null;
  readonly basis: LookBasis | null;
  readonly look: unknown;
  readonly approvals: readonly RecordedApproval[];
}

/** A decision in its chain: the digest names it and everything before it. */
export interface ChainLink extends ChainHead {
  readonly key: string;
  readonly body: RecordedDecision;
  readonly previousDigest: string;
}

export interface RecordedEvidence extends StreamCounts {
  readonly batchId: string;
}

/** What an offline evaluation found. */
export interface RecordedAttestation {
  readonly passed: boolean;
  readonly cases: readonly CaseResult[];
}

/** A rise or fall of exposure as it took effect. */
export interface RecordedExposure {
  readonly exposure: number;
  readonly mode: string;
  readonly decisionId: string;
  readonly evidenceDigest: string | null;
}

export interface RecordedRollout {
  readonly rolloutId: string;
  /** By sequence. */
  readonly chain: readonly ChainLink[];
  /** The plain record of each decision, by its id. */
  readonly decisions: ReadonlyMap<string, unknown>;
  /** All evidence of the rollout, by batch id. */
  readonly evidence: ReadonlyMap<string, RecordedEvidence>;
  readonly policies: ReadonlyMap<string, RecordedPolicy>;
  readonly attestations: readonly RecordedAttestation[];
  /** Cases of the suite, by id in code units. */
  readonly suite: readonly SuiteCase[];
  /** Orders as the command log has them, by command id; those that are not on record are not there. */
  readonly commands: ReadonlyMap<string, LoggedOrder>;
  readonly exposures: readonly RecordedExposure[];
  /** Of the chain, as somebody else has seen it; null where nobody has. */
  readonly head: ChainHead | null;
}

/** What is recorded is not what follows from the records. Thrown at the first difference. */
export class Difference extends Error {
  readonly link: ChainLink | null;

  /** @param link The decision at which it shows; null where it shows at none */
  constructor(link: ChainLink | null, inWords: string) {
    super(inWords);
    this.link = link;
  }
}
