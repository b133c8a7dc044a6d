import { composeModelFile } from '../compose.ts';
import { modelInWords } from '../pages/model.ts';
import { wrappedProse } from '../pages/screen.ts';
import type { CommandModule } from './command.ts';

export const command: CommandModule = {
  declare: (command) => void command.argument('<model.yaml>', 'model file to judge'),
  run: async ({ args, screen }) => {
    const read = await composeModelFile();
    const { path, digest, declaration } = await read(args[0] ?? '');
    const words = `${modelInWords(declaration)}\n\nvalid: ${path} (digest ${digest.slice(0, 12)})`;
    return {
      exit: 'ok',
      document: { valid: true, path, digest, declaration },
      // A log keeps sentences whole; a terminal would break them within words.
      text: screen === null ? words : wrappedProse(words, screen.size().columns),
    };
  },
};
