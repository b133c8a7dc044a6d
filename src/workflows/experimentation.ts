/** The experimentation stage of one model: one experiment after the other, for as long as the model lives. */
import { allHandlersFinished, condition, continueAsNew, workflowInfo } from '@temporalio/workflow';
import { DOORS } from '../contracts/message-doors.ts';
import { EXPLAIN_QUERY, retrainOrderedSignal, STATUS_QUERY } from '../contracts/messages.ts';
import type { ExperimentPlan, StageInput } from '../contracts/workflows.ts';
import { escaped, fact, workflowLink } from '../domain/markdown.ts';
import { control } from './activity-doors.ts';
import { createDisplay, seeAlso, shownFromStart } from './display.ts';
import { onQuery, onSignal } from './doors.ts';
import { experiment } from './experiment.ts';
import { HISTORY_EVENTS_MAX } from './limits.ts';
import { startOnce } from './start-once.ts';
import { tellLifecycle } from './tell.ts';

export async function experimentation(input: StageInput): Promise<void> {
  const { model } = input;
  let sequence = input.sequence ?? 0;
  let inWords = 'waits for data';
  let newest: ExperimentPlan | null = null;
  // The order itself stands in the records; the signal makes it visible in the timeline.
  onSignal(retrainOrderedSignal, (body) => void (inWords = `a retrain was ordered by ${body.incidentId}`));
  const explain = (): string =>
    [
      fact('Experimentation', `of ${model}: ideas become candidates, one experiment each`),
      fact('Now', escaped(inWords)),
      fact('Newest experiment', newest === null ? 'none in this run' : workflowLink(newest.idea, newest.experimentId)),
      fact('Hypothesis', newest === null ? 'none' : escaped(newest.hypothesis)),
      fact('Experiments begun', String(sequence)),
    ].join('\n');
  onQuery(STATUS_QUERY, DOORS.experimentation.status, () => ({ model, sequence }));
  onQuery(EXPLAIN_QUERY, 'The same in words', explain);
  const display = createDisplay();
  const show = (): void =>
    display.show({
      details: [explain(), seeAlso(model)].join('\n'),
      attributes: {
        HoldfastModel: model,
        HoldfastStage: 'experimentation',
        HoldfastCandidate: newest?.idea ?? 'none',
        HoldfastWaitingFor: 'the next idea',
      },
      line: inWords,
    });

  const lost: Array<Promise<void>> = [];
  while (workflowInfo().historyLength < HISTORY_EVENTS_MAX) {
    show();
    const plan = await control('the next idea whose turn it is').experimentNext({ model, sequence });
    sequence += 1;
    newest = plan;
    inWords = `took up ${plan.idea} (attempt ${plan.attempt}) on data as of ${plan.asOf}`;
    await tellLifecycle(model, 'experimentation', inWords, plan.asOf);
    const child = await startOnce(experiment, {
      workflowId: plan.experimentId,
      input: { model, ...plan },
      ...shownFromStart(
        `${plan.idea}: ${plan.hypothesis}`,
        [
          fact('Hypothesis', escaped(plan.hypothesis)),
          fact('Data as of', plan.asOf),
          fact('Ready at', `${plan.readyAt} in event time, when its declared training time has passed`),
        ].join('\n'),
        { HoldfastStage: 'experimentation', HoldfastCandidate: plan.idea },
      ),
    });
    child?.result().catch(() => lost.push(abandon(model, plan)));
  }
  await Promise.all(lost);
  await condition(allHandlersFinished);
  await continueAsNew<typeof experimentation>({ model, sequence });
}

/** An experiment that was terminated, cancelled or failed would be waited for by every idea after it. */
function abandon(model: string, plan: ExperimentPlan): Promise<void> {
  const reason = 'it was ended from outside';
  return control(`${plan.idea} ${reason}`).abandonExperiment({ model, ...plan, reason });
}
