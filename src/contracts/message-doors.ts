/** Which workflow takes which message, who starts it, and what it answers to the question `status`. A test asks the real workflows. */
import {
  adjudicateLabelTaskMessage,
  answerLabelTaskMessage,
  campaignClosedSignal,
  campaignOvertakenSignal,
  candidateReadySignal,
  CASE_COMMANDS,
  COMMANDS,
  evidenceArrivedSignal,
  incidentClosedSignal,
  queueAskedSignal,
  recordEvidenceMessage,
  retrainOrderedSignal,
  rolloutFinishedSignal,
  stageChangedSignal,
  suiteGrewSignal,
} from './messages.ts';
import type { MessageDefinition, MessageSchema } from './messages.ts';
import type { WorkflowKind } from './names.ts';

export type AnyMessage = MessageDefinition<string, MessageSchema>;

export interface Doors {
  /** Its id, with the parts that vary in capitals. */
  readonly id: string;
  /** What it is for, how long it lives, who starts it. */
  readonly about: string;
  readonly startedBy: string;
  readonly signals: readonly AnyMessage[];
  readonly updates: readonly AnyMessage[];
  /** What `status` tells, with its shape. */
  readonly status: string;
}

export const DOORS = {
  lifecycle: {
    id: 'lifecycle/MODEL',
    about: 'The parent of the four stages of a model, for as long as it lives',
    startedBy: 'holdfast start',
    signals: [stageChangedSignal, incidentClosedSignal],
    updates: [],
    status: 'What each stage said last: {model, digest, said}',
  },
  collection: {
    id: 'collection/MODEL',
    about: 'Lands one partition a day, checks it, follows its labels, for as long as the model lives',
    startedBy: 'lifecycle',
    signals: [campaignClosedSignal],
    updates: [],
    status: 'What has landed, and the newest campaign: {model, sequence, tally, now, labels}',
  },
  campaign: {
    id: 'campaign/MODEL/DAY-NUMBER',
    about:
      'One labelling effort: people are asked about requests without an outcome, until all have a label or the deadline',
    startedBy: 'collection',
    signals: [answerLabelTaskMessage, adjudicateLabelTaskMessage, campaignOvertakenSignal],
    updates: [answerLabelTaskMessage, adjudicateLabelTaskMessage],
    status: 'What is asked and how far it is: {model, campaignId, …state, summary, inWords}',
  },
  experimentation: {
    id: 'experimentation/MODEL',
    about: 'Works through the declared ideas, one experiment each, for as long as the model lives',
    startedBy: 'lifecycle',
    signals: [retrainOrderedSignal],
    updates: [],
    status: 'How many experiments were begun: {model, sequence}',
  },
  experiment: {
    id: 'experiment/MODEL/IDEA-ATTEMPT',
    about: 'One idea, from its dataset to the handing over of its candidate',
    startedBy: 'experimentation',
    signals: [],
    updates: [],
    status: 'How far the experiment is: {…input, bundle, inWords}',
  },
  promotion: {
    id: 'promotion/MODEL',
    about: 'The queue of candidates: one rollout at a time, for as long as the model lives',
    startedBy: 'lifecycle',
    signals: [candidateReadySignal, suiteGrewSignal, rolloutFinishedSignal],
    updates: [],
    status: 'The rollout in flight, if any: {model, inFlight, sequence}',
  },
  rollout: {
    id: 'rollout/MODEL/BUNDLE-ATTEMPT',
    about: 'One candidate’s way from no exposure to all, or back to none',
    startedBy: 'promotion',
    signals: [...COMMANDS, evidenceArrivedSignal, queueAskedSignal, suiteGrewSignal],
    updates: [...COMMANDS, recordEvidenceMessage],
    status: 'Where the candidate stands, and why',
  },
  monitoring: {
    id: 'monitoring/MODEL',
    about: 'Follows live performance as labels mature and opens incidents, for as long as the model lives',
    startedBy: 'lifecycle',
    signals: [incidentClosedSignal],
    updates: [],
    status: 'The newest performance and the open incidents: {model, sequence, recent, open}',
  },
  incident: {
    id: 'incident/MODEL/DAY-NUMBER',
    about: 'One broken objective, from the declared response to its written end and the word on its case',
    startedBy: 'monitoring',
    signals: [...CASE_COMMANDS],
    updates: [...CASE_COMMANDS],
    status: 'What was done and what is waited for: {…input, response, newCase, inWords}',
  },
} as const satisfies Record<WorkflowKind, Doors>;
