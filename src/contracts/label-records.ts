/** What is on record of labelling by people. Whether a task is gold stands here and nowhere that annotators see. */
import type { CampaignSummary } from '../domain/collection/campaign-summary.ts';
import type { TakenLabel } from '../domain/collection/campaign.ts';
import type { DrawnTask } from '../domain/collection/label-sample.ts';
import type { TaskStanding } from '../domain/collection/label-answers.ts';
import type { Labeling } from './labeling.ts';

/** One campaign, or a span in which there was nothing to ask. */
export interface LabelCampaignRecord {
  readonly campaignId: string;
  /** `none`: nothing was to label, so nobody was asked. */
  readonly state: 'none' | 'open' | 'closed';
  /** Event times [from, through) of the requests that are asked about, ISO 8601. */
  readonly from: string;
  readonly through: string;
  /** Requests of the span whose outcome had not come by `through`. */
  readonly open: number;
  readonly tasks: number;
  readonly gold: number;
  /** As declared when it was drawn: a campaign ends by the rules it began with. */
  readonly labeling: Labeling;
  readonly annotators: readonly string[];
  readonly adjudicators: readonly string[];
  readonly inWords: string;
  /** Null until it closes. */
  readonly summary: CampaignSummary | null;
  /** What became of the labels that stand; null until they were sent. */
  readonly delivery: LabelDelivery | null;
}

/** Labels that the gateways took, knew already, or refused. */
export interface LabelDelivery {
  readonly accepted: number;
  readonly duplicates: number;
  readonly refused: readonly { readonly task: string; readonly reason: string }[];
}

/** One task: the request behind it, and the label it has come to. */
export interface LabelTaskRecord extends DrawnTask {
  readonly campaignId: string;
  /** Null until the campaign closes. */
  readonly standing: TaskStanding | null;
}

/** What one person said of one task. Never changed. */
export type LabelAnswerRecord = TakenLabel & { readonly campaignId: string };
