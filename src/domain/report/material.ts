/** What is on record for a page about a rollout. Plain JSON; contracts fill it in. */
import type { RecordedRollout } from '../rollout/recorded-chain.ts';
import type { RecordedDecision } from '../rollout/recorded-chain.ts';
import type { ScoreTally } from '../rollout/score-tally.ts';
import type { TimingTally } from '../rollout/timing-tally.ts';
import type { CohortCalendar } from '../time.ts';

/** A decision with what pages say of it beside what can be judged again. */
export interface ToldDecision extends RecordedDecision {
  readonly step: string;
  readonly eventTime: string;
  readonly watermark: string | null;
  readonly inWords: string;
  readonly approvals: ReadonlyArray<RecordedDecision['approvals'][number] & { readonly note: string }>;
}

export interface ToldExposure {
  readonly exposure: number;
  readonly mode: string;
  readonly eventTime: string;
  readonly decisionId: string;
}

export interface ToldIncident {
  readonly id: string;
  readonly objective: string;
  readonly openedAt: string;
  readonly symptom: string;
  readonly response: string;
  readonly closedAt: string | null;
  readonly closingReason: string | null;
}

export interface ToldScores extends ScoreTally {
  readonly run: 'shadow' | 'canary';
  readonly cohort: number;
}

export interface ToldTimings extends TimingTally {
  readonly run: 'shadow' | 'canary';
  readonly cohort: number;
}

export interface ToldOrder {
  readonly commandId: string;
  readonly command: string;
  readonly by: string;
  readonly channel: string;
  /** Why, in the words of who ordered it; null where nothing was said. */
  readonly reason: string | null;
  /** Event time through which the log was complete when it was written down; null where that is not on record. */
  readonly eventTime: string | null;
}

export interface RolloutMaterial {
  readonly model: string;
  readonly recorded: Omit<RecordedRollout, 'head'>;
  readonly idea: string;
  readonly claim: 'improve' | 'not-worse';
  readonly outcome: string;
  readonly reason: string | null;
  readonly decidedAt: string | null;
  readonly exposures: readonly ToldExposure[];
  readonly scores: readonly ToldScores[];
  /** By cohort; of cohorts from before they were taken there are none. */
  readonly timings: readonly ToldTimings[];
  readonly incidents: readonly ToldIncident[];
  /** What people and programs ordered. */
  readonly orders: readonly ToldOrder[];
  /** What the serving check measured on its machine; null where there was none. */
  readonly servingCheck: {
    readonly answered: number;
    readonly latencyMsP99: number | null;
    readonly memoryBytes: number;
  } | null;
  /** What is counted, as the model names it. */
  readonly unit: string;
  readonly calendar: CohortCalendar;
}

/** Decisions of a rollout as pages tell them: the records hold more than is judged again. */
export function decisionsOf({ recorded }: RolloutMaterial): ReadonlyArray<ChainedDecision> {
  return recorded.chain.map(({ sequence, digest, body }) => ({ ...(body as ToldDecision), sequence, digest }));
}

export type ChainedDecision = ToldDecision & { readonly sequence: number; readonly digest: string };
