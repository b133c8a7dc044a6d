/** The frame of the command line: finds the verb, loads only its module, prints its result, and turns every failure into words. */
import { Command, CommanderError } from 'commander';
import picocolors from 'picocolors';
import { EXIT_CODES, HoldfastError } from '../contracts/errors.ts';
import type { CommandEntry, CommandModule, CommandResult, CommandTable } from './command.ts';
import type { Terminal } from './terminal.ts';

/** Release of this build; a test holds it to package.json. */
export const RELEASE = '0.1.0';

const HELP_COMMAND = 'help [command]';
const HELP_SUMMARY = 'show what a command does';
const ERASE_LINE = '\r\u001b[2K';

/**
 * Runs one command line (without node and script).
 * @returns the exit code; every code is explained in EXIT_CODES.
 */
export async function runCli(argv: readonly string[], table: CommandTable, given: Terminal): Promise<number> {
  const json = argv.includes('--json');
  const terminal = argv.includes('--no-color') ? { ...given, color: false } : given;
  const ended: Ended = { result: null, lines: false };
  try {
    const program = await buildProgram(argv, table, terminal, ended);
    await program.parseAsync(helpAsOption(argv), { from: 'user' });
    const { result, lines } = ended;
    if (result === null) return EXIT_CODES.ok.code;
    if (json) terminal.stdout(jsonText(result.document, lines));
    else if (result.text !== '') terminal.stdout(`${result.text}\n`);
    return EXIT_CODES[result.exit].code;
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return EXIT_CODES.ok.code;
    const error = asHoldfastError(thrown);
    if (json) terminal.stdout(jsonText({ error: errorDocument(error) }, ended.lines));
    terminal.stderr(errorInWords(error, terminal.color));
    return error.exitCode;
  }
}

/** One document; on one line where a command prints one a line. */
const jsonText = (document: unknown, lines: boolean): string =>
  `${lines ? JSON.stringify(document) : JSON.stringify(document, null, 2)}\n`;

/** `help gate plan` is `gate plan --help`: the parser's own help command knows one level. */
function helpAsOption(argv: readonly string[]): string[] {
  return argv[0] === 'help' && argv.length > 2 ? [...argv.slice(1), '--help'] : [...argv];
}

/** What a command leaves behind for the frame. */
interface Ended {
  result: CommandResult | null;
  /** Whether the command asked for prints a document a line. */
  lines: boolean;
}

async function buildProgram(
  argv: readonly string[],
  table: CommandTable,
  terminal: Terminal,
  ended: Ended,
): Promise<Command> {
  const program = new Command('holdfast')
    .description('The production life of a machine-learning model as durable workflows.')
    .version(RELEASE, '--version', 'print the release')
    .option('--json', 'print one JSON document on standard output, messages on standard error')
    .option('--no-color', 'print without colours; NO_COLOR=1 does the same')
    .helpCommand(HELP_COMMAND, HELP_SUMMARY)
    .exitOverride()
    .configureOutput({
      writeOut: terminal.stdout,
      writeErr: terminal.stderr,
      // Errors are rendered once, by code, after parsing.
      outputError: () => undefined,
      getOutHasColors: () => terminal.color,
    })
    .addHelpText('after', `\nExit codes:\n${exitCodesInWords()}\n`);
  const words = argv.filter((word) => !word.startsWith('-'));
  await declareAll(program, table, words, { table, terminal, ended });
  return program;
}

interface Frame {
  readonly table: CommandTable;
  readonly terminal: Terminal;
  readonly ended: Ended;
}

/** Modules of verbs that were not named stay unloaded: help is quick, and a broken vendor spoils only its own command. */
async function declareAll(parent: Command, table: CommandTable, words: readonly string[], frame: Frame): Promise<void> {
  const [named, ...rest] = words[0] === 'help' ? words.slice(1) : words;
  for (const [name, entry] of Object.entries(table)) {
    const command = parent.command(name).description(entry.summary).copyInheritedSettings(parent);
    if ('verbs' in entry) {
      command.usage('<verb>').helpCommand(HELP_COMMAND, HELP_SUMMARY);
      await declareAll(command, entry.verbs, name === named ? rest : [], frame);
    } else if (name === named) {
      const { command: module } = await entry.load();
      attach(command, entry, module, frame);
    }
  }
}

function attach(command: Command, entry: CommandEntry, module: CommandModule, { table, terminal, ended }: Frame): void {
  module.declare(command);
  command
    .option('--json', 'print one JSON document on standard output, messages on standard error')
    .option('--no-color', 'print without colours')
    .addHelpText('after', `\nExamples:\n${entry.examples.map((line) => `  $ holdfast ${line}`).join('\n')}`)
    .action(async () => {
      const {
        json = false,
        color: _color,
        ...options
      } = command.optsWithGlobals<{ json?: boolean; color?: boolean }>();
      ended.lines = entry.lines === true;
      ended.result = await module.run({
        args: command.processedArgs as (string | undefined)[],
        options,
        color: terminal.color,
        json,
        progress: (line) => (json ? terminal.stderr : terminal.stdout)(`${line}\n`),
        emit: (document) => {
          if (json) terminal.stdout(jsonText(document, true));
        },
        screen: json ? null : terminal.screen,
        table,
        redraw: terminal.canRedraw ? (line) => terminal.stderr(`${ERASE_LINE}${line}`) : null,
      });
    });
}

const exitCodesInWords = (): string =>
  Object.values(EXIT_CODES)
    .map(({ code, meaning }) => `  ${String(code).padStart(3)}  ${meaning}`)
    .join('\n');

function asHoldfastError(thrown: unknown): HoldfastError {
  if (thrown instanceof HoldfastError) return thrown;
  if (thrown instanceof CommanderError) {
    const message = thrown.message.replace(/^error: /, '').replaceAll('\n', ' ');
    return new HoldfastError('CLI_USAGE', thrown.code === 'commander.help' ? 'no command was given' : message);
  }
  const details = thrown instanceof Error ? (thrown.stack ?? null) : null;
  return new HoldfastError('CLI_INTERNAL', String(thrown), { cause: thrown, details });
}

function errorDocument(error: HoldfastError): Record<string, unknown> {
  const { code, kind, message, remedy, details } = error;
  return { code, kind, message, remedy, details };
}

function errorInWords(error: HoldfastError, color: boolean): string {
  const paint = picocolors.createColors(color);
  return `${error.message}\n${paint.red(`error ${error.code}`)} ${error.remedy}\n`;
}
