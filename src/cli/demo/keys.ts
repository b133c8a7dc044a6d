import type { ReadStream } from 'node:tty';

const CTRL_C = '\u0003';

/**
 * Single keys of a person at a terminal, until closed. Ctrl-C, which a terminal in raw mode hands over as a key, interrupts as ever.
 * @returns what gives the terminal back; null where nobody sits at one
 */
export function listenToKeys(
  input: ReadStream,
  onKey: (key: string) => void,
  interrupt: () => void,
): (() => void) | null {
  if (!input.isTTY) return null;
  const heard = (typed: Buffer): void => {
    for (const key of typed.toString('utf8')) {
      if (key === CTRL_C) interrupt();
      else onKey(key);
    }
  };
  // A terminal that is closed ends the run by its signal.
  const closed = (): void => undefined;
  input.setRawMode(true);
  input.on('data', heard).on('error', closed).resume();
  return () => {
    input.off('data', heard).pause();
    if (!input.destroyed) input.setRawMode(false);
  };
}
