import type { RolloutMaterial } from '../../domain/report/material.ts';
import { durationMs, epochMs } from '../../domain/time.ts';
import type { RecordTransaction } from './port.ts';
import { readRecordedRollout } from './recorded-rollout.ts';

/** Everything a page about a rollout tells; null where nothing of it has been decided. */
export async function readRolloutMaterial(tx: RecordTransaction, rolloutId: string): Promise<RolloutMaterial | null> {
  const recorded = await readRecordedRollout(tx, rolloutId);
  const model = await tx.get('model', 'declaration');
  const candidate = (await tx.list('candidate')).find(({ body }) => body.rolloutId === rolloutId)?.body;
  if (model === null || candidate === undefined || recorded.chain.length === 0) return null;
  const { declaration } = model;
  const scores = await tx.list('scores', { prefix: `${rolloutId}/` });
  const commands = (await tx.list('command')).filter(({ body }) => body.target === rolloutId);
  const { idea, claim, outcome, reason, decidedAt, exposureHistory } = candidate;
  return {
    model: declaration.model,
    recorded,
    idea,
    claim,
    outcome,
    reason,
    decidedAt,
    exposures: exposureHistory,
    scores: scores.map(({ body }) => body),
    incidents: await incidentsSince(tx, candidate.readyAt, decidedAt),
    orders: commands.map(({ body: { command, by, channel, result } }) => ({ command, by, channel, result })),
    unit: declaration.unit.name,
    calendar: { origin: epochMs(declaration.source.backfillUntil), lengthMs: durationMs(declaration.cohort) },
  };
}

/** Alerts of the time in which the rollout ran. */
async function incidentsSince(
  tx: RecordTransaction,
  from: string,
  to: string | null,
): Promise<RolloutMaterial['incidents']> {
  const incidents = await tx.list('incident');
  return incidents
    .map(({ body }) => body)
    .filter(
      ({ openedAt, closedAt }) =>
        (to === null || epochMs(openedAt) <= epochMs(to)) && (closedAt === null || epochMs(closedAt) >= epochMs(from)),
    );
}
