/** What a person may say of the tasks of a labelling campaign. */
import type { Client } from '@temporalio/client';
import type { CampaignStatus } from '../contracts/label-campaign.ts';
import { adjudicateLabelTaskMessage, answerLabelTaskMessage } from '../contracts/messages.ts';
import type { AdjudicateLabelTaskCommand, AnswerLabelTaskCommand, LabelTaskAnswer } from '../contracts/messages.ts';
import type { CallOptions } from './call.ts';
import { status } from './lifecycle.ts';
import { modelOf, sendOrder } from './order.ts';
import type { CommandOptions, OrderReply } from './order.ts';

export type LabelReply = OrderReply<LabelTaskAnswer>;
export type LabelAnswer = Omit<AnswerLabelTaskCommand, 'commandId'>;
export type LabelRuling = Omit<AdjudicateLabelTaskCommand, 'commandId'>;

/** One person's answer to a task; it stands. */
export function answerLabelTask(
  client: Client,
  campaignId: string,
  order: LabelAnswer,
  options: CommandOptions = {},
): Promise<LabelReply> {
  return sendOrder(client, campaignId, answerLabelTaskMessage.name, order, options);
}

/** Settles a task on which people disagree. */
export function adjudicateLabelTask(
  client: Client,
  campaignId: string,
  order: LabelRuling,
  options: CommandOptions = {},
): Promise<LabelReply> {
  return sendOrder(client, campaignId, adjudicateLabelTaskMessage.name, order, options);
}

/**
 * What a campaign asks, how far it is, and how it came out.
 * @throws PROCESS_NOT_FOUND, also for an id of another kind of process; CALL_TIMEOUT, TEMPORAL_UNAVAILABLE
 */
export async function campaignStatus(
  client: Client,
  campaignId: string,
  options: CallOptions = {},
): Promise<CampaignStatus> {
  modelOfCampaign(campaignId);
  return (await status(client, campaignId, options)) as CampaignStatus;
}

/**
 * The model that a campaign is of.
 * @throws PROCESS_NOT_FOUND for an id of another kind of process
 */
export const modelOfCampaign = (campaignId: string): string =>
  modelOf('campaign', campaignId, 'campaign/flight-delay/2001-02-25-1');
