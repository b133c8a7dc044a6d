/** What a person sees of what was printed, and types of it. */

/** A printed command line as the shell would split it, with the words that a person replaces. */
export const typed = (line: string): string[] =>
  (
    line
      .replace('NAME', 'ana')
      .replace('…', 'seen enough')
      .match(/"[^"]*"|\S+/g) ?? []
  )
    .map((word) => word.replaceAll('"', ''))
    .slice(2);

/** What a terminal shows after so much was written to it: only what the live lines use is understood. */
export function shownAfter(written: string): string[] {
  const lines = [''];
  let row = 0;
  // oxlint-disable-next-line no-control-regex
  for (const [part = '', up] of written.matchAll(/\u001b\[(\d+)A|\u001b\[\??[0-9]*[A-Za-z]|[^\u001b]+/g)) {
    if (up !== undefined) row -= Number(up);
    else if (part === '\u001b[J') lines.length = row + 1;
    else if (part === '\u001b[K') continue;
    else if (!part.startsWith('\u001b'))
      for (const [index, text] of part.replaceAll('\r', '').split('\n').entries()) {
        if (index > 0) row += 1;
        if (text !== '' || lines[row] === undefined) lines[row] = text;
      }
  }
  return lines;
}
