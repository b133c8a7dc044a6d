import picocolors from 'picocolors';
import { inbox } from '../client/inbox.ts';
import type { WaitingProcess } from '../client/inbox.ts';
import { commandLine } from '../domain/command-line.ts';
import { inboxInWords } from '../pages/inbox.ts';
import type { CommandModule } from './command.ts';
import { declareStateDir } from './connection.ts';
import { withNamed } from './named.ts';
import { textOf } from './order.ts';

export const command: CommandModule = {
  declare: (command) =>
    void declareStateDir(
      command
        .argument('[model]', 'a model (default: all models)')
        .option('--as <name>', 'your name, for the commands that are printed'),
    ),
  run: ({ args, options, color }) =>
    withNamed(options, args[0] ?? '', async ({ client }) => {
      const { waiting, more } = await inbox(client, args[0] ?? null);
      const entries = waiting.map((process) => ({ ...process, commands: commandsFor(process, textOf(options, 'as')) }));
      const now = Date.now();
      const aged = entries.map((entry) => ({ ...entry, ageMs: Math.max(0, now - Date.parse(entry.since)) }));
      const { dim } = picocolors.createColors(color);
      return { exit: 'ok', document: { waiting: entries, more }, text: inboxInWords(aged, more, dim) };
    }),
};

/** What answers it, then what says more about it. */
function commandsFor({ id, next }: WaitingProcess, name: string): string[] {
  const orders = (next?.orders ?? []).map((order) => commandLine(id, order, next?.body ?? {}));
  return [...orders, `npx holdfast explain ${id}`].map((line) =>
    name === '' ? line : line.replace('--as NAME', `--as ${name}`),
  );
}
