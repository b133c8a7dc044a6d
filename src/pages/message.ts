/** A notice as people read it: at most eight lines, what to do last. Pure. */
import { NOTICE_LINES_MAX } from '../contracts/notifications.ts';
import type { Notice } from '../contracts/notifications.ts';

/** Cut to what a phone shows and every receiver takes. */
const LINE_CHARACTERS_MAX = 400;

/**
 * The notice with every line of its text, and a link to the process that speaks.
 * @param uiUrl Address of the web UI as people reach it; null where none is known
 */
export function messageOf(
  notice: Notice,
  uiUrl: string | null,
  namespace: string,
): Notice & { readonly text: readonly string[]; readonly link: string | null } {
  const { subject, lines, command, process } = notice;
  const link =
    uiUrl === null
      ? null
      : `${uiUrl.replace(/\/+$/, '')}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(process)}`;
  const last = [...(link === null ? [] : [`See: ${link}`]), ...(command === null ? [] : [`To answer: ${command}`])];
  const first = [subject, ...lines].slice(0, NOTICE_LINES_MAX - last.length);
  return { ...notice, link, text: [...first, ...last].map(inOneLine) };
}

function inOneLine(line: string): string {
  const one = line.replaceAll(/\s+/g, ' ').trim();
  return one.length > LINE_CHARACTERS_MAX ? `${one.slice(0, LINE_CHARACTERS_MAX - 1)}…` : one;
}
