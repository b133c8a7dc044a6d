/**
 * The desk of a proposed case: where the words of people on it arrive. Says which can be taken, and takes one, once. Pure: the command line
 * asks it what a word would do, the workflow takes the word by it.
 */
import { lengthInWords } from '../time.ts';

/** A case that an incident would leave behind, and who judges it. */
export interface ProposedCase {
  readonly caseId: string;
  /** Condition over the columns of the file; `true`: all rows. */
  readonly where: string;
  /** First and last event day of its rows. */
  readonly days: { readonly from: string; readonly to: string } | null;
  /** Tolerated extra mean loss against what serves, per 1,000 units. */
  readonly maxRegressionPerThousand: number;
  /** Fewest units it can be judged on. */
  readonly minUnits: number;
  /** Labelled units of these days as measured by now, whatever `where` says. */
  readonly labelled: number;
  /** What was seen in production. */
  readonly reason: string;
  /** Why the incident is over. */
  readonly over: string;
  readonly role: string;
  /** Who may act in the role. */
  readonly people: readonly string[];
  /** Workflow time for their word, milliseconds. */
  readonly withinMs: number;
  /** As in RolloutBrief: absent where the model declares no channel. */
  readonly notifications?: { readonly escalateAfterMs: number | null };
}

/** What became of a proposed case. */
export interface CaseWord {
  readonly verdict: 'accepted' | 'declined';
  /** Null where nobody has answered in time. */
  readonly by: string | null;
  readonly reason: string;
  /** How the word came; null where none came. */
  readonly channel: string | null;
  readonly commandId: string | null;
  /** Workflow time, ISO 8601. */
  readonly at: string;
  /** As accepted. */
  readonly maxRegressionPerThousand: number;
  readonly minUnits: number;
}

/** All of it is carried by continue-as-new. */
export interface CaseDesk {
  readonly proposal: ProposedCase | null;
  /** Workflow time of the proposal, ISO 8601; null before. */
  readonly proposedAt: string | null;
  readonly word: CaseWord | null;
  /** Ids of words that were taken, so that a repeated one is no other. */
  readonly processed: readonly string[];
}

export interface CaseOrder {
  readonly name: 'acceptCase' | 'declineCase';
  readonly by: string;
  readonly reason: string;
  readonly channel: string;
  readonly maxRegressionPerThousand?: number | undefined;
  readonly minUnits?: number | undefined;
}

export const EMPTY_CASE_DESK: CaseDesk = { proposal: null, proposedAt: null, word: null, processed: [] };

const keyOf = ({ name }: CaseOrder, id: string | null): string | null => (id === null ? null : `${name}/${id}`);

/**
 * Why a word cannot be taken now, in words; null when it can, or was.
 * @param id Idempotency key of the order, or null; @param now What the incident does now
 */
export function refuseCaseOrder(desk: CaseDesk, order: CaseOrder, id: string | null, now: string): string | null {
  const { proposal, word, processed } = desk;
  const key = keyOf(order, id);
  if (key !== null && processed.includes(key)) return null;
  if (proposal === null) return `no case is proposed yet, the incident is not over: ${now}`;
  if (word !== null) return `the case is decided already: ${wordInWords(word)}`;
  if (proposal.people.includes(order.by)) return null;
  return `${order.by} does not hold role ${proposal.role}; these do: ${proposal.people.join(', ')}`;
}

/** Takes a word that is not refused; one that was taken before changes nothing. @param at Workflow time, ISO 8601 */
export function takeCaseOrder(desk: CaseDesk, order: CaseOrder, id: string | null, at: string): CaseDesk {
  const { proposal, word, processed } = desk;
  if (proposal === null || word !== null) return desk;
  const { by, reason, channel } = order;
  const key = keyOf(order, id);
  return {
    ...desk,
    processed: key === null ? processed : [...processed, key],
    word: {
      verdict: order.name === 'acceptCase' ? 'accepted' : 'declined',
      by,
      reason,
      channel,
      commandId: id,
      at,
      maxRegressionPerThousand: order.maxRegressionPerThousand ?? proposal.maxRegressionPerThousand,
      minUnits: order.minUnits ?? proposal.minUnits,
    },
  };
}

/** What becomes of a case that nobody has judged in time. @param at Workflow time, ISO 8601 */
export function withoutWord({ maxRegressionPerThousand, minUnits, withinMs }: ProposedCase, at: string): CaseWord {
  return {
    verdict: 'accepted',
    by: null,
    reason: `nobody answered within ${lengthInWords(withinMs)}`,
    channel: null,
    commandId: null,
    at,
    maxRegressionPerThousand,
    minUnits,
  };
}

/** What became of it and by whom: `accepted by ana: a storm like this comes back`. */
export function wordInWords({
  verdict,
  by,
  reason,
}: {
  readonly verdict: string;
  readonly by: string | null;
  readonly reason: string;
}): string {
  return by === null ? `${verdict} without a word: ${reason}` : `${verdict} by ${by}: ${reason}`;
}
