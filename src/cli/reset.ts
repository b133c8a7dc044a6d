import { createInterface } from 'node:readline/promises';
import { resolve } from 'node:path';
import { readConfig } from '../config.ts';
import { HoldfastError } from '../contracts/errors.ts';
import { modelsIn, resetState, stateIn } from '../platform/reset.ts';
import type { Forgotten } from '../platform/reset.ts';
import type { CommandModule, Invocation } from './command.ts';
import { declareDryRun, isDryRun, planned } from './dry-run.ts';
import { textOf } from './order.ts';

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
const entryLine = ({ name, meaning, bytes }: Forgotten): string =>
  `  ${name.padEnd(16)}  ${meaning} (${megabytes(bytes)})`;

/** The one command that destroys and names nothing by itself: whoever gives it says what is lost. */
export const command: CommandModule = {
  declare: (command) =>
    void declareDryRun(command)
      .option('--yes <models>', 'names of the models that are forgotten, separated by commas')
      .option('--state-dir <dir>', 'state directory that is forgotten (default: ./.holdfast)'),
  run: async ({ options, screen }) => {
    const stateDir = resolve(textOf(options, 'stateDir') || readConfig().stateDir);
    const models = modelsIn(stateDir);
    if (isDryRun(options)) {
      const forgotten = stateIn(stateDir);
      const lines =
        forgotten.length === 0
          ? [`there is nothing to forget in ${stateDir}`]
          : [`would be forgotten in ${stateDir}, with ${inWords(models)}:`, ...forgotten.map(entryLine)];
      return planned({ stateDir, models, forgotten }, lines);
    }
    await confirm(models, options, screen !== null);
    const { forgotten, kept, ended } = await resetState(stateDir);
    const lines = [
      ...(ended.length === 0 ? [] : [`ended what an earlier start had left running: ${ended.join(', ')}`]),
      forgotten.length === 0 ? `there is nothing to forget in ${stateDir}` : `forgotten in ${stateDir}:`,
      ...forgotten.map(entryLine),
      ...(kept.length === 0 ? [] : [`kept, because Holdfast did not put it there: ${kept.join(', ')}`]),
    ];
    return { exit: 'ok', document: { stateDir, models, forgotten, kept, ended }, text: lines.join('\n') };
  },
};

const inWords = (models: readonly string[]): string => (models.length === 0 ? 'no model in it' : models.join(', '));

/** @throws CLI_USAGE unless the models are named: by the option, or typed where a person is there to type */
async function confirm(models: readonly string[], options: Invocation['options'], isWatched: boolean): Promise<void> {
  if (models.length === 0) return;
  const expected = models.join(',');
  const asks = !('yes' in options) && isWatched && process.stdin.isTTY;
  const said = asks
    ? await ask(`This forgets everything of ${inWords(models)}. Type ${expected} to go on: `)
    : textOf(options, 'yes');
  const named = said
    .split(',')
    .map((name) => name.trim())
    .sort();
  if (named.join(',') === expected) return;
  throw new HoldfastError(
    'CLI_USAGE',
    `everything of ${inWords(models)} would be forgotten, and ${said === '' ? 'nobody has said so' : `${JSON.stringify(said)} was said`}`,
    {
      remedy: `Give --yes ${expected}; --dry-run shows what there is`,
    },
  );
}

async function ask(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return (await lines.question(question)).trim();
  } finally {
    lines.close();
  }
}
