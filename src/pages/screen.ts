/** Lines for a terminal of so many columns and rows: what is wrapped, what gives way. Pure. */

/** Lines that belong together, a blank line before them. */
export interface Block {
  readonly lines: readonly string[];
  /** Blocks of a higher number give way first, their last line first; those of 0 never do. */
  readonly yields: number;
  /** Goes as a whole: half of it would say nothing. */
  readonly whole?: boolean;
  /** Stands right below the block before it. */
  readonly follows?: boolean;
  /** Says nothing without a block that follows. */
  readonly heads?: boolean;
}

/** All lines in order, without those that are too many for `rows`. */
export function fitted(blocks: readonly Block[], rows: number): string[] {
  const kept = blocks.map((block) => ({ ...block, lines: [...block.lines] }));
  const yielding = kept.filter(({ yields }) => yields > 0).toSorted((one, other) => other.yields - one.yields);
  for (const { lines, whole } of yielding) {
    while (lines.length > 0 && laidOut(kept).length > rows) lines.splice(whole === true ? 0 : -1);
  }
  return laidOut(kept);
}

function laidOut(blocks: readonly Block[]): string[] {
  const filled = blocks.filter(({ lines }) => lines.length > 0);
  return filled
    .filter(({ heads }, index) => heads !== true || filled[index + 1]?.follows === true)
    .flatMap(({ lines, follows }, index) => (index === 0 || follows === true ? lines : ['', ...lines]));
}

/** A sentence behind a head; what does not fit goes on below, under its beginning. A word that is longer than the width has a line of its own. */
export function wrapped(head: string, sentence: string, columns: number): string[] {
  return packed(head, sentence.split(' '), ' ', columns);
}

/** The same of parts that stay whole. */
export function packed(head: string, parts: readonly string[], separator: string, columns: number): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    if (last !== undefined && head.length + last.length + separator.length + part.length <= columns)
      lines[lines.length - 1] = `${last}${separator}${part}`;
    else lines.push(part);
  }
  return lines.map((line, index) => `${index === 0 ? head : ' '.repeat(head.length)}${line}`);
}

/** Prose of many lines, each wrapped below where its sentence begins: behind its indent, and behind the number of a list. */
export function wrappedProse(text: string, columns: number): string {
  return text
    .split('\n')
    .flatMap((line) => {
      const head = /^ *(?:\d+\. )?/.exec(line)?.[0] ?? '';
      return line.length <= columns ? [line] : wrapped(head, line.slice(head.length), columns);
    })
    .join('\n');
}

const CONTINUED = ' \\';

/** A command that does not fit goes on in the next line as a shell takes it, so that what is copied is whole. */
export function shellLines(command: string, columns: number): string[] {
  if (command.length <= columns) return [command];
  const parts = command.split(/ (?=--)/);
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    if (last !== undefined && lines.length > 1 && last.length + 1 + part.length + CONTINUED.length <= columns)
      lines[lines.length - 1] = `${last} ${part}`;
    else lines.push(lines.length === 0 ? part : `  ${part}`);
  }
  return lines.map((line, index) => (index < lines.length - 1 ? `${line}${CONTINUED}` : line));
}
