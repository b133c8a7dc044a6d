/** A proposed case in words: what it asks of candidates, who may judge it until when, and how. */
import { grouped } from '../aligned-table.ts';
import { commandLine } from '../command-line.ts';
import { code, escaped, fact, fenced, jsonToPaste } from '../markdown.ts';
import { epochMs, isoInstant, lengthInWords } from '../time.ts';
import type { CaseDesk, ProposedCase } from './case-desk.ts';
import { wordInWords } from './case-desk.ts';

export const CASE_ORDERS = ['acceptCase', 'declineCase'] as const;

/** What the incident waits for; also the search attribute. */
export const WAITS_FOR_A_WORD = 'a word on the new case';

/** What a form of the web UI takes for either word. */
export const CASE_ORDER_BODY = { by: 'YOUR-NAME', reason: 'WHY' } as const;

/** A proposal that a person still has to judge. */
export interface OpenCase {
  readonly proposal: ProposedCase;
  /** Workflow time at which it is accepted without a word, epoch milliseconds. */
  readonly until: number;
}

/** The proposal that waits for a word; null where none does. */
export function openCase({ proposal, proposedAt, word }: CaseDesk): OpenCase | null {
  if (proposal === null || proposedAt === null || word !== null) return null;
  return { proposal, until: epochMs(proposedAt) + proposal.withinMs };
}

/** `rows where "shop" = 'south' of 2001-01-03 to 2001-01-04: at most 10 extra loss per 1,000, from 200 units on`. @param verbatim How a condition is set apart */
export function caseInWords(
  proposal: Pick<ProposedCase, 'where' | 'days' | 'maxRegressionPerThousand' | 'minUnits'>,
  verbatim: (condition: string) => string = (condition) => condition,
): string {
  const { where, days, maxRegressionPerThousand, minUnits } = proposal;
  const rows = where === 'true' ? 'all rows' : `rows where ${verbatim(where)}`;
  const of = days === null ? '' : days.from === days.to ? ` of ${days.from}` : ` of ${days.from} to ${days.to}`;
  return `${rows}${of}: at most ${maxRegressionPerThousand} extra loss per 1,000, from ${minUnits} units on`;
}

/** The facts of a proposal and of what became of it, as Markdown lines; empty where there is none. */
export function caseFacts(desk: CaseDesk): string[] {
  const { proposal, word } = desk;
  if (proposal === null) return [];
  const { caseId, reason, labelled, people, role } = proposal;
  const open = openCase(desk);
  return [
    fact('New case', `${escaped(caseId)}: ${caseInWords(proposal, code)}`),
    fact('Seen', escaped(reason)),
    fact('Labelled', `${grouped(labelled)} units on these days by now`),
    ...(word === null ? [] : [fact('Word', escaped(wordInWords(word)))]),
    ...(open === null
      ? []
      : [fact('Who may', escaped(`${people.join(', ')} (${role})`)), fact('Until when', untilInWords(open))]),
  ];
}

/** The commands of both words, for a terminal; empty where no word is waited for. */
export function caseCommands(incidentId: string, desk: CaseDesk): string[] {
  if (openCase(desk) === null) return [];
  const lines = CASE_ORDERS.map((order) => commandLine(incidentId, order, CASE_ORDER_BODY));
  return [fact('Commands', ''), fenced(lines.join('\n'))];
}

/** The same for the web UI: what its forms take. */
export function caseForms(desk: CaseDesk): string[] {
  if (openCase(desk) === null) return [];
  const [accept, decline] = CASE_ORDERS;
  return [
    `**To accept the case** send the update \`${accept}\`, **to leave it out** the update \`${decline}\` (More Actions, Send an Update), with`,
    jsonToPaste(CASE_ORDER_BODY),
    'To accept it with another margin or floor, add `maxRegressionPerThousand` or `minUnits`.',
  ];
}

export interface CaseNotice {
  readonly topic: 'case' | 'escalation';
  /** Names the news within its incident. */
  readonly key: string;
  readonly subject: string;
  readonly lines: readonly string[];
  readonly command: string;
}

/** What people are told once a case is proposed. */
export function caseNotice(model: string, incidentId: string, open: OpenCase): CaseNotice {
  const { proposal } = open;
  const [accept, decline] = CASE_ORDERS;
  return {
    topic: 'case',
    key: 'case',
    subject: `${model}: a word on a new case is asked — ${proposal.caseId}, by ${proposal.people.join(' or ')}`,
    lines: [
      `What changes: accepted, every later candidate has to pass ${caseInWords(proposal)}`,
      `Why now: ${proposal.reason}; since then ${proposal.over}`,
      'Risk: a case only refuses candidates and never raises exposure; declined, the same failure may pass again',
      `Way back: the suite only grows; to leave the case out now: ${commandLine(incidentId, decline, {})}`,
      `Until when: ${untilInWords(open)}`,
    ],
    command: commandLine(incidentId, accept, {}),
  };
}

/** The same again when nobody has answered. @param since Workflow time since when a word is waited for, ISO 8601 */
export function unansweredCase(first: CaseNotice, model: string, since: string, waitedMs: number): CaseNotice {
  const subject = `${model}: nobody has answered for ${lengthInWords(waitedMs)} — ${first.subject.slice(model.length + 2)}`;
  return { ...first, topic: 'escalation', key: `escalation/${since}`, subject };
}

/** To the second: nobody counts less. */
const untilInWords = ({ until }: OpenCase): string =>
  `${isoInstant(Math.floor(until / 1000) * 1000)}; without a word by then it is accepted`;
