import { extend, rolloutStatus } from '../client/rollout.ts';
import type { ExtensionOrder } from '../client/rollout.ts';
import { HoldfastError } from '../contracts/errors.ts';
import { DURATION_PATTERN } from '../contracts/model-scalars.ts';
import type { RolloutStatus } from '../contracts/workflows.ts';
import { durationMs } from '../domain/time.ts';
import type { CommandModule, CommandResult } from './command.ts';
import { declareStateDir } from './connection.ts';
import { withNamed } from './named.ts';
import { declareDryRun, isDryRun, plannedOrder } from './dry-run.ts';
import { commandOptions, replyResult, stepMeant, textOf } from './order.ts';

/** More event time before the deadline of the present step. */
export const command: CommandModule = {
  declare: (command) =>
    void declareStateDir(
      declareDryRun(command)
        .argument('<rolloutId>', 'id as holdfast status prints it')
        .requiredOption('--by <duration>', 'how much longer, ISO 8601, for example P3D')
        .requiredOption('--as <name>', 'your name; it is kept with the order')
        .requiredOption('--reason <text>', 'why, in words; it is kept with the order')
        .option('--step <n>', 'index of the step (default: the present one)')
        .option('--once <key>', 'two orders of the same key and content are carried out once (default: each counts)'),
    ),
  run: ({ args, options }) =>
    withNamed(options, args[0] ?? '', async (connection) => {
      const rolloutId = args[0] ?? '';
      const present = await rolloutStatus(connection.client, rolloutId);
      const order = {
        by: textOf(options, 'as'),
        reason: textOf(options, 'reason'),
        channel: 'cli',
        step: stepMeant(options) ?? present.step,
        duration: textOf(options, 'by'),
      } as const;
      if (isDryRun(options)) return plan(present, order);
      const reply = await extend(connection.client, rolloutId, order, commandOptions(connection, rolloutId, options));
      return replyResult(rolloutId, reply);
    }),
};

/** @throws CLI_USAGE for what is no duration: the rollout would refuse it, too */
function plan(present: RolloutStatus, { by, reason, step, duration }: ExtensionOrder): CommandResult {
  const isDuration = DURATION_PATTERN.test(duration);
  if (!isDuration)
    throw new HoldfastError(
      'CLI_USAGE',
      `--by is ${JSON.stringify(duration)}; give an ISO 8601 duration, for example P3D`,
    );
  return plannedOrder(present, { name: 'extend', by, reason, step, lengthMs: durationMs(duration) });
}
