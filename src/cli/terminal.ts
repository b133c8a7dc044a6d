import type { Writable } from 'node:stream';
import picocolors from 'picocolors';

/** Where a command writes. Injected, so that commands are tested as functions. */
export interface Terminal {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly color: boolean;
}

/** The terminal of this process; colours follow NO_COLOR, FORCE_COLOR and whether a person is watching. */
export function processTerminal(): Terminal {
  const writer = (stream: Writable) => (text: string) => void stream.write(text);
  return { stdout: writer(process.stdout), stderr: writer(process.stderr), color: picocolors.isColorSupported };
}
