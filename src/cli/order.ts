/** Commands of people to one rollout that say who and why, and nothing else: reject, pause, resume, rollback. */
import type { Client } from '@temporalio/client';
import { parseWorkflowId } from '../contracts/names.ts';
import { rolloutStatus } from '../client/rollout.ts';
import type { CommandOptions } from '../client/order.ts';
import type { CommandReply, Order } from '../client/rollout.ts';
import type { CommandModule, CommandResult, Invocation } from './command.ts';
import { declareDryRun, isDryRun, plannedOrder } from './dry-run.ts';
import { declareStateDir, withConnection } from './connection.ts';
import type { Connection } from './connection.ts';

type Send = (client: Client, rolloutId: string, order: Order, options: CommandOptions) => Promise<CommandReply>;

/** @param name As the rollout knows it; @param send The client's call. */
export function orderCommand(name: 'reject' | 'pause' | 'resume' | 'rollback', send: Send): CommandModule {
  return {
    declare: (command) =>
      void declareStateDir(
        declareDryRun(
          command
            .argument('<rolloutId>', 'id as holdfast status prints it')
            .requiredOption('--as <name>', 'your name; it is kept with the order')
            .requiredOption('--reason <text>', 'why, in words; it is kept with the order')
            .option(
              '--once <key>',
              'two orders of the same key and content are carried out once (default: each counts)',
            ),
        ),
      ),
    run: ({ args, options }) =>
      withConnection(options, async (connection) => {
        const rolloutId = args[0] ?? '';
        const order: Order = { by: textOf(options, 'as'), reason: textOf(options, 'reason'), channel: 'cli' };
        if (isDryRun(options)) {
          const { by, reason } = order;
          return plannedOrder(await rolloutStatus(connection.client, rolloutId), { name, by, reason });
        }
        const reply = await send(connection.client, rolloutId, order, commandOptions(connection, rolloutId, options));
        return replyResult(rolloutId, reply);
      }),
  };
}

/** A second pause of the same words is a second pause, unless the caller says otherwise. */
export function commandOptions(
  connection: Connection,
  rolloutId: string,
  options: Invocation['options'],
): CommandOptions {
  const occasion = typeof options['once'] === 'string' ? options['once'] : new Date().toISOString();
  const { records } = connection;
  const model = parseWorkflowId(rolloutId)?.model ?? null;
  if (records === null || model === null) return { occasion };
  return { occasion, logAttempt: (record) => records.logAttempt(model, record) };
}

export function replyResult(rolloutId: string, reply: CommandReply): CommandResult {
  const { accepted, message, answer, zeroAfterMs } = reply;
  const stands = answer === null ? '' : `\n${rolloutId}: ${answer.phase}, exposure ${answer.exposure}`;
  const zero = zeroAfterMs === undefined ? '' : `\n${zeroInWords(zeroAfterMs)}`;
  return {
    exit: accepted ? 'ok' : 'refused',
    document: { rolloutId, ...reply },
    text: accepted ? `taken: ${message}${zero === '' ? stands : zero}` : `refused: ${message}`,
  };
}

function zeroInWords(zeroAfterMs: number | null): string {
  if (zeroAfterMs === null)
    return 'not at zero yet: it is tried until every gateway has confirmed; holdfast explain says when';
  return zeroAfterMs === 0
    ? 'nobody was ever exposed to it'
    : `at zero: every gateway has confirmed, ${zeroAfterMs} ms after the order`;
}

/** The index that `--step` gives; null where it was not given. */
export function stepMeant(options: Invocation['options']): number | null {
  const given = options['step'];
  return typeof given === 'string' ? Number(given) : null;
}

export function textOf(options: Invocation['options'], name: string): string {
  const value = options[name];
  return typeof value === 'string' ? value : '';
}
