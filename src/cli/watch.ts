import { setTimeout as sleep } from 'node:timers/promises';
import { HoldfastError } from '../contracts/errors.ts';
import { parseWorkflowId } from '../contracts/names.ts';
import type { CommandModule, CommandResult, Invocation } from './command.ts';
import { declareStateDir } from './connection.ts';
import { withNamed } from './named.ts';
import { whenStopped } from './interruption.ts';
import { fitted, wrapped } from '../pages/screen.ts';
import { createLiveLines } from './live-lines.ts';
import { createWatched } from './watch/looks.ts';
import type { Look } from './watch/looks.ts';
import { paintOf } from './paint.ts';

const LOOK_AGAIN_MS = 500;

/** What passes by itself: a worker or server that is started anew. */
const PASSING = new Set(['CALL_TIMEOUT', 'TEMPORAL_UNAVAILABLE', 'RECORD_STORE_UNAVAILABLE']);

export const command: CommandModule = {
  declare: (command) =>
    void declareStateDir(
      command
        .argument('<process>', 'id of a rollout, or a model')
        .option('--timeout <seconds>', 'how long to watch (default: a rollout to its outcome, a model until Ctrl-C)'),
    ),
  run: (invocation) => {
    const { args, options, color } = invocation;
    const deadline = deadlineOf(options);
    return withNamed(options, args[0] ?? '', async (connection) => {
      const target = args[0] ?? '';
      const stop = new AbortController();
      const listenNoMore = whenStopped(() => stop.abort());
      const show = createView(invocation);
      try {
        const look = createWatched(connection, target, paintOf(color));
        return await follow(look, target, { deadline, signal: stop.signal, show });
      } finally {
        show.close();
        listenNoMore();
      }
    });
  },
};

function deadlineOf(options: Invocation['options']): number {
  if (options['timeout'] === undefined) return Number.POSITIVE_INFINITY;
  const seconds = Number(options['timeout']);
  if (!(seconds > 0)) {
    throw new HoldfastError('CLI_USAGE', `--timeout is ${JSON.stringify(options['timeout'])}; give seconds above 0`);
  }
  return Date.now() + seconds * 1000;
}

/** Where looks are shown: a screen for a person, lines on change for a log, a document a line for a program. */
interface View {
  show(look: Look, trouble: string | null): void;
  close(): void;
}

function createView({ screen, json, progress, emit, args }: Invocation): View {
  if (screen !== null) {
    const lines = createLiveLines(screen);
    const how = `Ctrl-C stops watching; ${watched(args[0] ?? '')} goes on`;
    return {
      show: (look, trouble) => {
        const { columns, rows } = screen.size();
        const troubled = trouble === null ? [] : wrapped('! ', trouble, columns);
        const foot = { lines: [...troubled, ...(look.outcome === null ? [how] : [])], yields: 0 };
        lines.draw(fitted([...look.screen(columns), foot], rows - 1));
      },
      close: () => lines.close(),
    };
  }
  let last = '';
  return {
    show(look, trouble) {
      const news = trouble ?? look.line;
      const said = json ? JSON.stringify(look.document) : news;
      if (said === last) return;
      last = said;
      if (json && look.outcome === null) emit(look.document);
      else if (!json) progress(news);
    },
    close: () => undefined,
  };
}

interface Following {
  readonly deadline: number;
  readonly signal: AbortSignal;
  readonly show: View;
}

async function follow(
  takeLook: () => Promise<Look>,
  target: string,
  { deadline, signal, show }: Following,
): Promise<CommandResult> {
  let look = await takeLook();
  for (let trouble: string | null = null; ;) {
    show.show(look, trouble);
    if (look.outcome !== null) {
      const exit = look.outcome === 'promoted' ? 'ok' : 'rolledBack';
      return { exit, document: { ...look.document, ended: 'outcome' }, text: '' };
    }
    const isLate = Date.now() + LOOK_AGAIN_MS > deadline;
    if (isLate || signal.aborted) return left(look, target, isLate ? 'timeout' : 'interrupted');
    await sleep(LOOK_AGAIN_MS, undefined, { signal }).catch(() => undefined);
    try {
      if (!signal.aborted) look = await takeLook();
      trouble = null;
    } catch (error) {
      // What was seen last stays on the screen, and the words say that it is old.
      if (!(error instanceof HoldfastError) || !PASSING.has(error.code)) throw error;
      trouble = `not up to date: ${error.message}; looking again`;
    }
  }
}

function left(look: Look, target: string, ended: 'timeout' | 'interrupted'): CommandResult {
  const text = ended === 'interrupted' ? `no longer watching; ${watched(target)} goes on as before` : '';
  return { exit: 'pending', document: { ...look.document, ended }, text };
}

const watched = (target: string): string => (parseWorkflowId(target)?.kind === 'rollout' ? 'the rollout' : 'the model');
