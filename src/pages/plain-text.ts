const FACT = /^\*\*([^*]+)\*\* ?(.*)$/;
const COLUMN_GAP = 2;

/** The Markdown of a process's own words, as a terminal shows it: facts that follow each other with what they say in one column. */
export function plainText(markdown: string): string {
  const lines = markdown.split('\n').filter((line) => !line.startsWith('```'));
  return lines
    .map((line, index) => (index === 0 ? line : inColumn(lines, index)))
    .map((line) =>
      line
        .replaceAll('**', '')
        .replaceAll('`', '')
        .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
        .replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
        .trimEnd(),
    )
    .join('\n');
}

/** A fact as wide as the widest of its neighbours; one that stands alone is a sentence. The first line is a headline. */
function inColumn(lines: readonly string[], index: number): string {
  const labelAt = (at: number): string | null => (at < 1 ? null : (FACT.exec(lines[at] ?? '')?.[1] ?? null));
  const label = labelAt(index);
  if (label === null) return lines[index] ?? '';
  let [from, to] = [index, index];
  while (labelAt(from - 1) !== null) from -= 1;
  while (labelAt(to + 1) !== null) to += 1;
  if (from === to) return lines[index] ?? '';
  const width = Math.max(...lines.slice(from, to + 1).map((_, offset) => labelAt(from + offset)?.length ?? 0));
  const [, , text = ''] = FACT.exec(lines[index] ?? '') ?? [];
  return `**${label}**${' '.repeat(width - label.length + COLUMN_GAP)}${text}`;
}
