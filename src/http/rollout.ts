/** Orders and evidence for one rollout, as they come over HTTP. */
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
import { nameOf, said } from './orders.ts';
import type { Behind, OrderedProcess, Speaker } from './orders.ts';

export const EVIDENCE_BYTES_MAX = 1024 * 1024;
/** Each is a transaction of its own. */
const BATCHES_MAX = 1000;

export const rollouts: OrderedProcess = {
  kind: 'rollout',
  modelOf: modelOfRollout,
  status: rolloutStatus,
  commands: {
    [approveMessage.name]: { schema: said(approveMessage.schema), send: approve, repeats: false },
    [rejectMessage.name]: { schema: said(rejectMessage.schema), send: reject, repeats: false },
    [pauseMessage.name]: { schema: said(pauseMessage.schema), send: pause, repeats: true },
    [resumeMessage.name]: { schema: said(resumeMessage.schema), send: resume, repeats: true },
    [rollbackMessage.name]: { schema: said(rollbackMessage.schema), send: rollback, repeats: false },
    [extendMessage.name]: { schema: said(extendMessage.schema), send: extend, repeats: true },
    [rebasePolicyMessage.name]: { schema: said(rebasePolicyMessage.schema), send: rebasePolicy, repeats: false },
  },
};

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

/** Where the rollout stands that a model has in flight. @throws PROCESS_NOT_FOUND, CALL_TIMEOUT, TEMPORAL_UNAVAILABLE */
export async function inFlight({ client }: Behind, model: string): Promise<Answer> {
  return { status: 200, body: await rolloutInFlight(client, model) };
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
