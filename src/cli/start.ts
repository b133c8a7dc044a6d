import type { Client } from '@temporalio/client';
import { runningModels, startModel } from '../client/lifecycle.ts';
import { composeModelFile } from '../compose.ts';
import type { ModelDeclaration } from '../contracts/model.ts';
import type { CommandModule, CommandResult } from './command.ts';
import { declareStateDir, withConnection } from './connection.ts';
import { declareDryRun, isDryRun, planned } from './dry-run.ts';

const DIGEST_SHOWN = 12;

export const command: CommandModule = {
  declare: (command) => void declareStateDir(declareDryRun(command).argument('<model.yaml>', 'model file to start')),
  run: async ({ args, options }) => {
    const read = await composeModelFile();
    const { path, folder, digest, declaration } = await read(args[0] ?? '');
    return withConnection(options, async ({ client, uiUrl }) => {
      if (isDryRun(options)) return plan(client, declaration, digest);
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

async function plan(client: Client, { model, owner }: ModelDeclaration, digest: string): Promise<CommandResult> {
  const runs = (await runningModels(client)).includes(model);
  const words = runs
    ? `${model} runs already and would go on with the declaration it has`
    : `${model} of ${owner} would be started by declaration ${digest.slice(0, DIGEST_SHOWN)}: its declared fallback serves first`;
  return planned({ model, declared: digest, alreadyRunning: runs }, [words]);
}
