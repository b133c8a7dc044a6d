/** Orders of people and programs to a process, as they come over HTTP: who speaks, in which words, once. What they mean is the process's to say. */
import type { Client } from '@temporalio/client';
import { z } from 'zod';
import type { CommandOptions, OrderAnswer, OrderReply } from '../client/order.ts';
import type { composeEdgeRecords } from '../compose.ts';
import { HoldfastError } from '../contracts/errors.ts';
import type { WorkflowKind } from '../contracts/names.ts';
import type { Answer } from './exchange.ts';
import type { Pages } from './pages.ts';

/** What the edge speaks to. */
export interface Behind {
  readonly client: Client;
  readonly records: Awaited<ReturnType<typeof composeEdgeRecords>>;
  readonly pages: Pages;
}

/** Whoever speaks: by the word of a token, or as they say. */
export interface Speaker {
  readonly authenticatedAs: string | null;
  /** Idempotency key of the request; tells apart two orders of the same content. */
  readonly key: string | null;
}

export const COMMAND_BYTES_MAX = 16 * 1024;
const KEY_MAX = 200;

type Order = Readonly<Record<string, unknown>> & { readonly by?: string };
type Send = (client: Client, id: string, order: never, options: CommandOptions) => Promise<OrderReply<OrderAnswer>>;

interface HttpCommand {
  readonly schema: z.ZodType;
  readonly send: Send;
  /** The same words again are another order: only a key says whether they are one. */
  readonly repeats: boolean;
}

/** One kind of process that takes orders over HTTP. */
export interface OrderedProcess {
  readonly kind: WorkflowKind;
  /** @throws PROCESS_NOT_FOUND for an id of another kind of process */
  readonly modelOf: (id: string) => string;
  /** Where it stands. @throws PROCESS_NOT_FOUND, CALL_TIMEOUT, TEMPORAL_UNAVAILABLE */
  readonly status: (client: Client, id: string) => Promise<object>;
  /** By the last part of the path. */
  readonly commands: Readonly<Record<string, HttpCommand>>;
}

/** What a sender says; the channel is ours to say, the id follows from content and key. */
export const said = <Shape extends { by: z.ZodType; commandId: z.ZodType; channel: z.ZodType }>(
  schema: z.ZodObject<Shape, z.core.$strict>,
): z.ZodType => {
  const { by, commandId: _id, channel: _channel, ...rest } = schema.shape;
  return z.strictObject({ ...rest, by: by.optional() });
};

/** Gives one order. @throws COMMAND_REFUSED with the reason of the process; REQUEST_INVALID; NAME_NOT_AUTHENTICATED; what the client throws */
export async function command(
  { client, records }: Behind,
  { kind, modelOf, commands }: OrderedProcess,
  id: string,
  name: string,
  text: string,
  speaker: Speaker,
): Promise<Answer> {
  const model = modelOf(id);
  const { schema, send, repeats } = commands[name] as HttpCommand;
  const { by: claimed, ...content } = parse(schema, text) as Order;
  const by = nameOf(speaker, claimed);
  const { authenticatedAs } = speaker;
  const order = { ...content, by, channel: 'http' };
  const reply = await send(client, id, order as never, {
    // A claim and a token's word are never one order, whatever they say.
    occasion: `${authenticatedAs === null ? 'claimed' : 'authenticated'}/${keyOf(speaker, name, repeats)}`,
    logAttempt: (attempt) =>
      records.logAttempt(model, authenticatedAs === null ? attempt : { ...attempt, authenticatedAs }),
  });
  const process = { [`${kind}Id`]: id };
  if (reply.accepted) return { status: 200, body: { ...process, ...reply, by, authenticatedAs } };
  throw new HoldfastError('COMMAND_REFUSED', reply.message, {
    details: { ...process, commandId: reply.commandId, by, authenticatedAs },
  });
}

/** @throws REQUEST_INVALID where nobody says who speaks; NAME_NOT_AUTHENTICATED where a token says otherwise */
export function nameOf({ authenticatedAs }: Speaker, claimed: string | undefined): string {
  if (authenticatedAs === null) {
    if (claimed !== undefined && claimed !== '' && claimed.length <= 100) return claimed;
    throw new HoldfastError('REQUEST_INVALID', 'by is missing or no name: say who you are, in up to 100 characters');
  }
  if (claimed === undefined || claimed === authenticatedAs) return authenticatedAs;
  throw new HoldfastError(
    'NAME_NOT_AUTHENTICATED',
    `by is ${JSON.stringify(claimed)}, and the token is that of ${authenticatedAs}`,
  );
}

function keyOf({ key }: Speaker, name: string, repeats: boolean): string {
  if (key !== null && key.length > KEY_MAX)
    throw new HoldfastError('REQUEST_INVALID', `Idempotency-Key has ${key.length} characters; at most ${KEY_MAX}`);
  if (key === null && repeats)
    throw new HoldfastError(
      'REQUEST_INVALID',
      `Idempotency-Key is missing: a second ${name} in the same words may be meant or sent again by mistake`,
      { remedy: 'Send the header Idempotency-Key with a text of your own: the same key is carried out once' },
    );
  return key ?? '';
}

function parse(schema: z.ZodType, text: string): unknown {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    throw new HoldfastError('REQUEST_INVALID', `the body is not JSON: ${(error as Error).message}`);
  }
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`);
  throw new HoldfastError('REQUEST_INVALID', faults.join('; '));
}
