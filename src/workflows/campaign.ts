/**
 * One labelling campaign: asks people about requests whose outcome has not come, until every task has its label or the deadline has
 * passed, then sends the labels that stand. They go out together, at the end: only then is it known whose answers count.
 */
import { allHandlersFinished, condition, continueAsNew, workflowInfo } from '@temporalio/workflow';
import type { CampaignInput, CampaignStatus } from '../contracts/label-campaign.ts';
import { DOORS } from '../contracts/message-doors.ts';
import {
  adjudicateLabelTaskMessage,
  answerLabelTaskMessage,
  campaignClosedSignal,
  campaignOvertakenSignal,
  EXPLAIN_QUERY,
  STATUS_QUERY,
} from '../contracts/messages.ts';
import type {
  AnswerLabelTaskCommand,
  LabelTaskAnswer,
  LabelTaskSchema,
  MessageDefinition,
} from '../contracts/messages.ts';
import { collectionId } from '../contracts/names.ts';
import {
  EMPTY_CAMPAIGN,
  leftInWords,
  mustClose,
  openCampaign,
  openTasks,
  refuseLabel,
  takeLabel,
  takeWeighing,
  whyDone,
} from '../domain/collection/campaign.ts';
import type { CampaignState, LabelOrder } from '../domain/collection/campaign.ts';
import {
  campaignDetails,
  campaignInALine,
  campaignWaitsFor,
  explainCampaign,
  nextLabelAction,
} from '../domain/collection/campaign-words.ts';
import type { CampaignEnd } from '../domain/collection/campaign-words.ts';
import { control, watch } from './activity-doors.ts';
import { createCampaignNews } from './campaign-news.ts';
import type { CampaignNews } from './campaign-news.ts';
import { createDisplay } from './display.ts';
import type { Display } from './display.ts';
import { onOrder, onQuery, onSignal } from './doors.ts';
import { HISTORY_EVENTS_MAX } from './limits.ts';
import { tell } from './tell.ts';
import { workflowNow } from './workflow-time.ts';

interface CampaignDesk {
  state: CampaignState;
  end: CampaignEnd;
}

/** @returns how it came out, in one line */
export async function campaign(input: CampaignInput): Promise<string> {
  const { model, campaignId } = input;
  const desk: CampaignDesk = { state: input.state ?? EMPTY_CAMPAIGN, end: { summary: null, delivery: null } };
  const display = createDisplay(input.waitsSince);
  const news = createCampaignNews(input, () => desk.state, display);
  const show = (): void => {
    display.show(shownOf(input, desk));
    news.look();
  };
  openDoors(input, desk, show);
  show();

  if (desk.state.brief === null) {
    const brief = await control('which tasks are asked').openCampaign({ model, campaignId });
    desk.state = openCampaign(desk.state, brief, workflowNow());
    show();
  }
  // What came when nothing was open any more is recorded, too: it may open a task again.
  while (openTasks(desk.state).length + desk.state.pending.length > 0 && reasonToClose(desk.state) === null) {
    await nextAnswers(
      desk.state,
      () => desk.state.pending.length > 0 || desk.state.overtakenBy !== null || historyIsLong(),
    );
    const labels = desk.state.pending;
    if (labels.length > 0) {
      const weighed = await control(recordingInWords(labels)).recordLabels({ model, campaignId, labels });
      desk.state = takeWeighing(desk.state, weighed, labels.length);
      show();
    }
    if (historyIsLong()) await goOn(input, desk, display, news);
  }
  await close(input, desk, show);
  await news.settled();
  await condition(allHandlersFinished);
  return campaignInALine(desk.state, desk.end);
}

const historyIsLong = (): boolean => workflowInfo().historyLength > HISTORY_EVENTS_MAX;

const reasonToClose = (state: CampaignState): string | null => mustClose(state, workflowNow());

/** Waits for people, until the deadline at the longest. */
async function nextAnswers({ deadlineAt }: CampaignState, isThere: () => boolean): Promise<void> {
  if (isThere()) return;
  const leftMs = Math.max(1, (deadlineAt ?? 0) - workflowNow());
  await condition(isThere, leftMs, { summary: 'until the campaign closes' });
}

const recordingInWords = (labels: CampaignState['pending']): string =>
  labels.length === 1 ? `${labels[0]?.task}: what ${labels[0]?.by} says` : `what is said of ${labels.length} tasks`;

async function goOn(input: CampaignInput, desk: CampaignDesk, display: Display, news: CampaignNews): Promise<void> {
  await condition(allHandlersFinished);
  await continueAsNew<typeof campaign>({
    ...input,
    state: desk.state,
    waitsSince: display.waitsSince,
    ...news.leave(),
  });
}

/** What came last before the deadline is recorded, too; from then on nothing is taken any more. */
async function close({ model, campaignId }: CampaignInput, desk: CampaignDesk, show: () => void): Promise<void> {
  const reason = reasonToClose(desk.state) ?? whyDone(desk.state);
  const labels = desk.state.pending;
  desk.state = { ...desk.state, closing: reason };
  show();
  if (labels.length > 0) {
    const weighed = await control(recordingInWords(labels)).recordLabels({ model, campaignId, labels });
    desk.state = takeWeighing(desk.state, weighed, labels.length);
  }
  const summary = await control(`close: ${reason}`).settleCampaign({ model, campaignId, reason });
  desk.end = { summary, delivery: null };
  show();
  const delivery = await watch('the labels that stand, as outcomes').deliverLabels({ model, campaignId });
  desk.end = { summary, delivery };
  show();
  const inWords = campaignInALine(desk.state, desk.end);
  await tell(collectionId(model), campaignClosedSignal, { campaignId, inWords });
}

/** Opens every door; call before the first await. Handlers change the state and nothing else. */
function openDoors({ model, campaignId }: CampaignInput, desk: CampaignDesk, show: () => void): void {
  const take = (order: LabelOrder, id: string | null): LabelTaskAnswer => {
    desk.state = takeLabel(desk.state, order, id);
    show();
    const tasks = desk.state.tasks.length;
    return {
      accepted: true,
      message: takenInWords(order, desk.state),
      settled: tasks - openTasks(desk.state).length,
      tasks,
    };
  };
  const open = <Name extends string, Schema extends LabelTaskSchema>(
    message: MessageDefinition<Name, Schema>,
    kind: LabelOrder['kind'],
  ): void => {
    onOrder(
      message,
      (body, id) => take(orderOf(kind, body), id),
      (body, id) => refuseLabel(desk.state, orderOf(kind, body), id),
    );
  };
  onSignal(campaignOvertakenSignal, ({ by }) => {
    if (desk.state.closing === null) desk.state = { ...desk.state, overtakenBy: by };
  });
  open(answerLabelTaskMessage, 'answer');
  open(adjudicateLabelTaskMessage, 'adjudication');
  const inWords = (): string => campaignInALine(desk.state, desk.end);
  onQuery(STATUS_QUERY, DOORS.campaign.status, (): CampaignStatus => {
    return { model, campaignId, ...desk.state, ...desk.end, inWords: inWords() };
  });
  onQuery(EXPLAIN_QUERY, 'The same in words, with the next action', () =>
    explainCampaign(campaignId, desk.state, desk.end),
  );
}

function orderOf(kind: LabelOrder['kind'], body: AnswerLabelTaskCommand): LabelOrder {
  const { task, label, by, reason = '', channel } = body;
  return { kind, task, label, by, reason, channel };
}

const takenInWords = ({ task, label, by }: LabelOrder, state: CampaignState): string =>
  `${by} says ${label} of ${task}; ${leftInWords(state, by)}`;

function shownOf({ model, campaignId }: CampaignInput, { state, end }: CampaignDesk): Parameters<Display['show']>[0] {
  const waits = campaignWaitsFor(state, end);
  const asks = state.closing === null && openTasks(state).length > 0;
  return {
    details: campaignDetails(campaignId, state, end, collectionId(model)),
    attributes: {
      HoldfastModel: model,
      HoldfastStage: 'collection',
      HoldfastPhase: end.delivery === null ? 'progressing' : 'healthy',
      HoldfastWaitingFor: waits,
      HoldfastDeadline: deadlineInWords(state),
      HoldfastNeedsHuman: asks,
    },
    line: campaignInALine(state, end),
    next: nextLabelAction(state),
  };
}

function deadlineInWords(state: CampaignState): 'none' | 'running' | 'passed' {
  if (state.closing !== null) return reasonToClose(state) === null ? 'none' : 'passed';
  return state.deadlineAt === null ? 'none' : 'running';
}
