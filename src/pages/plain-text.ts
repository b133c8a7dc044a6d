import { wrapped } from './screen.ts';

const FACT = /^\*\*([^*]+)\*\* ?(.*)$/;
const FENCE = '```';
const COLUMN_GAP = 2;

/**
 * The Markdown of a process's own words, as a terminal shows it: facts that follow each other with what they say in one column.
 * @param columns Facts are wrapped to; a fenced block stays as it is
 */
export function plainText(markdown: string, columns = Number.POSITIVE_INFINITY): string {
  const lines = markdown.split('\n');
  let isFenced = false;
  return lines
    .flatMap((line, index) => {
      if (line.startsWith(FENCE)) {
        isFenced = !isFenced;
        return [];
      }
      if (isFenced) return [plain(line)];
      const head = columnHead(lines, index);
      const [, , text = ''] = head === null ? [] : (FACT.exec(line) ?? []);
      return head === null ? wrapped('', plain(line), columns) : wrapped(head, plain(text), columns);
    })
    .map((line) => line.trimEnd())
    .join('\n');
}

const plain = (text: string): string =>
  text
    .replaceAll('**', '')
    .replaceAll('`', '')
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));

/** The label of a fact, as wide as the widest of its neighbours'; null for a headline, a fact that stands alone, and what is none. */
function columnHead(lines: readonly string[], index: number): string | null {
  const labelAt = (at: number): string | null => (at < 1 ? null : (FACT.exec(lines[at] ?? '')?.[1] ?? null));
  const label = labelAt(index);
  let [from, to] = [index, index];
  while (labelAt(from - 1) !== null) from -= 1;
  while (labelAt(to + 1) !== null) to += 1;
  if (label === null || from === to) return null;
  const width = Math.max(...lines.slice(from, to + 1).map((_, offset) => labelAt(from + offset)?.length ?? 0));
  return label.padEnd(width + COLUMN_GAP);
}
