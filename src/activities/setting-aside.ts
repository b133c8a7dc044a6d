/** What becomes of a rollout whose process has ended without a word: terminated by a person, cancelled, or failed. */
import type { CandidateOutcome } from '../contracts/records.ts';
import type { PromotionActivities } from '../contracts/workflows.ts';
import type { RolloutBrief } from '../domain/rollout/states.ts';
import type { ActivityPorts } from './ports.ts';
import { candidateOf, finishRollout, returnToStable } from './rollout.ts';

type Gone = Parameters<PromotionActivities['setRolloutAside']>[0];

const REASON = 'its rollout was ended from outside, without an outcome';

/** Idempotent: the second time there is an outcome. */
export async function setRolloutAside(
  { records, trafficRouter }: ActivityPorts,
  input: Gone,
): Promise<{ outcome: CandidateOutcome }> {
  const { model, rolloutId } = input;
  const { known, brief } = await records.transaction(model, async (tx) => ({
    known: await candidateOf(tx, rolloutId),
    brief: (await tx.get('memory', `${rolloutId}/brief`))?.value as RolloutBrief | undefined,
  }));
  if (known !== null && known.body.outcome !== 'in_progress') return { outcome: known.body.outcome };
  // Without a brief it has never ordered a split.
  if (brief !== undefined) await leave(trafficRouter, input, brief).catch(again);
  const wasExposed = known?.body.exposureHistory.some(({ exposure }) => exposure > 0) === true;
  const outcome = wasExposed ? 'rolled_back' : 'withdrawn';
  const step = known?.body.step ?? 'offline';
  const stepIndex = Math.max(0, brief?.steps.findIndex(({ mode }) => mode === step) ?? 0);
  await records.transaction(model, (tx) =>
    finishRollout(tx, {
      ...input,
      outcome,
      step,
      stepIndex,
      reason: REASON,
      by: null,
      effectiveFrom: null,
      zeroAfterMs: null,
    }),
  );
  return { outcome };
}

/** Somebody may be exposed: also a failure that no repetition would mend elsewhere is tried again. */
function again(error: unknown): never {
  throw new Error(`not at zero yet: ${(error as Error).message}`, { cause: error });
}

/**
 * Above every generation there is: what the ended process still had on its way comes too late. An attempt that some gateways have heard of
 * is completed under its own generation.
 */
async function leave(router: ActivityPorts['trafficRouter'], input: Gone, brief: RolloutBrief): Promise<void> {
  const { model, rolloutId, bundle } = input;
  const states = await router.observe(model);
  const decisionId = `${rolloutId}/set-aside`;
  const begun = states.find((state) => state.decisionId === decisionId)?.generation;
  await returnToStable(router, {
    model,
    rolloutId,
    generation: begun ?? 1 + Math.max(...states.map(({ generation }) => generation)),
    decisionId,
    stable: brief.stable,
    candidate: null,
    exposure: 0,
    mirror: false,
    leaving: bundle,
    salt: brief.salt,
    calendar: brief.calendar,
    effectiveCohort: null,
  });
}
