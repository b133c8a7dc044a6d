/** Where the show is shown: redrawn in place for a person at a terminal, lines on change for a log. */
import { liveNews, liveScreen } from '../../pages/live.ts';
import type { LiveView } from '../../pages/live.ts';
import type { ScreenTerminal } from '../command.ts';
import { createLiveLines } from '../live-lines.ts';
import { paintOf } from '../paint.ts';

export interface Screen {
  show(view: LiveView): void;
  /** A line that stays, above what is redrawn. */
  say(line: string): void;
  close(): void;
}

export function createScreen(options: {
  /** Where a person watches; null: lines on change. */
  readonly terminal: ScreenTerminal | null;
  readonly color: boolean;
  readonly write: (line: string) => void;
}): Screen {
  return options.terminal === null ? written(options.write) : redrawn(options.terminal, options.color);
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

function redrawn(terminal: ScreenTerminal, color: boolean): Screen {
  const paint = paintOf(color);
  const lines = createLiveLines(terminal);
  return {
    show: (view) => {
      const { columns, rows } = terminal.size();
      lines.draw(liveScreen(view, columns, paint, rows - 1));
    },
    say: (line) => lines.leave(line),
    close: () => lines.close(),
  };
}
