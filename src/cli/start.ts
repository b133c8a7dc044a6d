import { startModel } from '../client/lifecycle.ts';
import { composeModelFile } from '../compose.ts';
import type { CommandModule } from './command.ts';
import { declareStateDir, withConnection } from './connection.ts';

export const command: CommandModule = {
  declare: (command) => void declareStateDir(command.argument('<model.yaml>', 'model file to start')),
  run: async ({ args, options }) => {
    const read = await composeModelFile();
    const { path, folder, digest, declaration } = await read(args[0] ?? '');
    return withConnection(options, async ({ client, uiUrl }) => {
      const started = await startModel(client, { declaration, digest, baseDir: folder, modelPath: path });
      const other = started.digest !== digest;
      const where = uiUrl === null ? '' : `\nwatch it at ${uiUrl}`;
      const words = started.alreadyRunning
        ? `${declaration.model} runs already${other ? ', with another declaration, and goes on with that one' : ''}`
        : `${declaration.model} started as ${started.workflowId}`;
      return {
        exit: other ? 'refused' : 'ok',
        document: { model: declaration.model, declared: digest, ...started },
        text: `${words}${where}`,
      };
    });
  },
};
