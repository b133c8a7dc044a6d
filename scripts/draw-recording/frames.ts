/** What a terminal showed, moment by moment: an asciicast played into a terminal without a screen. */
import xterm from '@xterm/headless';
import type { IBufferCell, Terminal } from '@xterm/headless';

/** A stretch of one row in one style. */
export interface Run {
  readonly column: number;
  readonly text: string;
  /** Class of the picture’s style sheet; empty for plain text. */
  readonly style: string;
}

export type Row = readonly Run[];

export interface Frame {
  /** Seconds since the recording began. */
  readonly at: number;
  readonly rows: readonly Row[];
}

export interface Film {
  readonly columns: number;
  readonly rows: number;
  readonly frames: readonly Frame[];
}

/** @param cast asciicast, version 2 @param moments seconds at which to look, ascending */
export async function play(cast: string, moments: readonly number[]): Promise<Film> {
  const [head = '', ...lines] = cast.trim().split('\n');
  const { width, height } = JSON.parse(head) as { width: number; height: number };
  const events = lines.map((line) => JSON.parse(line) as [number, string, string]);
  const terminal = new xterm.Terminal({ cols: width, rows: height, allowProposedApi: true, scrollback: 0 });
  const frames: Frame[] = [];
  let next = 0;
  for (const at of moments) {
    let shown = '';
    while (next < events.length && events[next]![0] <= at) shown += events[next++]![2];
    await new Promise<void>((done) => terminal.write(shown, done));
    frames.push({ at, rows: rowsOf(terminal) });
  }
  return { columns: width, rows: height, frames };
}

/** Seconds that a recording lasts. */
export function lengthOf(cast: string): number {
  return (JSON.parse(cast.trim().split('\n').at(-1) ?? '[0]') as [number])[0];
}

function rowsOf({ buffer: { active }, rows, cols }: Terminal): Row[] {
  return Array.from({ length: rows }, (_, index) => {
    const line = active.getLine(active.viewportY + index);
    const runs: Run[] = [];
    for (let column = 0; column < cols; column += 1) {
      const cell = line?.getCell(column);
      if (cell === undefined) continue;
      const [text, style] = [cell.getChars() || ' ', styleOf(cell)];
      const last = runs.at(-1);
      if (last?.style === style) runs[runs.length - 1] = { ...last, text: last.text + text };
      else runs.push({ column, text, style });
    }
    return runs.map((run) => ({ ...run, text: run.text.trimEnd() })).filter(({ text }) => text !== '');
  });
}

/** The sixteen colours by their numbers; a picture names only those it has a rule for. */
function styleOf(cell: IBufferCell): string {
  const colour = cell.isFgPalette() ? `c${cell.getFgColor() % 8}` : '';
  return [colour, cell.isBold() === 0 ? '' : 'b', cell.isDim() === 0 ? '' : 'd']
    .filter((name) => name !== '')
    .join(' ');
}
