/** Where the show is shown: redrawn in place for a person at a terminal, lines on change for a log. */
import { liveNews, liveScreen } from '../../pages/live.ts';
import type { LiveView } from '../../pages/live.ts';
import { paintOf } from '../paint.ts';

export interface Screen {
  show(view: LiveView): void;
  /** A line that stays, above what is redrawn. */
  say(line: string): void;
  close(): void;
}

const CLEAR_TO_END = '\u001B[J';
const HIDE_CURSOR = '\u001B[?25l';
const SHOW_CURSOR = '\u001B[?25h';
const COLUMNS_DEFAULT = 100;
const ROWS_DEFAULT = 40;

export function createScreen(options: {
  readonly redraw: boolean;
  readonly color: boolean;
  readonly write: (line: string) => void;
}): Screen {
  return options.redraw ? redrawn(options.color) : written(options.write);
}

function written(write: (line: string) => void): Screen {
  let last: LiveView | null = null;
  return {
    show: (view) => {
      for (const line of liveNews(last, view)) write(line);
      last = view;
    },
    say: write,
    close: () => undefined,
  };
}

function redrawn(color: boolean): Screen {
  const paint = paintOf(color);
  const out = process.stdout;
  let drawn = 0;
  const erase = (): string => (drawn === 0 ? '' : `\u001B[${drawn}A\r${CLEAR_TO_END}`);
  out.write(HIDE_CURSOR);
  return {
    show: (view) => {
      // A pseudo-terminal that nobody sized says 0.
      const { columns, rows } = { columns: out.columns || COLUMNS_DEFAULT, rows: out.rows || ROWS_DEFAULT };
      // A screen that is higher than the terminal cannot be redrawn in place.
      const lines = liveScreen(view, columns, paint, rows - 1);
      out.write(`${erase()}${lines.join('\n')}\n`);
      drawn = lines.length;
    },
    say: (line) => {
      out.write(`${erase()}${line}\n`);
      drawn = 0;
    },
    close: () => void out.write(SHOW_CURSOR),
  };
}
