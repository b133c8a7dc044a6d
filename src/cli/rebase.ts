import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { rebasePolicy, rolloutStatus } from '../client/rollout.ts';
import { composeModelFile } from '../compose.ts';
import { HoldfastError } from '../contracts/errors.ts';
import type { ModelDeclaration } from '../contracts/model.ts';
import { policyOf } from '../contracts/policy-record.ts';
import type { RolloutStatus } from '../contracts/workflows.ts';
import { policyDigest } from '../domain/rollout/recorded-policy.ts';
import { positionInWords } from '../domain/rollout/words.ts';
import type { CommandModule, CommandResult } from './command.ts';
import { declareStateDir } from './connection.ts';
import { withNamed } from './named.ts';
import type { Connection } from './connection.ts';
import { declareDryRun, isDryRun, plannedOrder } from './dry-run.ts';
import { commandOptions, replyResult, textOf } from './order.ts';

/** The rollout itself says yes or no after the update: it has to read the records for it. */
const ANSWER_PATIENCE_MS = 15_000;
const LOOK_AGAIN_MS = 200;

/** Puts a rollout under the policy of a model file: the file is judged, its policy recorded, then the rollout is told. */
export const command: CommandModule = {
  declare: (command) =>
    void declareStateDir(
      declareDryRun(command)
        .argument('<rolloutId>', 'id as holdfast status prints it')
        .requiredOption('--model <file>', 'model file whose rollout policy is to rule')
        .requiredOption('--as <name>', 'your name; it is kept with the order')
        .requiredOption('--reason <text>', 'why, in words; it is kept with the order'),
    ),
  run: async ({ args, options }) => {
    const { declaration } = await (await composeModelFile())(textOf(options, 'model'));
    return withNamed(options, args[0] ?? '', (connection) => rebase(connection, args[0] ?? '', declaration, options));
  },
};

async function rebase(
  connection: Connection,
  rolloutId: string,
  declaration: ModelDeclaration,
  options: Parameters<typeof commandOptions>[2],
): Promise<CommandResult> {
  const { client } = connection;
  const present = await rolloutStatus(client, rolloutId);
  const from = present.brief?.policyDigest ?? null;
  if (declaration.model !== present.model)
    return refused(rolloutId, `the file declares ${declaration.model}, and ${rolloutId} is of ${present.model}`);
  if (from === null) return refused(rolloutId, 'the rollout has not begun yet; it begins with the policy of its model');
  const policy = policyOf(declaration, present.claim);
  const digest = policyDigest(policy);
  if (digest === from)
    return refused(rolloutId, `the policy of the file rules already (digest ${digest.slice(0, 12)})`);
  const order = { by: textOf(options, 'as'), reason: textOf(options, 'reason'), channel: 'cli' } as const;
  if (isDryRun(options)) {
    const { by, reason } = order;
    return plannedOrder(present, { name: 'rebasePolicy', by, reason, policyDigest: digest, from });
  }
  await record(connection, present.model, policy);
  const reply = await rebasePolicy(
    client,
    rolloutId,
    { ...order, policyDigest: digest, from },
    commandOptions(connection, rolloutId, options),
  );
  return reply.accepted ? outcome(client, rolloutId, digest) : replyResult(rolloutId, reply);
}

async function record({ records }: Connection, model: string, policy: ReturnType<typeof policyOf>): Promise<void> {
  if (records !== null) return void (await records.recordPolicy(model, policy));
  throw new HoldfastError(
    'CONFIG_INVALID',
    'HOLDFAST_POSTGRES_URL is not set, and a policy has to be on record before a rollout is put under it',
  );
}

async function outcome(client: Client, rolloutId: string, digest: string): Promise<CommandResult> {
  const deadline = Date.now() + ANSWER_PATIENCE_MS;
  for (;;) {
    const state = await rolloutStatus(client, rolloutId);
    const { brief, rebase: pending, inWords } = state;
    if (brief?.policyDigest === digest) return done(state, digest);
    if (pending?.policyDigest !== digest) return refused(rolloutId, inWords);
    if (Date.now() > deadline) {
      const text = `the order is taken and not carried out yet: ${inWords}`;
      return { exit: 'pending', document: { rolloutId, accepted: true, policyDigest: digest, inWords }, text };
    }
    await sleep(LOOK_AGAIN_MS);
  }
}

function done(state: RolloutStatus, digest: string): CommandResult {
  const { rolloutId, phase, exposure, step, inWords } = state;
  const stands = `${positionInWords(state)}, ${phase}`;
  return {
    exit: 'ok',
    document: { rolloutId, accepted: true, policyDigest: digest, step, exposure, phase, inWords },
    text: `re-based to policy ${digest.slice(0, 12)}; what is recorded is judged again by it\n${rolloutId}: ${stands}`,
  };
}

function refused(rolloutId: string, message: string): CommandResult {
  return { exit: 'refused', document: { rolloutId, accepted: false, message }, text: `refused: ${message}` };
}
