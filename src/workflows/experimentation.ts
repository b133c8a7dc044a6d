/** The experimentation stage of one model: one experiment after the other, for as long as the model lives. */
import { allHandlersFinished, condition, continueAsNew, workflowInfo } from '@temporalio/workflow';
import { EXPLAIN_QUERY, retrainOrderedSignal, STATUS_QUERY } from '../contracts/messages.ts';
import type { StageInput } from '../contracts/workflows.ts';
import { control } from './activity-doors.ts';
import { createDisplay } from './display.ts';
import { onQuery, onSignal } from './doors.ts';
import { experiment } from './experiment.ts';
import { HISTORY_EVENTS_MAX } from './limits.ts';
import { startOnce } from './start-once.ts';
import { tellLifecycle } from './tell.ts';

export async function experimentation(input: StageInput): Promise<void> {
  const { model } = input;
  let sequence = input.sequence ?? 0;
  let inWords = 'waits for data';
  // The order itself stands in the records; the signal makes it visible in the timeline.
  onSignal(retrainOrderedSignal, (body) => void (inWords = `a retrain was ordered by ${body.incidentId}`));
  onQuery(STATUS_QUERY, 'How many experiments were begun', () => ({ model, sequence }));
  onQuery(EXPLAIN_QUERY, 'What experimentation does now', () => inWords);
  const display = createDisplay();
  const show = (): void =>
    display.show(
      `**Experimentation** of ${model}\n**Now** ${inWords}\n**Experiments begun** ${sequence}`,
      {
        HoldfastModel: model,
        HoldfastStage: 'experimentation',
        HoldfastWaitingFor: 'the next idea',
        HoldfastNeedsHuman: false,
      },
      inWords,
    );

  while (workflowInfo().historyLength < HISTORY_EVENTS_MAX) {
    show();
    const plan = await control('the next idea whose turn it is').experimentNext({ model, sequence });
    sequence += 1;
    inWords = `trying ${plan.idea} (attempt ${plan.attempt}) on data as of ${plan.asOf}`;
    await tellLifecycle(model, 'experimentation', inWords, plan.asOf);
    await startOnce(experiment, {
      workflowId: plan.experimentId,
      input: { model, ...plan },
      staticSummary: `${plan.idea}: ${plan.hypothesis}`.slice(0, 180),
      staticDetails: `Experiment ${plan.experimentId}. Data as of ${plan.asOf}; ready at ${plan.readyAt} in event time.`,
    });
  }
  await condition(allHandlersFinished);
  await continueAsNew<typeof experimentation>({ model, sequence });
}
