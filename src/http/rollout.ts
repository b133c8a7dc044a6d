/** Orders and evidence for one rollout, as they come over HTTP. */
import type { Client } from '@temporalio/client';
import { z } from 'zod';
import { pushEvidence } from '../client/evidence.ts';
import {
  approve,
  extend,
  modelOfRollout,
  pause,
  rebasePolicy,
  reject,
  resume,
  rollback,
  rolloutInFlight,
  rolloutStatus,
} from '../client/rollout.ts';
import type { CommandOptions } from '../client/order.ts';
import type { CommandReply } from '../client/rollout.ts';
import type { composeEdgeRecords } from '../compose.ts';
import { HoldfastError } from '../contracts/errors.ts';
import { batchesIn } from '../contracts/evidence.ts';
import {
  approveMessage,
  extendMessage,
  pauseMessage,
  rebasePolicyMessage,
  rejectMessage,
  resumeMessage,
  rollbackMessage,
} from '../contracts/messages.ts';
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
export const EVIDENCE_BYTES_MAX = 1024 * 1024;
/** Each is a transaction of its own. */
const BATCHES_MAX = 1000;
const KEY_MAX = 200;

type Order = Readonly<Record<string, unknown>> & { readonly by?: string };
type Send = (client: Client, rolloutId: string, order: never, options: CommandOptions) => Promise<CommandReply>;

interface Command {
  readonly schema: z.ZodType;
  readonly send: Send;
  /** The same words again are another order: only a key says whether they are one. */
  readonly repeats: boolean;
}

/** What a sender says; the channel is ours to say, the id follows from content and key. */
const said = <Shape extends { by: z.ZodType; commandId: z.ZodType; channel: z.ZodType }>(
  schema: z.ZodObject<Shape, z.core.$strict>,
): z.ZodType => {
  const { by, commandId: _id, channel: _channel, ...rest } = schema.shape;
  return z.strictObject({ ...rest, by: by.optional() });
};

export const COMMANDS: Readonly<Record<string, Command>> = {
  [approveMessage.name]: { schema: said(approveMessage.schema), send: approve, repeats: false },
  [rejectMessage.name]: { schema: said(rejectMessage.schema), send: reject, repeats: false },
  [pauseMessage.name]: { schema: said(pauseMessage.schema), send: pause, repeats: true },
  [resumeMessage.name]: { schema: said(resumeMessage.schema), send: resume, repeats: true },
  [rollbackMessage.name]: { schema: said(rollbackMessage.schema), send: rollback, repeats: false },
  [extendMessage.name]: { schema: said(extendMessage.schema), send: extend, repeats: true },
  [rebasePolicyMessage.name]: { schema: said(rebasePolicyMessage.schema), send: rebasePolicy, repeats: false },
};

/** Gives one order. @throws COMMAND_REFUSED with the rollout's reason; REQUEST_INVALID; NAME_NOT_AUTHENTICATED; what the client throws */
export async function command(
  { client, records }: Behind,
  rolloutId: string,
  name: string,
  text: string,
  speaker: Speaker,
): Promise<Answer> {
  const model = modelOfRollout(rolloutId);
  const { schema, send, repeats } = COMMANDS[name] as Command;
  const { by: claimed, ...content } = parse(schema, text) as Order;
  const by = nameOf(speaker, claimed);
  const { authenticatedAs } = speaker;
  const order = { ...content, by, channel: 'http' };
  const reply = await send(client, rolloutId, order as never, {
    // A claim and a token's word are never one order, whatever they say.
    occasion: `${authenticatedAs === null ? 'claimed' : 'authenticated'}/${keyOf(speaker, name, repeats)}`,
    logAttempt: (attempt) =>
      records.logAttempt(model, authenticatedAs === null ? attempt : { ...attempt, authenticatedAs }),
  });
  if (reply.accepted) return { status: 200, body: { rolloutId, ...reply, by, authenticatedAs } };
  throw new HoldfastError('COMMAND_REFUSED', reply.message, {
    details: { rolloutId, commandId: reply.commandId, by, authenticatedAs },
  });
}

/** Records batches and tells the rollout once. @throws REQUEST_INVALID, NAME_NOT_AUTHENTICATED, RECORD_STORE_UNAVAILABLE */
export async function evidence(
  { client, records }: Behind,
  rolloutId: string,
  text: string,
  claimed: string | null,
  speaker: Speaker,
): Promise<Answer> {
  const by = nameOf(speaker, claimed ?? undefined);
  const batches = readBatches(text);
  const given = { batches, by, channel: 'http' };
  const { receipts, untold } = await pushEvidence(client, rolloutId, given, (model, id, batch) =>
    records.take(model, id, batch),
  );
  const count = (result: string): number => receipts.filter((receipt) => receipt.result === result).length;
  const counts = { recorded: count('recorded'), duplicate: count('duplicate'), refused: count('refused') };
  const { authenticatedAs } = speaker;
  return {
    status: counts.refused === receipts.length ? 409 : 200,
    body: { rolloutId, by, authenticatedAs, ...counts, untold, receipts },
  };
}

/** Where a rollout stands. @throws PROCESS_NOT_FOUND, CALL_TIMEOUT, TEMPORAL_UNAVAILABLE */
export async function status({ client }: Behind, rolloutId: string): Promise<Answer> {
  return { status: 200, body: await rolloutStatus(client, rolloutId) };
}

/** Where the rollout stands that a model has in flight. @throws as `status` */
export async function inFlight({ client }: Behind, model: string): Promise<Answer> {
  return { status: 200, body: await rolloutInFlight(client, model) };
}

function nameOf({ authenticatedAs }: Speaker, claimed: string | undefined): string {
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

function readBatches(text: string): readonly unknown[] {
  let batches: readonly unknown[];
  try {
    batches = batchesIn(text);
  } catch (error) {
    throw new HoldfastError('REQUEST_INVALID', `the body is no JSON array: ${(error as Error).message}`);
  }
  if (batches.length > 0 && batches.length <= BATCHES_MAX) return batches;
  throw new HoldfastError('REQUEST_INVALID', `the body has ${batches.length} batches; send 1 to ${BATCHES_MAX}`);
}
