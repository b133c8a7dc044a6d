/** The collection stage of one model, for as long as the model lives: takes over the gateways' logs and lands complete days. */
import { allHandlersFinished, condition, continueAsNew, workflowInfo } from '@temporalio/workflow';
import { DOORS } from '../contracts/message-doors.ts';
import { EXPLAIN_QUERY, STATUS_QUERY } from '../contracts/messages.ts';
import type { CollectionInput, CollectionWork } from '../contracts/workflows.ts';
import { addLanding, EMPTY_TALLY, landedInWords, tallyTable } from '../domain/collection/landing-tally.ts';
import { fact, fenced } from '../domain/markdown.ts';
import { data, watch } from './activity-doors.ts';
import { createDisplay, seeAlso } from './display.ts';
import { onQuery } from './doors.ts';
import { tellLifecycle } from './tell.ts';

/** Leaves room for the next look and the upserts of one more day below 400 events. */
const HISTORY_EVENTS_LANDING_MAX = 360;

export async function collection(input: CollectionInput): Promise<void> {
  const { model } = input;
  let sequence = input.sequence ?? 0;
  let tally = input.tally ?? EMPTY_TALLY;
  let work: CollectionWork | null = null;
  let now = 'waits for complete days';
  const explain = (): string =>
    [
      fact('Collection', `of ${model}: one partition a day, checked, with its labels`),
      fact('Now', now),
      fact('Log complete through', work?.through ?? 'not known yet'),
      fact('Labels matured through', work?.maturedThrough ?? 'not known yet'),
      fenced(tallyTable(tally)),
    ].join('\n');
  onQuery(STATUS_QUERY, DOORS.collection.status, () => ({ model, sequence, tally, now }));
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
    await tellLifecycle(model, 'collection', landedInWords(tally), found.through);
  }
  await condition(allHandlersFinished);
  await continueAsNew<typeof collection>({ model, sequence, tally });
}
