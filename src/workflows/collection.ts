/** The collection stage of one model, for as long as the model lives: takes over the gateways' logs and lands complete days. */
import { allHandlersFinished, condition, continueAsNew, workflowInfo } from '@temporalio/workflow';
import { DOORS } from '../contracts/message-doors.ts';
import type { CampaignSpan } from '../contracts/label-campaign.ts';
import { campaignClosedSignal, campaignOvertakenSignal, EXPLAIN_QUERY, STATUS_QUERY } from '../contracts/messages.ts';
import type { CollectionInput, CollectionWork } from '../contracts/workflows.ts';
import { addLanding, EMPTY_TALLY, landedInWords, tallyTable } from '../domain/collection/landing-tally.ts';
import { escaped, fact, fenced, workflowLink } from '../domain/markdown.ts';
import { data, watch } from './activity-doors.ts';
import { campaign } from './campaign.ts';
import { createDisplay, seeAlso, shownFromStart } from './display.ts';
import { onQuery, onSignal } from './doors.ts';
import { HISTORY_EVENTS_LANDING_MAX } from './limits.ts';
import { startOnce } from './start-once.ts';
import { tell, tellLifecycle } from './tell.ts';

export async function collection(input: CollectionInput): Promise<void> {
  const { model } = input;
  let sequence = input.sequence ?? 0;
  let tally = input.tally ?? EMPTY_TALLY;
  let work: CollectionWork | null = null;
  let now = 'waits for complete days';
  let labels = input.labels ?? null;
  const explain = (): string =>
    [
      fact('Collection', `of ${model}: one partition a day, checked, with its labels`),
      fact('Now', now),
      fact('Log complete through', work?.through ?? 'not known yet'),
      fact('Labels matured through', work?.maturedThrough ?? 'not known yet'),
      fenced(tallyTable(tally)),
      ...(labels === null ? [] : [fact('Labels by people', labels.inWords)]),
    ].join('\n');
  onQuery(STATUS_QUERY, DOORS.collection.status, () => ({ model, sequence, tally, now, labels }));
  onQuery(EXPLAIN_QUERY, 'The same in words', explain);
  const display = createDisplay();
  const show = (words: string): void => {
    now = words;
    display.show({
      details: [explain(), seeAlso(model)].join('\n'),
      attributes: { HoldfastModel: model, HoldfastStage: 'collection', HoldfastWaitingFor: 'complete days' },
      line: 'waits for complete days and lands them',
    });
  };

  onSignal(campaignClosedSignal, ({ campaignId, inWords }) => {
    // One that was overtaken may speak after the next has begun.
    if (labels?.campaignId !== campaignId) return;
    labels = { campaignId, inWords: `${workflowLink(campaignId, campaignId)}: ${escaped(inWords)}` };
    show(now);
  });

  const mayGoOn = (): boolean => workflowInfo().historyLength < HISTORY_EVENTS_LANDING_MAX;
  while (mayGoOn()) {
    show('waits for complete days');
    const found = await watch(
      `which days are complete${tally.lastDay === null ? '' : ` after ${tally.lastDay}`}`,
    ).collectNext({ model, sequence });
    sequence += 1;
    work = found;
    for (const day of found.days) {
      // What is left over is found again by the next run: landed days are known by their records.
      if (!mayGoOn()) break;
      show(`lands ${day}`);
      const landed = await data(`land ${day}`).landPartition({ model, day });
      tally = addLanding(tally, landed);
    }
    // One that is not begun now is found again by the next run.
    if (found.campaign !== undefined && mayGoOn()) {
      show(`draws tasks for ${found.campaign.campaignId}`);
      const { campaignId } = found.campaign;
      labels = { campaignId, inWords: await beginCampaign(model, found.campaign) };
    }
    await tellLifecycle(model, 'collection', landedInWords(tally), found.through);
  }
  await condition(allHandlersFinished);
  await continueAsNew<typeof collection>({ model, sequence, tally, ...(labels === null ? {} : { labels }) });
}

/** @returns what is to say of it, as Markdown */
async function beginCampaign(model: string, span: CampaignSpan): Promise<string> {
  const { campaignId } = span;
  const { tasks, inWords } = await data(`draw tasks from ${span.from} to ${span.through}`).drawCampaign({
    model,
    ...span,
  });
  if (span.overtakes !== undefined) await tell(span.overtakes, campaignOvertakenSignal, { by: campaignId });
  if (tasks === 0) return escaped(inWords);
  const details = [
    fact('Asked', escaped(inWords)),
    fact('What happens', 'people label, and what stands is sent as outcomes'),
  ];
  await startOnce(campaign, {
    workflowId: campaignId,
    input: { model, campaignId },
    ...shownFromStart(`labels are asked: ${inWords}`, details.join('\n'), { HoldfastStage: 'collection' }),
  });
  return `${workflowLink(campaignId, campaignId)} is open: ${escaped(inWords)}`;
}
