/** A labelling campaign as a process: its input, its activities, and what it answers. */
import type { CampaignBrief, CampaignState, TakenLabel } from '../domain/collection/campaign.ts';
import type { CampaignSummary } from '../domain/collection/campaign-summary.ts';
import type { TaskStand } from '../domain/collection/label-answers.ts';
import type { LabelDelivery } from './label-records.ts';
import type { Notice } from './notifications.ts';

/** A campaign and the event times [from, through) of the requests it asks about, ISO 8601. */
export interface CampaignSpan {
  readonly campaignId: string;
  readonly from: string;
  readonly through: string;
  /** The campaign before, where it is open still and its labels could not count any more. */
  readonly overtakes?: string;
}

export interface CampaignInput {
  readonly model: string;
  readonly campaignId: string;
  /** Carried by continue-as-new. */
  readonly state?: CampaignState;
  readonly waitsSince?: string | null;
  readonly told?: readonly string[];
  readonly untold?: readonly Notice[];
}

/** Answer to the question `status` of a campaign: all that people may know of it while it is open, and how it came out. */
export type CampaignStatus = CampaignState & {
  readonly model: string;
  readonly campaignId: string;
  /** Null until it closes. */
  readonly summary: CampaignSummary | null;
  readonly delivery: LabelDelivery | null;
  readonly inWords: string;
};

export interface LabelingActivities {
  /** Draws the tasks of a campaign and records them, once: asked again, it gives the same. No tasks: there was nothing to label. */
  drawCampaign(input: CampaignSpan & { readonly model: string }): Promise<{ tasks: number; inWords: string }>;
  /** What a drawn campaign asks of whom. Nothing in it tells gold tasks from others. */
  openCampaign(input: { readonly model: string; readonly campaignId: string }): Promise<CampaignBrief>;
  /** Records what people said, each once, and weighs everything said so far. */
  recordLabels(input: {
    readonly model: string;
    readonly campaignId: string;
    readonly labels: readonly TakenLabel[];
  }): Promise<{
    readonly tasks: readonly {
      readonly task: string;
      readonly stands: TaskStand;
      readonly have: number;
      readonly asked: number;
    }[];
    readonly setAside: readonly { readonly by: string; readonly reason: string }[];
  }>;
  /** Settles every task by what was said, for good, and records the summary. A campaign that was settled before keeps it. */
  settleCampaign(input: {
    readonly model: string;
    readonly campaignId: string;
    readonly reason: string;
  }): Promise<CampaignSummary>;
  /** Sends the labels that stand as outcomes, gold aside; each counts once however often it is sent. */
  deliverLabels(input: { readonly model: string; readonly campaignId: string }): Promise<LabelDelivery>;
}
