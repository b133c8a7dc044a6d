/** What a person or program may order of a rollout. Every order is an update whose id is its command id: sent twice, done once. */
import type { Client } from '@temporalio/client';
import {
  approveMessage,
  extendMessage,
  pauseMessage,
  rebasePolicyMessage,
  rejectMessage,
  resumeMessage,
  rollbackMessage,
  STATUS_QUERY,
} from '../contracts/messages.ts';
import type { ApproveCommand, Command, CommandAnswer, ExtendCommand, RebaseCommand } from '../contracts/messages.ts';
import { HoldfastError } from '../contracts/errors.ts';
import { promotionId } from '../contracts/names.ts';
import type { RolloutPlan, RolloutStatus } from '../contracts/workflows.ts';
import type { ChainHead, RolloutState } from '../domain/rollout/states.ts';
import { callTemporal } from './call.ts';
import type { CallOptions } from './call.ts';
import { status } from './lifecycle.ts';
import { modelOf, sendOrder } from './order.ts';
import type { CommandOptions, OrderReply } from './order.ts';

/** What every order says: who, why, by which way. */
export type Order = Omit<Command, 'commandId'>;
export type ApprovalOrder = Omit<ApproveCommand, 'commandId'>;
export type ExtensionOrder = Omit<ExtendCommand, 'commandId'>;
export type RebaseOrder = Omit<RebaseCommand, 'commandId'>;

export interface CommandReply extends OrderReply<CommandAnswer> {
  /**
   * Of a rollback that was taken: how long after it every gateway had confirmed zero, milliseconds; 0 where nobody was ever exposed, null
   * where it is not confirmed yet.
   */
  readonly zeroAfterMs?: number | null;
}

/** A yes to leaving a step, bound to step, candidate and evidence. */
export function approve(
  client: Client,
  rolloutId: string,
  order: ApprovalOrder,
  options: CommandOptions = {},
): Promise<CommandReply> {
  return sendOrder(client, rolloutId, approveMessage.name, order, options);
}

export function reject(
  client: Client,
  rolloutId: string,
  order: Order,
  options: CommandOptions = {},
): Promise<CommandReply> {
  return sendOrder(client, rolloutId, rejectMessage.name, order, options);
}

export function pause(
  client: Client,
  rolloutId: string,
  order: Order,
  options: CommandOptions = {},
): Promise<CommandReply> {
  return sendOrder(client, rolloutId, pauseMessage.name, order, options);
}

export function resume(
  client: Client,
  rolloutId: string,
  order: Order,
  options: CommandOptions = {},
): Promise<CommandReply> {
  return sendOrder(client, rolloutId, resumeMessage.name, order, options);
}

/** Exposure to 0 at once and for good. Works while the record store is down. Waits a moment for the gateways' word that it is so. */
export async function rollback(
  client: Client,
  rolloutId: string,
  order: Order,
  options: CommandOptions = {},
): Promise<CommandReply> {
  const reply = await sendOrder<CommandAnswer>(client, rolloutId, rollbackMessage.name, order, {
    ...options,
    urgent: true,
  });
  return reply.accepted ? { ...reply, zeroAfterMs: await zeroOf(client, rolloutId) } : reply;
}

/** How long whoever orders a rollback waits to be told that nobody is exposed; the way back itself is never given up. */
const ZERO_WAIT_MS = 5_000;
const ASK_AGAIN_MS = { first: 20, longest: 500 };

async function zeroOf(client: Client, rolloutId: string): Promise<number | null> {
  const deadline = Date.now() + ZERO_WAIT_MS;
  for (let pauseMs = ASK_AGAIN_MS.first; ; pauseMs = Math.min(2 * pauseMs, ASK_AGAIN_MS.longest)) {
    const deadlineMs = deadline - Date.now();
    if (deadlineMs <= 0) return null;
    // The order is taken, whatever becomes of the question.
    const state = await rolloutStatus(client, rolloutId, { deadlineMs }).catch(() => null);
    if (state?.touched === false) return 0;
    if (state?.retreated === true) return state.zeroAfterMs ?? null;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

/** More event time for the present step before its deadline; it widens nothing. */
export function extend(
  client: Client,
  rolloutId: string,
  order: ExtensionOrder,
  options: CommandOptions = {},
): Promise<CommandReply> {
  return sendOrder(client, rolloutId, extendMessage.name, order, options);
}

/** On under another policy, which is on record by then. Exposure may shrink by it and never grows. */
export function rebasePolicy(
  client: Client,
  rolloutId: string,
  order: RebaseOrder,
  options: CommandOptions = {},
): Promise<CommandReply> {
  return sendOrder(client, rolloutId, rebasePolicyMessage.name, order, options);
}

/**
 * Where a rollout stands.
 * @throws PROCESS_NOT_FOUND, also for an id of another kind of process; CALL_TIMEOUT, TEMPORAL_UNAVAILABLE
 */
export async function rolloutStatus(
  client: Client,
  rolloutId: string,
  options: CallOptions = {},
): Promise<RolloutStatus> {
  modelOfRollout(rolloutId);
  return (await status(client, rolloutId, options)) as RolloutStatus;
}

/**
 * Where the rollout stands that a model has in flight.
 * @throws PROCESS_NOT_FOUND where none is, or the model does not run; CALL_TIMEOUT, TEMPORAL_UNAVAILABLE
 */
export async function rolloutInFlight(
  client: Client,
  model: string,
  options: CallOptions = {},
): Promise<RolloutStatus> {
  const queue = (await status(client, promotionId(model), options)) as { readonly inFlight: RolloutPlan | null };
  if (queue.inFlight !== null) return rolloutStatus(client, queue.inFlight.rolloutId, options);
  throw new HoldfastError('PROCESS_NOT_FOUND', `no rollout of ${model} is in flight`, {
    remedy: 'Wait until a candidate is ready; holdfast status says what the model does now',
  });
}

/**
 * The model that a rollout is of.
 * @throws PROCESS_NOT_FOUND for an id of another kind of process
 */
export const modelOfRollout = (rolloutId: string): string =>
  modelOf('rollout', rolloutId, 'rollout/flight-delay/9f3a2c41-1');

/**
 * The head of a rollout's chain of decisions as its workflow has seen it, running or over; null before the first.
 * @throws PROCESS_NOT_FOUND, CALL_TIMEOUT, TEMPORAL_UNAVAILABLE
 */
export async function rolloutHead(
  client: Client,
  rolloutId: string,
  options: CallOptions = {},
): Promise<ChainHead | null> {
  const handle = client.workflow.getHandle(rolloutId);
  const ask = async (): Promise<RolloutState> => {
    const { status: execution } = await handle.describe();
    // What is over answers without a worker.
    if (execution.name === 'COMPLETED') return (await handle.result()) as RolloutState;
    return handle.query<RolloutState>(STATUS_QUERY);
  };
  return (await callTemporal(client, rolloutId, ask, options)).head ?? null;
}
