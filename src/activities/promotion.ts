import type { RecordTransaction } from '../adapters/record-store/port.ts';
import { experimentationId, promotionId, rolloutId } from '../contracts/names.ts';
import type { CandidateRecord } from '../contracts/records.ts';
import type { PromotionActivities, RolloutPlan } from '../contracts/workflows.ts';
import { decideQueue } from '../domain/rollout/promotion-queue.ts';
import { isoInstant } from '../domain/time.ts';
import { repeatableAnswer } from './answers.ts';
import { modelContext } from './model-context.ts';
import type { ActivityPorts } from './ports.ts';
import { setRolloutAside } from './setting-aside.ts';

/** Activities of the promotion queue. */
export function createPromotionActivities(ports: ActivityPorts): PromotionActivities {
  const { records } = ports;
  return {
    setRolloutAside: (input) => setRolloutAside(ports, input),
    nextRollout: ({ model, sequence }) =>
      records.transaction(model, (tx) =>
        repeatableAnswer(tx, promotionId(model), sequence, () => nextRollout(tx, model)),
      ),
  };
}

async function nextRollout(tx: RecordTransaction, model: string): Promise<RolloutPlan | null> {
  const told = await tx.handoffs(promotionId(model));
  const { declaration } = await modelContext(tx);
  const candidates = await tx.list('candidate');
  const inFlight = candidates.find(({ body }) => body.outcome === 'in_progress')?.body ?? null;
  const waiting = candidates.filter(({ body }) => body.outcome === 'queued').map(({ body }) => body);
  const decision = decideQueue(waiting, inFlight, declaration.rollout.newerCandidate);
  const at = isoInstant((await tx.watermark()) ?? 0);
  const close = async (bundle: string, outcome: 'superseded' | 'refused', reason: string): Promise<void> => {
    const known = candidates.find(({ body }) => body.bundle === bundle);
    if (known !== undefined) await tx.put('candidate', known.key, { ...known.body, outcome, reason, decidedAt: at });
  };
  for (const { candidate, by } of decision.superseded) {
    await close(candidate.bundle, 'superseded', `a newer one waits: ${by.idea} ${by.attempt}`);
  }
  for (const { candidate, because } of decision.rejected) {
    await close(
      candidate.bundle,
      'refused',
      `the policy rejects newer candidates while ${because?.idea ?? 'another'} is in flight`,
    );
  }
  const plan = decision.start === null ? null : await start(tx, model, candidates, decision.start.bundle);
  if (decision.superseded.length + decision.rejected.length > 0) await tx.unsettle(experimentationId(model));
  for (const { id } of told) await tx.acknowledge(id);
  return plan;
}

async function start(
  tx: RecordTransaction,
  model: string,
  candidates: ReadonlyArray<{ readonly key: string; readonly body: CandidateRecord }>,
  bundle: string,
): Promise<RolloutPlan | null> {
  const chosen = candidates.find(({ body }) => body.bundle === bundle && body.outcome === 'queued');
  if (chosen === undefined) return null;
  const attempt = 1 + candidates.filter(({ body }) => body.bundle === bundle && body.rolloutId !== null).length;
  const id = rolloutId(model, bundle, attempt);
  await tx.put('candidate', chosen.key, { ...chosen.body, outcome: 'in_progress', step: 'offline', rolloutId: id });
  await tx.join(id);
  return { rolloutId: id, bundle, idea: chosen.body.idea, claim: chosen.body.claim };
}
