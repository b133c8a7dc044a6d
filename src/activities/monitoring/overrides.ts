/**
 * The fallback override as all open incidents together want it. Wishes and the generation of the next order change in one
 * transaction, so that an order with a higher generation always carries the wishes of every lower one.
 */
import type { RecordTransaction } from '../../adapters/record-store/port.ts';
import { HoldfastError } from '../../contracts/errors.ts';
import { effectiveOverride } from '../../domain/monitoring/fallback-choice.ts';
import type { Override } from '../../domain/monitoring/fallback-choice.ts';
import type { ActivityPorts } from '../ports.ts';
import { recall, remember } from './facts.ts';
import type { FallbackOrder } from './facts.ts';

/** Adds an incident's wish and decides the order that serves all wishes. */
export async function wishFor(
  tx: RecordTransaction,
  wish: Override,
  constant: string,
  decisionId: string,
): Promise<FallbackOrder> {
  const { overrides } = await standingWishes(tx);
  const others = overrides.filter(({ incidentId }) => incidentId !== wish.incidentId);
  return decide(tx, [...others, wish], constant, decisionId);
}

/** Takes an incident's wish back. @returns null when it had none */
export async function withdraw(
  tx: RecordTransaction,
  incidentId: string,
  constant: string,
  decisionId: string,
): Promise<FallbackOrder | null> {
  const { overrides } = await standingWishes(tx);
  const others = overrides.filter((override) => override.incidentId !== incidentId);
  return others.length === overrides.length ? null : decide(tx, others, constant, decisionId);
}

async function decide(
  tx: RecordTransaction,
  overrides: readonly Override[],
  constant: string,
  decisionId: string,
): Promise<FallbackOrder> {
  const generation = (await standingWishes(tx)).generation + 1;
  await remember(tx, 'monitoring/overrides', { generation, overrides });
  const effective = effectiveOverride(overrides, constant);
  if (effective === null) await tx.remove('memory', 'monitoring/fallback');
  else await remember(tx, 'monitoring/fallback', effective);
  return { generation, decisionId, bundle: effective?.bundle ?? null };
}

async function standingWishes(
  tx: RecordTransaction,
): Promise<{ readonly generation: number; readonly overrides: readonly Override[] }> {
  return (await recall(tx, 'monitoring/overrides')) ?? { generation: 0, overrides: [] };
}

/**
 * Has the router obey an order. One that a newer order has overtaken need not be obeyed any more: the newer one carries it. A gateway
 * that knows a later generation than the records is told with one above it.
 */
export async function obey(
  ports: Pick<ActivityPorts, 'records' | 'trafficRouter'>,
  model: string,
  order: FallbackOrder,
): Promise<void> {
  const { records, trafficRouter } = ports;
  const overtaken = async (): Promise<boolean> =>
    (await records.transaction(model, standingWishes)).generation > order.generation;
  if (await overtaken()) return;
  try {
    await trafficRouter.fallback(model, order);
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'GENERATION_STALE') throw error;
    if (!(await overtaken())) await obeyAbove(ports, model, order);
  }
}

/** Told before it is written down: an attempt that dies between is fenced again, and goes one higher. */
async function obeyAbove(
  { records, trafficRouter }: Pick<ActivityPorts, 'records' | 'trafficRouter'>,
  model: string,
  order: FallbackOrder,
): Promise<void> {
  const known = await trafficRouter.observe(model);
  const generation = Math.max(...known.map(({ fallback }) => fallback.generation), order.generation) + 1;
  await trafficRouter.fallback(model, { ...order, generation });
  await records.transaction(model, async (tx) => {
    const wishes = await standingWishes(tx);
    if (wishes.generation < generation) await remember(tx, 'monitoring/overrides', { ...wishes, generation });
  });
}
