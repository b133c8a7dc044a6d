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
import { escaped, fact, workflowLink } from '../domain/markdown.ts';
import { claimInWords } from '../domain/rollout/words.ts';
import { control } from './activity-doors.ts';
import { createDisplay, seeAlso, shownFromStart } from './display.ts';
import { onQuery, onSignal } from './doors.ts';
import { HISTORY_EVENTS_MAX } from './limits.ts';
import { rollout } from './rollout.ts';
import { startOnce } from './start-once.ts';
import { tellLifecycle } from './tell.ts';

export interface PromotionInput extends StageInput {
  readonly inFlight?: RolloutPlan | null;
  /** How the last rollout ended, in words. */
  readonly last?: string;
}

export async function promotion(input: PromotionInput): Promise<void> {
  const { model } = input;
  let sequence = input.sequence ?? 0;
  let inFlight = input.inFlight ?? null;
  let last = input.last ?? 'none yet';
  // What happened before this run began is found in the records, so the first look needs no message.
  let news = true;
  onSignal(candidateReadySignal, () => void (news = true));
  onSignal(suiteGrewSignal, () => void (news = true));
  onSignal(rolloutFinishedSignal, (body) => {
    if (inFlight?.rolloutId === body.rolloutId) {
      last = `${inFlight.idea} ${body.outcome.replace('_', ' ')}`;
      inFlight = null;
    }
    news = true;
  });
  const inWords = (): string => flightInWords(inFlight);
  const explain = (): string => explainPromotion({ model, sequence, inFlight, last });
  onQuery(STATUS_QUERY, 'The rollout in flight, if any: {model, inFlight, sequence}', () => ({
    model,
    inFlight,
    sequence,
  }));
  onQuery(EXPLAIN_QUERY, 'The same in words', explain);
  const display = createDisplay();

  for (;;) {
    const waitingFor = inFlight === null ? 'a candidate' : 'the rollout in flight';
    display.show({
      details: [explain(), seeAlso(model)].join('\n'),
      attributes: {
        HoldfastModel: model,
        HoldfastStage: 'rollout',
        HoldfastWaitingFor: waitingFor,
        HoldfastCandidate: inFlight === null ? 'none' : `${inFlight.idea} ${inFlight.bundle.slice(0, 8)}`,
      },
      line: inWords(),
    });
    await condition(() => news || historyIsLong());
    // Also while there is news, or a stream of messages would keep this run for ever: the next one looks first thing.
    if (historyIsLong()) break;
    news = false;
    const plan = await control('which candidate is next').nextRollout({ model, sequence });
    if (plan === null) {
      await tellLifecycle(model, 'rollout', inWords(), null);
      continue;
    }
    sequence += 1;
    inFlight = plan;
    await tellLifecycle(model, 'rollout', inWords(), null);
    await startRollout(model, plan);
  }
  await condition(allHandlersFinished);
  await continueAsNew<typeof promotion>({ model, sequence, inFlight, last });
}

const historyIsLong = (): boolean => workflowInfo().historyLength > HISTORY_EVENTS_MAX;

function flightInWords(plan: RolloutPlan | null): string {
  return plan === null ? 'no candidate in flight; waits for one' : `${plan.idea} is in flight: ${plan.rolloutId}`;
}

function explainPromotion({ model, sequence, inFlight, last }: Required<PromotionInput>): string {
  return [
    fact('Promotion', `of ${model}: one rollout at a time, each against what then serves`),
    fact('Now', escaped(flightInWords(inFlight))),
    fact('In flight', inFlight === null ? 'none' : workflowLink(inFlight.rolloutId, inFlight.rolloutId)),
    fact('Last outcome', escaped(last)),
    fact('Rollouts begun', String(sequence)),
  ].join('\n');
}

async function startRollout(model: string, plan: RolloutPlan): Promise<void> {
  const { rolloutId, idea, bundle, claim } = plan;
  const details = [
    fact('Idea', `${escaped(idea)}, which ${claimInWords(claim)}`),
    fact('Bundle', `\`${bundle}\``),
    fact('What happens', 'offline evaluation, then shadow, then each exposure as far as matured evidence allows'),
  ].join('\n');
  await startOnce(rollout, {
    workflowId: rolloutId,
    input: { model, ...plan },
    ...shownFromStart(`${idea}: ${claimInWords(claim)} than what serves`, details, {
      HoldfastStage: 'rollout',
      HoldfastCandidate: `${idea} ${bundle.slice(0, 8)}`,
      HoldfastExposure: 0,
    }),
  });
}
