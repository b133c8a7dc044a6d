/** The parent that a client starts for one model: it starts the four stages and answers for the whole. */
import {
  allHandlersFinished,
  condition,
  continueAsNew,
  ParentClosePolicy,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { EXPLAIN_QUERY, incidentClosedSignal, stageChangedSignal, STATUS_QUERY } from '../contracts/messages.ts';
import { collectionId, experimentationId, monitoringId, promotionId } from '../contracts/names.ts';
import type { LifecycleInput, StageInput } from '../contracts/workflows.ts';
import { control } from './activity-doors.ts';
import { collection } from './collection.ts';
import { createDisplay } from './display.ts';
import { onQuery, onSignal } from './doors.ts';
import { experimentation } from './experimentation.ts';
import { HISTORY_EVENTS_MAX } from './limits.ts';
import { monitoring } from './monitoring.ts';
import { promotion } from './promotion.ts';

export async function lifecycle(input: LifecycleInput): Promise<void> {
  const { model, owner } = input.declaration;
  const said = new Map<string, string>(Object.entries(input.said ?? {}));
  let news = true;
  onSignal(stageChangedSignal, (body) => {
    said.set(body.stage, body.inWords);
    news = true;
  });
  onSignal(incidentClosedSignal, (body) => {
    said.set('incident', `${body.incidentId} is closed`);
    news = true;
  });
  const inWords = (): string =>
    [
      `**Life cycle** of ${model}`,
      `**Question** ${input.declaration.title}`,
      ...[...said].map(([stage, words]) => `**${stage}** ${words}`),
    ].join('\n');
  onQuery(STATUS_QUERY, 'What each stage said last', () => ({
    model,
    digest: input.digest,
    said: Object.fromEntries(said),
  }));
  onQuery(EXPLAIN_QUERY, 'The same in words', inWords);
  const display = createDisplay();

  await control('registering the model').openModel(input);
  await startStage(collection, collectionId(model), model, 'Lands one partition a day, checks it, follows its labels');
  await startStage(
    monitoring,
    monitoringId(model),
    model,
    'Follows live performance as labels mature, opens incidents',
  );
  await startStage(promotion, promotionId(model), model, 'One rollout at a time, each against what then serves');
  await startStage(experimentation, experimentationId(model), model, 'Works through the declared ideas');
  while (workflowInfo().historyLength < HISTORY_EVENTS_MAX) {
    news = false;
    display.show(
      inWords(),
      {
        HoldfastModel: model,
        HoldfastStage: 'lifecycle',
        HoldfastOwner: owner,
        HoldfastWaitingFor: 'its stages',
        HoldfastNeedsHuman: false,
      },
      `${model}: ${said.size} stages have spoken`,
    );
    await condition(() => news);
  }
  await condition(allHandlersFinished);
  await continueAsNew<typeof lifecycle>({ ...input, said: Object.fromEntries(said) });
}

/** A stage that already runs goes on: starting the life cycle again is harmless. */
async function startStage(
  stage: (input: StageInput) => Promise<void>,
  workflowId: string,
  model: string,
  summary: string,
): Promise<void> {
  try {
    await startChild(stage, {
      workflowId,
      args: [{ model }],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      staticSummary: summary,
      staticDetails: `${summary}. Model ${model}.`,
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
