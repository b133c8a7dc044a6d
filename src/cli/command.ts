import type { Command } from 'commander';
import type { ExitName } from '../contracts/errors.ts';

/** What one command is called with. */
export interface Invocation {
  /** Positional arguments in the order declared; undefined where an optional one is absent. */
  readonly args: readonly (string | undefined)[];
  /** Options by their camel-case name, `--json` aside. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Whether text may carry terminal colours. */
  readonly color: boolean;
  /** Whether `--json` was given. */
  readonly json: boolean;
  /** A line while the command runs: standard output, or standard error under `--json`, which leaves stdout to the document. */
  readonly progress: (line: string) => void;
  /** Replaces the one line that shows how far the command is, '' to clear it; null where nobody watches a terminal that can. */
  readonly redraw: ((line: string) => void) | null;
  /** Under `--json`, a document on a line of its own, for commands of `lines: true`; nothing otherwise. */
  readonly emit: (document: unknown) => void;
  /** The terminal a person watches standard output on; null where output goes elsewhere or is JSON. */
  readonly screen: ScreenTerminal | null;
  /** All commands there are. */
  readonly table: CommandTable;
}

/** A terminal that can redraw. */
export interface ScreenTerminal {
  readonly write: (text: string) => void;
  readonly size: () => { readonly columns: number; readonly rows: number };
}

/** How a command ends. Failures are thrown as HoldfastError; a refusal or a wait is a result with its own exit. */
export interface CommandResult {
  readonly exit: ExitName;
  /** The one document of `--json`: plain JSON. */
  readonly document: unknown;
  /** The same for a person. Empty when progress has said everything. */
  readonly text: string;
}

/** A verb's module, loaded when the verb is asked for. Exports one of these as `command`. */
export interface CommandModule {
  /** Adds arguments and options; name, summary and examples come from the table. */
  readonly declare: (command: Command) => void;
  readonly run: (invocation: Invocation) => Promise<CommandResult>;
}

/** A line of the table of commands: a verb. */
export interface CommandEntry {
  readonly summary: string;
  /** Command lines that work as they stand, without the leading `holdfast`. */
  readonly examples: readonly string[];
  readonly load: () => Promise<{ readonly command: CommandModule }>;
  /** Whether `--json` prints a document a line, as things happen, and the last of them at the end (NDJSON). */
  readonly lines?: boolean;
}

/** A noun of the table, with verbs of its own: `holdfast gate plan`. */
export interface CommandGroup {
  readonly summary: string;
  readonly verbs: Readonly<Record<string, CommandEntry>>;
}

export type CommandTable = Readonly<Record<string, CommandEntry | CommandGroup>>;
