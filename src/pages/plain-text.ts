/** The Markdown of a process's own words, as a terminal shows it. */
export function plainText(markdown: string): string {
  return markdown
    .split('\n')
    .filter((line) => !line.startsWith('```'))
    .map((line) => line.replaceAll('**', '').replaceAll('`', ''))
    .join('\n');
}
