/** Labels for the tasks of one campaign, as they come over HTTP. */
import { adjudicateLabelTask, answerLabelTask, campaignStatus, modelOfCampaign } from '../client/labeling.ts';
import { adjudicateLabelTaskMessage, answerLabelTaskMessage } from '../contracts/messages.ts';
import { said } from './orders.ts';
import type { OrderedProcess } from './orders.ts';

export const campaigns: OrderedProcess = {
  kind: 'campaign',
  modelOf: modelOfCampaign,
  status: campaignStatus,
  commands: {
    [answerLabelTaskMessage.name]: {
      schema: said(answerLabelTaskMessage.schema),
      send: answerLabelTask,
      repeats: false,
    },
    [adjudicateLabelTaskMessage.name]: {
      schema: said(adjudicateLabelTaskMessage.schema),
      send: adjudicateLabelTask,
      repeats: false,
    },
  },
};
