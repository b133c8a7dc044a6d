import { explain, runningModels, status } from '../client/lifecycle.ts';
import { plainText } from '../pages/plain-text.ts';
import type { CommandModule } from './command.ts';
import { declareStateDir } from './connection.ts';
import { withNamed } from './named.ts';

export const command: CommandModule = {
  declare: (command) =>
    void declareStateDir(
      command.argument('[process]', 'a model, or the id of any of its processes (default: all models)'),
    ),
  run: ({ args, options, screen }) =>
    withNamed(options, args[0] ?? '', async ({ client, uiUrl }) => {
      const targets = args[0] === undefined ? await runningModels(client) : [args[0]];
      const answers = await Promise.all(
        targets.map(async (target) => ({
          target,
          status: await status(client, target),
          inWords: await explain(client, target),
        })),
      );
      const words = answers.map(({ inWords }) => plainText(inWords, screen?.size().columns));
      if (words.length === 0) words.push('no model runs; start one with holdfast start <model.yaml>');
      if (uiUrl !== null) words.push(`web UI: ${uiUrl}`);
      return { exit: 'ok', document: { uiUrl, processes: answers }, text: words.join('\n\n') };
    }),
};
