/** Commands of people to one process that say who and why, and nothing else; of a rollout: reject, pause, resume, rollback. */
import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import { parseWorkflowId } from '../contracts/names.ts';
import { rolloutStatus } from '../client/rollout.ts';
import type { CommandOptions } from '../client/order.ts';
import type { CommandReply, Order } from '../client/rollout.ts';
import type { CommandModule, CommandResult, Invocation } from './command.ts';
import { declareDryRun, isDryRun, plannedOrder } from './dry-run.ts';
import { declareStateDir } from './connection.ts';
import { withNamed } from './named.ts';
import type { Connection } from './connection.ts';

type Send<Said extends Order, Reply> = (
  client: Client,
  id: string,
  order: Said,
  options: CommandOptions,
) => Promise<Reply>;

/** One command of people to one kind of process: who, why, and what else there is to say. */
export interface SignedCommand<Said extends Order, Reply> {
  /** As usage names the id, and as documents do: `rolloutId`. */
  readonly argument: string;
  /** Adds what can be said besides who and why. */
  readonly declare?: (command: Command) => Command;
  /** The whole order. @throws CLI_USAGE for what is of the wrong form */
  readonly say: (signed: Order, options: Invocation['options']) => Said;
  /** Whether the same words again are another order unless the caller says otherwise. */
  readonly repeats: boolean;
  /** The client's call. */
  readonly send: Send<Said, Reply>;
  /** What the process would answer now; nothing is sent. */
  readonly plan: (client: Client, id: string, order: Said) => Promise<CommandResult>;
  readonly result: (id: string, reply: Reply) => CommandResult;
}

export function signedCommand<Said extends Order, Reply>(signed: SignedCommand<Said, Reply>): CommandModule {
  const { argument, declare = (command) => command, say, repeats, send, plan, result } = signed;
  return {
    declare: (command) => {
      const named = command
        .argument(`<${argument}>`, 'id as holdfast status prints it')
        .requiredOption('--as <name>', 'your name; it is kept with the order')
        .requiredOption('--reason <text>', 'why, in words; it is kept with the order');
      const keyed = repeats
        ? named.option(
            '--once <key>',
            'two orders of the same key and content are carried out once (default: each counts)',
          )
        : named;
      declareStateDir(declareDryRun(declare(keyed)));
    },
    run: ({ args, options }) => {
      const id = args[0] ?? '';
      const order = say({ by: textOf(options, 'as'), reason: textOf(options, 'reason'), channel: 'cli' }, options);
      return withNamed(options, args[0] ?? '', async (connection) => {
        if (isDryRun(options)) return plan(connection.client, id, order);
        const sending = commandOptions(connection, id, options);
        return result(id, await send(connection.client, id, order, repeats ? sending : { ...sending, occasion: '' }));
      });
    },
  };
}

/** @param name As the rollout knows it; @param send The client's call. */
export function orderCommand(
  name: 'reject' | 'pause' | 'resume' | 'rollback',
  send: Send<Order, CommandReply>,
): CommandModule {
  return signedCommand({
    argument: 'rolloutId',
    say: (order) => order,
    repeats: true,
    send,
    plan: async (client, id, { by, reason }) => plannedOrder(await rolloutStatus(client, id), { name, by, reason }),
    result: replyResult,
  });
}

/** A second pause of the same words is a second pause, unless the caller says otherwise. */
export function commandOptions(connection: Connection, id: string, options: Invocation['options']): CommandOptions {
  const occasion = typeof options['once'] === 'string' ? options['once'] : new Date().toISOString();
  const { records } = connection;
  const model = parseWorkflowId(id)?.model ?? null;
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
