import { HoldfastError } from '../contracts/errors.ts';
import { viewLinks, viewsInWords } from '../pages/views.ts';
import type { CommandModule, Invocation } from './command.ts';
import { declareStateDir, webUi } from './connection.ts';

export const command: CommandModule = {
  declare: (command) =>
    void declareStateDir(command).option('--ui <url>', 'where the web UI answers (default: as npm start left word)'),
  run: async ({ options }) => {
    const { url, namespace } = webUi(options);
    const views = viewLinks(addressOf(options, url), namespace);
    return { exit: 'ok', document: { views }, text: viewsInWords(views) };
  },
};

function addressOf(options: Invocation['options'], known: string | null): string {
  const given = options['ui'] ?? known;
  if (given === null) {
    throw new HoldfastError('CLI_USAGE', 'this platform runs without a web UI; give the address of one with --ui');
  }
  if (typeof given !== 'string' || !/^https?:\/\//.test(given)) {
    throw new HoldfastError('CLI_USAGE', `--ui is ${JSON.stringify(given)}; give an address that begins with http://`);
  }
  return given;
}
