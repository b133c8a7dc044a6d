import { approve, rolloutStatus } from '../client/rollout.ts';
import type { ApprovalOrder } from '../client/rollout.ts';
import { HoldfastError } from '../contracts/errors.ts';
import type { RolloutStatus } from '../contracts/workflows.ts';
import type { CommandModule, CommandResult } from './command.ts';
import { declareStateDir } from './connection.ts';
import { withNamed } from './named.ts';
import { declareDryRun, isDryRun, plannedOrder } from './dry-run.ts';
import { commandOptions, replyResult, stepMeant, textOf } from './order.ts';

const DIGEST_PREFIX_MIN = 8;

/** A yes names what it is based on: without the evidence digest there is nothing to say yes to. */
export const command: CommandModule = {
  declare: (command) =>
    void declareStateDir(
      declareDryRun(command)
        .argument('<rolloutId>', 'id as holdfast status prints it')
        .requiredOption('--evidence <digest>', `evidence the yes is based on, at least ${DIGEST_PREFIX_MIN} characters`)
        .requiredOption('--as <name>', 'your name; it is kept with the approval')
        .requiredOption('--reason <text>', 'why, in words; it is kept with the approval')
        .option('--role <role>', 'role you act in (default: the first one asked for)')
        .option('--step <n>', 'index of the step that is left (default: the one the request is for)'),
    ),
  run: ({ args, options }) =>
    withNamed(options, args[0] ?? '', async (connection) => {
      const rolloutId = args[0] ?? '';
      requireEnoughOf(textOf(options, 'evidence'));
      const present = await rolloutStatus(connection.client, rolloutId);
      const evidenceDigest = evidenceMeant(present, textOf(options, 'evidence'));
      if (evidenceDigest === null) return staleEvidence(present, textOf(options, 'evidence'));
      const order: ApprovalOrder = {
        by: textOf(options, 'as'),
        reason: textOf(options, 'reason'),
        channel: 'cli',
        step: stepMeant(options) ?? present.request?.step ?? present.step,
        candidate: present.bundle,
        evidenceDigest,
        role: textOf(options, 'role') || (present.request?.roles[0] ?? 'approver'),
      };
      if (isDryRun(options)) return plannedOrder(present, { name: 'approve', approval: order });
      const reply = await approve(
        connection.client,
        rolloutId,
        order,
        // The same yes twice is one yes: its content already says to what.
        { ...commandOptions(connection, rolloutId, options), occasion: '' },
      );
      return replyResult(rolloutId, reply);
    }),
};

/** @throws CLI_USAGE for so little that it could be the beginning of any evidence */
function requireEnoughOf(given: string): void {
  if (given.length >= DIGEST_PREFIX_MIN) return;
  throw new HoldfastError(
    'CLI_USAGE',
    `--evidence is ${JSON.stringify(given)}; give at least the first ${DIGEST_PREFIX_MIN} characters of its digest`,
    { remedy: 'holdfast explain <rolloutId> prints the command with the digest of the evidence that waits' },
  );
}

/** The whole digest for a prefix of what waits for approval; a whole digest as given: the rollout says whether it is stale. */
function evidenceMeant(present: RolloutStatus, given: string): string | null {
  const waiting = present.request?.evidenceDigest ?? '';
  if (waiting.startsWith(given)) return waiting;
  return /^[0-9a-f]{64}$/.test(given) ? given : null;
}

function staleEvidence(present: RolloutStatus, given: string): CommandResult {
  const { rolloutId, request, inWords } = present;
  const waiting =
    request === null
      ? `nothing waits for approval: ${inWords}`
      : `approval waits on evidence ${request.evidenceDigest}`;
  const message = `evidence ${given} is not what ${rolloutId} stands on; ${waiting}`;
  return { exit: 'refused', document: { rolloutId, accepted: false, message }, text: `refused: ${message}` };
}
