/**
 * How messages enter a workflow. Payloads of signals are decoded here and nowhere else: one that is not JSON, or not of the
 * declared shape, is set aside with a log line, because an undecodable signal would otherwise stop the workflow for good.
 * Set doors before the first await: a message that came with the start is delivered as soon as its door opens.
 */
import { ApplicationFailure, defaultPayloadConverter, rawValueTypeInfo } from '@temporalio/common';
import type { RawValue } from '@temporalio/common';
import { currentUpdateInfo, defineQuery, defineSignal, defineUpdate, log, setHandler } from '@temporalio/workflow';
import type { MessageBody, MessageDefinition, MessageSchema, OrderSchema } from '../contracts/messages.ts';

/** More arguments than any sender has reason to give; all of them are taken raw. */
const RAW_INPUTS = Array.from({ length: 8 }, () => rawValueTypeInfo);

/** Opens a door for a signal. `onMessage` gets one valid object and must only change state. */
export function onSignal<Name extends string, Schema extends MessageSchema>(
  message: MessageDefinition<Name, Schema>,
  onMessage: (body: MessageBody<Schema>) => void,
): void {
  setHandler(
    defineSignal<[RawValue?]>(message.name, { typeInfo: { inputTypes: RAW_INPUTS } }),
    (raw) => {
      const parsed = message.schema.safeParse(decode(raw));
      if (parsed.success) onMessage(parsed.data);
      else
        log.warn('a signal of the wrong shape was set aside', {
          signal: message.name,
          problem: describe(parsed.error),
        });
    },
    { description: describeMessage(message) },
  );
}

/**
 * Opens a door for a command as an update.
 * @param refuse Synchronous: a reason in words when the command cannot be taken now, null when it can. A refusal costs no history.
 */
export function onUpdate<Name extends string, Schema extends MessageSchema>(
  message: MessageDefinition<Name, Schema>,
  onMessage: (body: MessageBody<Schema>) => unknown,
  refuse: (body: MessageBody<Schema>) => string | null,
): void {
  setHandler(defineUpdate<unknown, [unknown]>(message.name), (body) => onMessage(message.schema.parse(body)), {
    description: describeMessage(message),
    validator: (body) => {
      const parsed = message.schema.safeParse(body);
      if (!parsed.success)
        throw refusal(
          'MESSAGE_INVALID',
          `${message.name}: ${describe(parsed.error)}; a valid one: ${inALine(message.sample)}`,
        );
      const reason = refuse(parsed.data);
      if (reason !== null) throw refusal('COMMAND_REFUSED', reason);
    },
  });
}

/**
 * Opens both doors of an order: the update, and the signal of the same name, whose refusal stands in the log alone.
 * @param take Gets the order once it is not refused, with its idempotency key or null
 */
export function onOrder<Name extends string, Schema extends OrderSchema>(
  message: MessageDefinition<Name, Schema>,
  take: (body: MessageBody<Schema>, id: string | null) => unknown,
  refuse: (body: MessageBody<Schema>, id: string | null) => string | null,
): void {
  onUpdate(
    message,
    (body) => take(body, idOf(body)),
    (body) => refuse(body, idOf(body)),
  );
  onSignal(message, (body) => {
    const reason = refuse(body, idOf(body));
    if (reason === null) take(body, idOf(body));
    else log.info('an order was not taken', { command: message.name, by: body.by, reason });
  });
}

/** Opens a question. It is answered from state alone; what is sent along with it is not looked at, and so need not be decodable. */
export function onQuery(name: string, description: string, answer: () => unknown): void {
  setHandler(defineQuery<unknown, unknown[]>(name, { typeInfo: { inputTypes: RAW_INPUTS } }), answer, { description });
}

/** Idempotency key of a command: its own, or that of the update it came by. */
export function idOf({ commandId }: { readonly commandId?: string | undefined }): string | null {
  return commandId ?? currentUpdateInfo()?.id.replaceAll('\0', '') ?? null;
}

function decode(raw: RawValue | undefined): unknown {
  if (raw === undefined) return undefined;
  try {
    return defaultPayloadConverter.fromPayload(raw.payload);
  } catch {
    return undefined;
  }
}

function describe(error: {
  readonly issues: ReadonlyArray<{ readonly path: readonly PropertyKey[]; readonly message: string }>;
}): string {
  return error.issues
    .map(({ path, message }) => {
      const field = path.join('.') || 'message';
      return message.endsWith('received undefined') ? `${field} is missing` : `${field}: ${message}`;
    })
    .join('; ');
}

function describeMessage(message: { readonly description: string; readonly sample: unknown }): string {
  return `${message.description} ${inALine(message.sample)}`;
}

/** Digests are longer than all the rest of a message; where their shape is shown, their name is enough. */
function inALine(sample: unknown): string {
  return JSON.stringify(sample).replaceAll(/"[0-9a-f]{64}"/g, '"<sha-256>"');
}

/** Without a stack: the web UI prints it to the operator. */
function refusal(type: string, message: string): ApplicationFailure {
  const failure = ApplicationFailure.nonRetryable(message, type);
  delete failure.stack;
  return failure;
}
