import { composeModelFile } from '../compose.ts';
import { modelInWords } from '../pages/model.ts';
import type { CommandModule } from './command.ts';

export const command: CommandModule = {
  declare: (command) => void command.argument('<model.yaml>', 'model file to judge'),
  run: async ({ args }) => {
    const read = await composeModelFile();
    const { path, digest, declaration } = await read(args[0] ?? '');
    return {
      exit: 'ok',
      document: { valid: true, path, digest, declaration },
      text: `${modelInWords(declaration)}\n\nvalid: ${path} (digest ${digest.slice(0, 12)})`,
    };
  },
};
