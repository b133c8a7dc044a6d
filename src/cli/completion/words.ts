/** Every word of the command line, for shells that complete it: read from the table and from what each verb declares. */
import { Command } from 'commander';
import type { CommandTable } from '../command.ts';
import { offerFor } from './offers.ts';
import type { Offer } from './offers.ts';

interface OptionWord {
  /** `--state-dir`. */
  readonly flag: string;
  readonly meaning: string;
  /** Whether a value follows. */
  readonly takesValue: boolean;
}

export interface VerbWords {
  /** `gate plan`, or one word. */
  readonly path: string;
  readonly summary: string;
  /** Verbs of a noun; empty where it is a verb itself. */
  readonly verbs: ReadonlyArray<{ readonly name: string; readonly summary: string }>;
  readonly options: readonly OptionWord[];
  /** What is offered for each of its arguments, in order. */
  readonly offers: readonly Offer[];
}

const EVERYWHERE: readonly OptionWord[] = [
  { flag: '--json', meaning: 'print JSON', takesValue: false },
  { flag: '--no-color', meaning: 'print without colours', takesValue: false },
  { flag: '--help', meaning: 'show what it does', takesValue: false },
];

/**
 * @param fixed Words for arguments that take one of a few, by verb
 * @returns a line for each verb and noun, and one of path '' for the beginning.
 */
export async function completionWords(table: CommandTable, fixed: Fixed): Promise<readonly VerbWords[]> {
  const lines: VerbWords[] = [];
  const top = Object.entries(table).map(([name, { summary }]) => ({ name, summary }));
  const release = { flag: '--version', meaning: 'print the release', takesValue: false };
  lines.push({ path: '', summary: '', verbs: top, options: [...EVERYWHERE, release], offers: [] });
  for (const [name, entry] of Object.entries(table)) {
    if (!('verbs' in entry)) {
      lines.push(await verbWords(name, entry, fixed));
      continue;
    }
    const verbs = Object.entries(entry.verbs).map(([verb, { summary }]) => ({ name: verb, summary }));
    lines.push({ path: name, summary: entry.summary, verbs, options: EVERYWHERE, offers: [] });
    for (const [verb, leaf] of Object.entries(entry.verbs)) lines.push(await verbWords(`${name} ${verb}`, leaf, fixed));
  }
  return lines;
}

type Verb = Extract<CommandTable[string], { readonly load: unknown }>;

type Fixed = Parameters<typeof offerFor>[2];

async function verbWords(path: string, { summary, load }: Verb, fixed: Fixed): Promise<VerbWords> {
  const { command: module } = await load();
  const command = new Command(path);
  module.declare(command);
  const own = command.options.map(({ long, short, description, required, optional }) => ({
    flag: long ?? short ?? '',
    meaning: description,
    takesValue: required || optional,
  }));
  const offers = command.registeredArguments.map((argument) => offerFor(path, argument.name(), fixed));
  return { path, summary, verbs: [], options: [...own, ...EVERYWHERE], offers };
}
