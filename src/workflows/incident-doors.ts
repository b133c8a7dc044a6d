/** The doors of an incident: the words of people on its case, and what it may be asked. */
import { DOORS } from '../contracts/message-doors.ts';
import { acceptCaseMessage, CASE_COMMANDS, EXPLAIN_QUERY, STATUS_QUERY } from '../contracts/messages.ts';
import type { CaseAnswer, Command } from '../contracts/messages.ts';
import type { IncidentInput, IncidentStatus } from '../contracts/workflows.ts';
import { refuseCaseOrder, takeCaseOrder, wordInWords } from '../domain/monitoring/case-desk.ts';
import type { CaseOrder } from '../domain/monitoring/case-desk.ts';
import { isoInstant } from '../domain/time.ts';
import { onOrder, onQuery } from './doors.ts';
import type { IncidentDesk } from './incident-desk.ts';
import { explainIncident } from './incident-words.ts';
import { workflowNow } from './workflow-time.ts';

/**
 * Opens every door; call before the first await.
 * @param show Shows the state to people, after every word that changed it.
 */
export function openDoors(input: IncidentInput, desk: IncidentDesk, show: () => void): void {
  const refuse = (order: CaseOrder, id: string | null): string | null =>
    refuseCaseOrder(desk.newCase, order, id, desk.inWords);
  const take = (order: CaseOrder, id: string | null): CaseAnswer => {
    desk.newCase = takeCaseOrder(desk.newCase, order, id, isoInstant(workflowNow()));
    show();
    const { word } = desk.newCase;
    return { accepted: true, message: word === null ? '' : wordInWords(word), inWords: desk.inWords };
  };
  for (const message of CASE_COMMANDS) {
    onOrder(
      message,
      (body, id) => take(orderOf(message.name, body), id),
      (body, id) => refuse(orderOf(message.name, body), id),
    );
  }
  onQuery(STATUS_QUERY, DOORS.incident.status, () => statusOf(input, desk));
  onQuery(EXPLAIN_QUERY, 'The same in words, with the next action', () => explainIncident(input, desk));
}

function statusOf(input: IncidentInput, { sequence, response, newCase, inWords }: IncidentDesk): IncidentStatus {
  return { ...input, sequence, newCase, inWords, ...(response === null ? {} : { response }) };
}

function orderOf(name: CaseOrder['name'], body: Command): CaseOrder {
  const { by, reason, channel } = body;
  if (name === 'declineCase') return { name, by, reason, channel };
  const { maxRegressionPerThousand, minUnits } = acceptCaseMessage.schema.parse(body);
  return { name, by, reason, channel, maxRegressionPerThousand, minUnits };
}
