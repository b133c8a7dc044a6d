import { HoldfastError } from '../contracts/errors.ts';
import type { CommandModule, CommandResult, Invocation } from './command.ts';
import { SHELLS } from './completion/shells.ts';
import type { Shell } from './completion/shells.ts';
import { declareStateDir } from './connection.ts';

export const command: CommandModule = {
  declare: (command) =>
    void declareStateDir(
      command
        .argument('[shell]', SHELLS.join(', '))
        .option(
          '--offer <what>',
          'what a script asks for at a key press, for example rollout: the ids of those that run',
        ),
    ),
  run: ({ args, options, table }) => {
    const what = options['offer'];
    return typeof what === 'string' ? offer(what, options) : script(shellOf(args[0]), table);
  },
};

function shellOf(name: string | undefined): Shell {
  const shell = SHELLS.find((known) => known === name);
  if (shell !== undefined) return shell;
  const said = name === undefined ? 'no shell was named' : `the shell is ${JSON.stringify(name)}`;
  throw new HoldfastError('CLI_USAGE', `${said}; there is ${SHELLS.join(', ')}`);
}

/** Everything that can be said before a key is pressed is in the script. */
async function script(shell: Shell, table: Invocation['table']): Promise<CommandResult> {
  const [{ completionScript }, { completionWords }, { DRILLS }] = await Promise.all([
    import('./completion/scripts.ts'),
    import('./completion/words.ts'),
    import('./drill/drills.ts'),
  ]);
  const fixed = { completion: SHELLS, drill: Object.keys(DRILLS) };
  const text = completionScript(shell, await completionWords(table, fixed));
  return { exit: 'ok', document: { shell, script: text }, text: text.trimEnd() };
}

/** Silent where nothing runs: a person who presses a key has asked for nothing else. */
async function offer(what: string, options: Invocation['options']): Promise<CommandResult> {
  const [{ isListed, LISTED, listedWords }, { temporalMeant }] = await Promise.all([
    import('./completion/offers.ts'),
    import('./connection.ts'),
  ]);
  if (!isListed(what))
    throw new HoldfastError(
      'CLI_USAGE',
      `--offer is ${JSON.stringify(what)}; there is ${Object.keys(LISTED).join(', ')}`,
    );
  try {
    const words = await listedWords(temporalMeant(options), what);
    return { exit: 'ok', document: { what, words }, text: words.join('\n') };
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    return { exit: 'ok', document: { what, words: [] }, text: '' };
  }
}
