/** Sending an order to a process, whichever it is: an update whose id is its command id, so that what is sent twice is done once. */
import type { Client } from '@temporalio/client';
import { HoldfastError } from '../contracts/errors.ts';
import { DOORS } from '../contracts/message-doors.ts';
import { parseWorkflowId } from '../contracts/names.ts';
import type { WorkflowKind } from '../contracts/names.ts';
import type { CommandRecord } from '../contracts/records.ts';
import { canonicalJson } from '../domain/canonical-json.ts';
import { sha256Hex } from '../domain/sha256.ts';
import { callTemporal } from './call.ts';
import type { CallOptions } from './call.ts';

export interface CommandOptions extends CallOptions {
  /** Writes the attempt to the command log before Temporal is called. A rollback does not wait for it. */
  readonly logAttempt?: (record: CommandRecord) => Promise<void>;
  /** Tells apart two commands of the same content, for example a second pause; without it they are one. */
  readonly occasion?: string;
}

/** What every order says: who, and by which way it came. */
export interface SignedOrder {
  readonly by: string;
  readonly channel: string;
}

/** What every process answers to an order. */
export interface OrderAnswer {
  readonly accepted: boolean;
  readonly message: string;
}

export interface OrderReply<ProcessAnswer extends OrderAnswer> {
  readonly commandId: string;
  readonly accepted: boolean;
  /** What stands now, or the reason of the refusal. */
  readonly message: string;
  /** Where the process stands; null when the command was refused. */
  readonly answer: ProcessAnswer | null;
}

export interface Sending extends CommandOptions {
  /** Whether the order may be sent before its attempt is in the log, and whatever becomes of the log. */
  readonly urgent?: boolean;
}

/**
 * Logs the attempt, sends the order and waits for the answer of the process.
 * @param target Workflow id; @param command Name of the update.
 * @throws PROCESS_NOT_FOUND, CALL_TIMEOUT (the command may still be applied), TEMPORAL_UNAVAILABLE; what `logAttempt` throws, with nothing
 * sent. A refusal is an answer.
 */
export async function sendOrder<ProcessAnswer extends OrderAnswer>(
  client: Client,
  target: string,
  command: string,
  order: SignedOrder,
  options: Sending = {},
): Promise<OrderReply<ProcessAnswer>> {
  refuseOtherKinds(target, command);
  const commandId = commandIdOf(command, target, order, options.occasion);
  const body = { ...order, commandId };
  const { by, channel } = order;
  const logged =
    options.logAttempt?.({ commandId, command, target, by, channel, body, result: 'attempted' }) ?? Promise.resolve();
  if (options.urgent === true) logged.catch(() => undefined);
  else await logged;
  const handle = client.workflow.getHandle(target);
  try {
    const answer = await callTemporal(
      client,
      target,
      () => handle.executeUpdate<ProcessAnswer, [unknown]>(command, { args: [body], updateId: commandId }),
      options,
    );
    return { commandId, accepted: answer.accepted, message: answer.message, answer };
  } catch (error) {
    const { WorkflowUpdateFailedError } = await import('@temporalio/client');
    if (!(error instanceof WorkflowUpdateFailedError)) throw error;
    return { commandId, accepted: false, message: error.cause?.message ?? error.message, answer: null };
  }
}

/** @throws PROCESS_NOT_FOUND for the id of a process that takes no such order */
function refuseOtherKinds(target: string, command: string): void {
  const parsed = parseWorkflowId(target);
  if (parsed === null || DOORS[parsed.kind].updates.some(({ name }) => name === command)) return;
  const takers = Object.values(DOORS).filter(({ updates }) => updates.some(({ name }) => name === command));
  const ids = takers.map(({ id }) => id).join(' or ');
  throw new HoldfastError('PROCESS_NOT_FOUND', `${target} takes no ${command}: that is for ${ids}`, {
    remedy: 'Give an id as holdfast inbox or holdfast status prints it',
  });
}

/** Id of a command: the same content and occasion give the same id, so that a repeated call is carried out once. */
export function commandIdOf(command: string, target: string, order: object, occasion = ''): string {
  // `rolloutId` whatever the process is: ids of orders that were given before other processes took any stay what they are.
  return `${command}-${sha256Hex(canonicalJson({ command, rolloutId: target, order, occasion })).slice(0, 24)}`;
}

/**
 * The model that a process of one kind is of.
 * @param example An id of that kind, for the words of a failure.
 * @throws PROCESS_NOT_FOUND for an id of another kind of process
 */
export function modelOf(kind: WorkflowKind, id: string, example: string): string {
  const parsed = parseWorkflowId(id);
  if (parsed?.kind === kind) return parsed.model;
  throw new HoldfastError('PROCESS_NOT_FOUND', `${JSON.stringify(id)} is not the id of ${article(kind)} ${kind}`, {
    remedy: `Give an id as holdfast status prints it, for example ${example}`,
  });
}

const article = (noun: string): string => (/^[aeiou]/.test(noun) ? 'an' : 'a');
