import { explain, processId } from '../client/lifecycle.ts';
import { plainText } from '../pages/plain-text.ts';
import type { CommandModule } from './command.ts';
import { declareStateDir } from './connection.ts';
import { withNamed } from './named.ts';

export const command: CommandModule = {
  declare: (command) =>
    void declareStateDir(command.argument('<process>', 'a model, or the id of any of its processes')),
  run: ({ args, options, screen }) =>
    withNamed(options, args[0] ?? '', async ({ client }) => {
      const target = args[0] ?? '';
      const markdown = await explain(client, target);
      return {
        exit: 'ok',
        document: { id: processId(target), inWords: markdown },
        text: plainText(markdown, screen?.size().columns),
      };
    }),
};
