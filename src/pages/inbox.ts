/** What waits for a person, as a terminal shows it: what it is, since when, and the command that answers it. Pure. */
import { lengthInWords, MINUTE_MS } from '../domain/time.ts';

export interface InboxEntry {
  readonly id: string;
  readonly owner: string;
  readonly inWords: string;
  readonly deadline: string;
  /** How long a person has been waited for, milliseconds. */
  readonly ageMs: number;
  /** Command lines, the most urgent first. */
  readonly commands: readonly string[];
}

/** @param faint How what is beside the point is shown; the identity without colours */
export function inboxInWords(
  entries: readonly InboxEntry[],
  more: boolean,
  faint: (text: string) => string = (text) => text,
): string {
  if (entries.length === 0) return 'nothing waits for a person';
  const count = entries.length === 1 ? '1 waits for a person' : `${entries.length} wait for a person, the oldest first`;
  const blocks = entries.map((entry, index) => blockOf(entry, index + 1, faint));
  const rest = more ? ['more than these wait; give a model to see its own'] : [];
  return [count, ...blocks, ...rest].join('\n\n');
}

function blockOf(
  { id, owner, inWords, deadline, ageMs, commands }: InboxEntry,
  place: number,
  faint: (text: string) => string,
): string {
  const late = deadline === 'passed' ? '; DEADLINE PASSED' : '';
  const of = owner === '' ? '' : `, owner ${owner}`;
  return [
    `${place}. ${id}`,
    `   ${inWords}${late}`,
    faint(`   waits for ${ageInWords(ageMs)}${of}`),
    ...commands.map((command, index) => (index === 0 ? `   > ${command}` : faint(`   or ${command}`))),
  ].join('\n');
}

/** Whole minutes: nobody counts the seconds of a person. */
function ageInWords(ms: number): string {
  return ms < MINUTE_MS ? 'less than a minute' : lengthInWords(Math.floor(ms / MINUTE_MS) * MINUTE_MS);
}
