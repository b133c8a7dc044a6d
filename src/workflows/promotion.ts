/** The promotion queue of one model: starts one rollout at a time and is told when it ends. */
import { allHandlersFinished, condition, continueAsNew, workflowInfo } from '@temporalio/workflow';
import {
  candidateReadySignal,
  EXPLAIN_QUERY,
  rolloutFinishedSignal,
  STATUS_QUERY,
  suiteGrewSignal,
} from '../contracts/messages.ts';
import type { RolloutPlan, StageInput } from '../contracts/workflows.ts';
import { control } from './activity-doors.ts';
import { createDisplay } from './display.ts';
import { onQuery, onSignal } from './doors.ts';
import { HISTORY_EVENTS_MAX } from './limits.ts';
import { rollout } from './rollout.ts';
import { startOnce } from './start-once.ts';
import { tellLifecycle } from './tell.ts';

export interface PromotionInput extends StageInput {
  readonly inFlight?: RolloutPlan | null;
}

export async function promotion(input: PromotionInput): Promise<void> {
  const { model } = input;
  let sequence = input.sequence ?? 0;
  let inFlight = input.inFlight ?? null;
  // What happened before this run began is found in the records, so the first look needs no message.
  let news = true;
  onSignal(candidateReadySignal, () => void (news = true));
  onSignal(suiteGrewSignal, () => void (news = true));
  onSignal(rolloutFinishedSignal, (body) => {
    if (inFlight?.rolloutId === body.rolloutId) inFlight = null;
    news = true;
  });
  const inWords = (): string =>
    inFlight === null
      ? 'no candidate in flight; waits for one'
      : `${inFlight.idea} is in flight: ${inFlight.rolloutId}`;
  onQuery(STATUS_QUERY, 'The rollout in flight, if any', () => ({ model, inFlight, sequence }));
  onQuery(EXPLAIN_QUERY, 'The same in words', inWords);
  const display = createDisplay();

  for (;;) {
    const waitingFor = inFlight === null ? 'a candidate' : 'the rollout in flight';
    display.show(`**Promotion** of ${model}\n**Now** ${inWords()}`, attributes(model, waitingFor, inFlight), inWords());
    await condition(() => news || workflowInfo().historyLength > HISTORY_EVENTS_MAX);
    if (!news) break;
    news = false;
    const plan = await control('which candidate is next').nextRollout({ model, sequence });
    if (plan === null) {
      await tellLifecycle(model, 'rollout', inWords(), null);
      continue;
    }
    sequence += 1;
    inFlight = plan;
    await tellLifecycle(model, 'rollout', inWords(), null);
    await startOnce(rollout, {
      workflowId: plan.rolloutId,
      input: { model, ...plan },
      staticSummary: `${plan.idea}: ${plan.claim === 'improve' ? 'claims to be better' : 'claims to be no worse'}`,
      staticDetails: `Rollout of bundle ${plan.bundle} for model ${model}. Started by the promotion queue.`,
      memo: { idea: plan.idea, bundle: plan.bundle },
    });
  }
  await condition(allHandlersFinished);
  await continueAsNew<typeof promotion>({ model, sequence, inFlight });
}

function attributes(
  model: string,
  waitingFor: string,
  inFlight: RolloutPlan | null,
): Parameters<ReturnType<typeof createDisplay>['show']>[1] {
  return {
    HoldfastModel: model,
    HoldfastStage: 'rollout',
    HoldfastPhase: 'progressing',
    HoldfastWaitingFor: waitingFor,
    HoldfastCandidate: inFlight === null ? 'none' : `${inFlight.idea} ${inFlight.bundle.slice(0, 8)}`,
    HoldfastNeedsHuman: false,
  };
}
