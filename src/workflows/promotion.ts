/** The promotion queue of one model: starts one rollout at a time and is told when it ends. */
import { allHandlersFinished, condition, continueAsNew, workflowInfo } from '@temporalio/workflow';
import { DOORS } from '../contracts/message-doors.ts';
import {
  candidateReadySignal,
  EXPLAIN_QUERY,
  queueAskedSignal,
  rolloutFinishedSignal,
  STATUS_QUERY,
  suiteGrewSignal,
} from '../contracts/messages.ts';
import { promotionId } from '../contracts/names.ts';
import type { CandidateOutcome } from '../contracts/records.ts';
import type { RolloutPlan, StageInput } from '../contracts/workflows.ts';
import { escaped, fact, workflowLink } from '../domain/markdown.ts';
import { claimInWords } from '../domain/rollout/words.ts';
import { control, urgent } from './activity-doors.ts';
import { createDisplay, seeAlso, shownFromStart } from './display.ts';
import type { Shown } from './display.ts';
import { onQuery, onSignal } from './doors.ts';
import { HISTORY_EVENTS_MAX } from './limits.ts';
import { rollout } from './rollout.ts';
import { startOnce } from './start-once.ts';
import { isRunning, tellLifecycle } from './tell.ts';

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
  /** The rollout has ended without an outcome; or this run would not be told of that, because it has not started it. */
  let uncertain = inFlight !== null;
  onQuery(STATUS_QUERY, DOORS.promotion.status, () => ({
    model,
    inFlight,
    sequence,
  }));
  onQuery(EXPLAIN_QUERY, 'The same in words', explain);
  const display = createDisplay();

  for (;;) {
    display.show(shownOf(model, inFlight, explain()));
    await untilNews(() => news || historyIsLong(), uncertain && inFlight !== null);
    // Also while there is news, or a stream of messages would keep this run for ever: the next one looks first thing.
    if (historyIsLong()) break;
    news = false;
    const asked = uncertain ? inFlight : null;
    const outcome = asked === null ? null : await setAsideIfGone(model, asked);
    // It may have told its outcome meanwhile.
    if (asked !== null && outcome !== null && inFlight === asked) {
      last = `${asked.idea} ${outcome.replace('_', ' ')}: its rollout was ended from outside`;
      inFlight = null;
    }
    const plan = await control('which candidate is next').nextRollout({ model, sequence });
    if (plan === null) {
      await tellLifecycle(model, 'rollout', inWords(), null);
      continue;
    }
    sequence += 1;
    inFlight = plan;
    await tellLifecycle(model, 'rollout', inWords(), null);
    uncertain = false;
    const tellsItsEnd = await startRollout(model, plan, () => {
      if (inFlight === plan) uncertain = news = true;
    });
    if (!tellsItsEnd) uncertain = news = true;
  }
  await condition(allHandlersFinished);
  await continueAsNew<typeof promotion>({ model, sequence, inFlight, last });
}

/** How often promotion asks after a rollout whose end it would not be told. */
const ASK_AGAIN = '1 hour';

function untilNews(isNews: () => boolean, asksAgain: boolean): Promise<unknown> {
  if (!asksAgain) return condition(isNews);
  return condition(isNews, ASK_AGAIN, { summary: 'then the queue asks whether the rollout still runs' });
}

const historyIsLong = (): boolean => workflowInfo().historyLength > HISTORY_EVENTS_MAX;

function flightInWords(plan: RolloutPlan | null): string {
  return plan === null ? 'no candidate in flight; waits for one' : `${plan.idea} is in flight: ${plan.rolloutId}`;
}

function shownOf(model: string, inFlight: RolloutPlan | null, explained: string): Shown {
  return {
    details: [explained, seeAlso(model)].join('\n'),
    attributes: {
      HoldfastModel: model,
      HoldfastStage: 'rollout',
      HoldfastWaitingFor: inFlight === null ? 'a candidate' : 'the rollout in flight',
      HoldfastCandidate: inFlight === null ? 'none' : `${inFlight.idea} ${inFlight.bundle.slice(0, 8)}`,
    },
    line: flightInWords(inFlight),
  };
}

/** @returns the outcome of a rollout that runs no more, recorded now if it was not; null for one that runs */
async function setAsideIfGone(model: string, plan: RolloutPlan): Promise<CandidateOutcome | null> {
  if (await isRunning(plan.rolloutId, queueAskedSignal, { by: promotionId(model) })) return null;
  const { outcome } = await urgent(`${plan.idea} was ended from outside`).setRolloutAside({ model, ...plan });
  return outcome;
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

/** @returns whether this run will be told by `onLost` when the process ends without an outcome; not when it ran already */
async function startRollout(model: string, plan: RolloutPlan, onLost: () => void): Promise<boolean> {
  const { rolloutId, idea, bundle, claim } = plan;
  const details = [
    fact('Idea', `${escaped(idea)}, which ${claimInWords(claim)}`),
    fact('Bundle', `\`${bundle}\``),
    fact('What happens', 'offline evaluation, then shadow, then each exposure as far as matured evidence allows'),
  ].join('\n');
  const child = await startOnce(rollout, {
    workflowId: rolloutId,
    input: { model, ...plan },
    ...shownFromStart(`${idea}: ${claimInWords(claim)} than what serves`, details, {
      HoldfastStage: 'rollout',
      HoldfastCandidate: `${idea} ${bundle.slice(0, 8)}`,
      HoldfastExposure: 0,
    }),
  });
  child?.result().catch(onLost);
  return child !== null;
}
