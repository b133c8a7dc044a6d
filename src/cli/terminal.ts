import type { Writable } from 'node:stream';
import { isatty } from 'node:tty';
import { EXIT_CODES } from '../contracts/errors.ts';
import type { ScreenTerminal } from './command.ts';

/** What a pseudo-terminal that nobody sized is taken for. */
const SIZE_DEFAULT = { columns: 100, rows: 40 } as const;

/** Where a command writes. Injected, so that commands are tested as functions. */
export interface Terminal {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly color: boolean;
  /** Whether a person watches standard error on a terminal that can redraw a line. */
  readonly canRedraw: boolean;
  /** Standard output, where a person watches it on a terminal that can be redrawn. */
  readonly screen: ScreenTerminal | null;
}

/**
 * Whether text may carry colours: NO_COLOR says no, FORCE_COLOR says yes, else a person must be watching. A build server sets CI
 * and is no person. Source: no-color.org, force-color.org.
 */
export function colorWanted(environment: NodeJS.ProcessEnv, watched: boolean): boolean {
  if ((environment['NO_COLOR'] ?? '') !== '') return false;
  if ((environment['FORCE_COLOR'] ?? '') !== '') return environment['FORCE_COLOR'] !== '0';
  return watched && environment['TERM'] !== 'dumb';
}

/** Whether an error of an output says that nobody reads it any more: a pipe whose reader ended, or a terminal that was closed. */
export function isReaderGone(code: string | undefined): boolean {
  return code === 'EPIPE' || code === 'EIO';
}

/**
 * The terminal of this process. Where nobody reads any more, as behind a pipe into `head`, what is under way goes on to its end. An output
 * that fails otherwise, as on a full disk, ends the process at once, unless somebody listens who has servers to stop first.
 */
export function processTerminal(): Terminal {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (isReaderGone(error.code)) return;
      if (stream.listenerCount('error') === 1) throw error;
      process.once('exit', () => (process.exitCode = EXIT_CODES.error.code));
    });
  }
  const writer = (stream: Writable) => (text: string) => void stream.write(text);
  const watched = isatty(1) && isatty(2);
  return {
    stdout: writer(process.stdout),
    stderr: writer(process.stderr),
    color: colorWanted(process.env, watched),
    canRedraw: isatty(2) && process.env['TERM'] !== 'dumb',
    screen: isatty(1) && process.env['TERM'] !== 'dumb' ? { write: writer(process.stdout), size: sizeOfOutput } : null,
  };
}

function sizeOfOutput(): { columns: number; rows: number } {
  const { columns, rows } = process.stdout;
  return { columns: columns || SIZE_DEFAULT.columns, rows: rows || SIZE_DEFAULT.rows };
}
