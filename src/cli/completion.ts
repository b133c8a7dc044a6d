import { HoldfastError } from '../contracts/errors.ts';
import type { CommandModule } from './command.ts';
import { completionScript, SHELLS } from './completion/scripts.ts';
import { completionWords } from './completion/words.ts';

export const command: CommandModule = {
  declare: (command) => void command.argument('<shell>', SHELLS.join(', ')),
  run: async ({ args, table }) => {
    const shell = SHELLS.find((known) => known === args[0]);
    if (shell === undefined)
      throw new HoldfastError('CLI_USAGE', `the shell is ${JSON.stringify(args[0])}; there is ${SHELLS.join(', ')}`);
    const script = completionScript(shell, await completionWords(table));
    return { exit: 'ok', document: { shell, script }, text: script.trimEnd() };
  },
};
