/** Words on the case that an incident proposes: what a dry run says, and what the answer to one is. */
import type { Client } from '@temporalio/client';
import { incidentStatus } from '../../client/incident.ts';
import type { CaseReply } from '../../client/incident.ts';
import { refuseCaseOrder, takeCaseOrder, wordInWords } from '../../domain/monitoring/case-desk.ts';
import type { CaseOrder } from '../../domain/monitoring/case-desk.ts';
import { caseInWords, openCase } from '../../domain/monitoring/case-words.ts';
import type { CommandResult } from '../command.ts';
import { planned } from '../dry-run.ts';

/** What a word would be answered with now, and what would become of the case. */
export async function plannedWord(client: Client, incidentId: string, order: CaseOrder): Promise<CommandResult> {
  const { newCase, inWords } = await incidentStatus(client, incidentId);
  const open = openCase(newCase);
  const stands = open === null ? inWords : `${open.proposal.caseId} waits: ${caseInWords(open.proposal)}`;
  const lines = [`order      ${order.name} to ${incidentId}`, `now        ${stands}`];
  const reason = refuseCaseOrder(newCase, order, null, inWords);
  if (reason !== null)
    return {
      ...planned({ incidentId, order, wouldBe: 'refused', reason }, [...lines, `would be refused: ${reason}`]),
      exit: 'refused',
    };
  const { word } = takeCaseOrder(newCase, order, null, new Date().toISOString());
  const after = word === null ? inWords : wordInWords(word);
  return planned({ incidentId, order, wouldBe: 'taken', word }, [...lines, `would be taken: ${after}`]);
}

export function wordResult(incidentId: string, reply: CaseReply): CommandResult {
  const { accepted, message } = reply;
  return {
    exit: accepted ? 'ok' : 'refused',
    document: { incidentId, ...reply },
    text: `${accepted ? 'taken' : 'refused'}: ${message}`,
  };
}
