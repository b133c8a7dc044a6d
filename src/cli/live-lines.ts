/** Lines that are redrawn in place without a flicker: each is written over, nothing is erased before, and a frame is shown at once. */
import { cut } from '../pages/live.ts';
import type { ScreenTerminal } from './command.ts';

/** Terminals that know it show the frame when it is complete; others ignore it. Source: the "synchronized output" extension, mode 2026. */
const BEGIN_FRAME = '\u001B[?2026h';
const END_FRAME = '\u001B[?2026l';
const HIDE_CURSOR = '\u001B[?25l';
const SHOW_CURSOR = '\u001B[?25h';
const CLEAR_REST_OF_LINE = '\u001B[K';
const CLEAR_BELOW = '\u001B[J';

export interface LiveLines {
  draw(lines: readonly string[]): void;
  /** A line that stays, in place of the frame; the next frame is drawn below it. */
  leave(line: string): void;
  /** Leaves the last frame where it is and gives the cursor back. */
  close(): void;
}

/** @returns lines that take the place of those drawn before. */
export function createLiveLines({ write, size }: ScreenTerminal): LiveLines {
  let drawn = 0;
  let shown = '';
  const up = (): string => (drawn === 0 ? '\r' : `\u001B[${drawn}A\r`);
  write(HIDE_CURSOR);
  return {
    draw(lines) {
      const { columns, rows } = size();
      // What is higher than the terminal cannot be redrawn in place.
      const fitting = lines.slice(0, Math.max(1, rows - 1)).map((line) => cut(line, columns));
      const frame = fitting.map((line) => `${line}${CLEAR_REST_OF_LINE}\n`).join('');
      if (frame === shown) return;
      write(`${BEGIN_FRAME}${up()}${frame}${CLEAR_BELOW}${END_FRAME}`);
      drawn = fitting.length;
      shown = frame;
    },
    leave(line) {
      write(`${up()}${CLEAR_BELOW}${line}\n`);
      drawn = 0;
      shown = '';
    },
    // A terminal has written ^C where the cursor stands.
    close: () => write(`\r${CLEAR_REST_OF_LINE}${SHOW_CURSOR}`),
  };
}
