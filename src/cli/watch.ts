import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { explain } from '../client/lifecycle.ts';
import { rolloutStatus } from '../client/rollout.ts';
import { HoldfastError } from '../contracts/errors.ts';
import { parseWorkflowId } from '../contracts/names.ts';
import { rolloutInALine } from '../domain/rollout/words.ts';
import { plainText } from '../pages/plain-text.ts';
import type { CommandModule, CommandResult, Invocation } from './command.ts';
import { declareStateDir, withConnection } from './connection.ts';

const LOOK_AGAIN_MS = 1_000;

/** What a look at a process brought: its words, and how the watching ends if it does. */
interface Look {
  readonly words: string;
  readonly outcome: string | null;
}

export const command: CommandModule = {
  declare: (command) =>
    void declareStateDir(
      command
        .argument('<process>', 'id of a rollout, or a model')
        .option('--timeout <seconds>', 'how long to watch (default: a rollout to its outcome, a model until Ctrl-C)'),
    ),
  run: ({ args, options, progress }) =>
    withConnection(options, async ({ client }) => {
      const target = args[0] ?? '';
      const look = parseWorkflowId(target)?.kind === 'rollout' ? lookAtRollout : lookAtProcess;
      return follow(() => look(client, target), target, deadlineOf(options), progress);
    }),
};

function deadlineOf(options: Invocation['options']): number {
  if (options['timeout'] === undefined) return Number.POSITIVE_INFINITY;
  const seconds = Number(options['timeout']);
  if (!(seconds > 0)) {
    throw new HoldfastError('CLI_USAGE', `--timeout is ${JSON.stringify(options['timeout'])}; give seconds above 0`);
  }
  return Date.now() + seconds * 1000;
}

async function follow(
  look: () => Promise<Look>,
  target: string,
  deadline: number,
  progress: Invocation['progress'],
): Promise<CommandResult> {
  for (let last = ''; ;) {
    const { words, outcome } = await look();
    if (words !== last) progress(words);
    last = words;
    if (outcome !== null) {
      const exit = outcome === 'promoted' ? 'ok' : 'rolledBack';
      return { exit, document: { id: target, outcome, inWords: words }, text: '' };
    }
    if (Date.now() + LOOK_AGAIN_MS > deadline) {
      return { exit: 'pending', document: { id: target, outcome, inWords: words }, text: '' };
    }
    await sleep(LOOK_AGAIN_MS);
  }
}

async function lookAtRollout(client: Client, rolloutId: string): Promise<Look> {
  const present = await rolloutStatus(client, rolloutId);
  return { words: rolloutInALine(present, present), outcome: present.decision?.outcome ?? null };
}

async function lookAtProcess(client: Client, target: string): Promise<Look> {
  return { words: plainText(await explain(client, target)), outcome: null };
}
