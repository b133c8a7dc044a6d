import { extend, rolloutStatus } from '../client/rollout.ts';
import type { CommandModule } from './command.ts';
import { declareStateDir, withConnection } from './connection.ts';
import { commandOptions, replyResult, stepMeant, textOf } from './order.ts';

/** More event time before the deadline of the present step. */
export const command: CommandModule = {
  declare: (command) =>
    void declareStateDir(
      command
        .argument('<rolloutId>', 'id as holdfast status prints it')
        .requiredOption('--by <duration>', 'how much longer, ISO 8601, for example P3D')
        .requiredOption('--as <name>', 'your name; it is kept with the order')
        .requiredOption('--reason <text>', 'why, in words; it is kept with the order')
        .option('--step <n>', 'index of the step (default: the present one)')
        .option('--once <key>', 'two orders of the same key and content are carried out once (default: each counts)'),
    ),
  run: ({ args, options }) =>
    withConnection(options, async (connection) => {
      const rolloutId = args[0] ?? '';
      const present = await rolloutStatus(connection.client, rolloutId);
      const order = {
        by: textOf(options, 'as'),
        reason: textOf(options, 'reason'),
        channel: 'cli',
        step: stepMeant(options) ?? present.step,
        duration: textOf(options, 'by'),
      } as const;
      const reply = await extend(connection.client, rolloutId, order, commandOptions(connection, rolloutId, options));
      return replyResult(rolloutId, reply);
    }),
};
