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
import { DOORS } from '../contracts/message-doors.ts';
import { EXPLAIN_QUERY, incidentClosedSignal, stageChangedSignal, STATUS_QUERY } from '../contracts/messages.ts';
import { collectionId, experimentationId, monitoringId, promotionId } from '../contracts/names.ts';
import type { LifecycleInput, StageInput } from '../contracts/workflows.ts';
import { escaped, fact, workflowLink } from '../domain/markdown.ts';
import { control } from './activity-doors.ts';
import { collection } from './collection.ts';
import { createDisplay, shownFromStart } from './display.ts';
import type { Shown } from './display.ts';
import { onQuery, onSignal } from './doors.ts';
import { experimentation } from './experimentation.ts';
import { HISTORY_EVENTS_MAX } from './limits.ts';
import { monitoring } from './monitoring.ts';
import { promotion } from './promotion.ts';

export async function lifecycle(input: LifecycleInput): Promise<void> {
  const { model } = input.declaration;
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
  const inWords = (): string => explainLifecycle(input, said);
  onQuery(STATUS_QUERY, DOORS.lifecycle.status, () => ({
    model,
    digest: input.digest,
    said: Object.fromEntries(said),
  }));
  onQuery(EXPLAIN_QUERY, 'The same in words', inWords);
  const display = createDisplay();

  const show = (): void => display.show(shownOf(input, inWords()));
  // Before the stages start: they take model and owner over from here.
  show();

  await control('registering the model').openModel(input);
  await startStage(
    collection,
    collectionId(model),
    model,
    'collection',
    'Lands one partition a day, checks it, follows its labels',
  );
  await startStage(
    monitoring,
    monitoringId(model),
    model,
    'monitoring',
    'Follows live performance as labels mature, opens incidents',
  );
  await startStage(
    promotion,
    promotionId(model),
    model,
    'rollout',
    'One rollout at a time, each against what then serves',
  );
  await startStage(
    experimentation,
    experimentationId(model),
    model,
    'experimentation',
    'Works through the declared ideas',
  );
  while (workflowInfo().historyLength < HISTORY_EVENTS_MAX) {
    news = false;
    show();
    await condition(() => news);
  }
  await condition(allHandlersFinished);
  await continueAsNew<typeof lifecycle>({ ...input, said: Object.fromEntries(said) });
}

const STAGES = [
  { stage: 'collection', label: 'Collection', idOf: collectionId },
  { stage: 'experimentation', label: 'Experimentation', idOf: experimentationId },
  { stage: 'rollout', label: 'Promotion', idOf: promotionId },
  { stage: 'monitoring', label: 'Monitoring', idOf: monitoringId },
] as const;

function explainLifecycle({ declaration }: LifecycleInput, said: ReadonlyMap<string, string>): string {
  const { model, owner, title } = declaration;
  return [
    fact('Life cycle', `of ${model}, owned by ${escaped(owner)}`),
    fact('Question', escaped(title)),
    ...STAGES.map(({ stage, label }) => fact(label, escaped(said.get(stage) ?? 'has not spoken yet'))),
    fact('Last incident', escaped(said.get('incident') ?? 'none closed so far')),
  ].join('\n');
}

function shownOf({ declaration: { model, owner } }: LifecycleInput, words: string): Shown {
  return {
    details: [words, stageLinks(model)].join('\n'),
    attributes: {
      HoldfastModel: model,
      HoldfastStage: 'lifecycle',
      HoldfastOwner: owner,
      HoldfastWaitingFor: 'its stages',
    },
    line: `${model}: four stages at work`,
  };
}

function stageLinks(model: string): string {
  return fact('See also', STAGES.map(({ label, idOf }) => workflowLink(label.toLowerCase(), idOf(model))).join(', '));
}

/** A stage that already runs goes on: starting the life cycle again is harmless. */
async function startStage(
  stage: (input: StageInput) => Promise<void>,
  workflowId: string,
  model: string,
  stageWord: (typeof STAGES)[number]['stage'],
  summary: string,
): Promise<void> {
  try {
    await startChild(stage, {
      workflowId,
      args: [{ model }],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      ...shownFromStart(summary, `${fact('Model', model)}\n${fact('For', 'as long as the model lives')}`, {
        HoldfastStage: stageWord,
      }),
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
