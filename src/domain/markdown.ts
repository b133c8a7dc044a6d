/**
 * The Markdown that the web UI renders well: label lines with single newlines, fenced blocks for numbers and JSON. It renders raw HTML
 * too, so whatever people or files wrote goes through `escaped`.
 */

/** `**Label** text`. @param text Markdown already */
export function fact(label: string, text: string): string {
  return `**${label}** ${text}`;
}

/** Text from outside, shown as it was written. */
export function escaped(text: string): string {
  return text.replaceAll(/[&<>[\]*`|]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Words of a program, letter by letter: elsewhere the web UI makes its quotation marks typographic. */
export function code(text: string): string {
  return `\`${text.replaceAll('`', "'")}\``;
}

/** A block in a fixed-width font; nothing in it is Markdown. */
export function fenced(text: string, language = ''): string {
  return [`\`\`\`${language}`, text.replaceAll('```', "'''"), '```'].join('\n');
}

/** JSON to paste, indented as the web UI's editor wants it: anything else it reformats, and loses the first click on Submit. */
export function jsonToPaste(value: unknown): string {
  return fenced(JSON.stringify(value, null, 2), 'json');
}

/** A link to the newest run of a workflow; the web UI puts its namespace in. */
export function workflowLink(text: string, workflowId: string): string {
  return `[${text}](/namespaces/{namespace}/workflows/${encodeURIComponent(workflowId)})`;
}
