/** What an incident says of itself and shows in the web UI. */
import { monitoringId } from '../contracts/names.ts';
import type { IncidentInput, IncidentResponse } from '../contracts/workflows.ts';
import {
  CASE_ORDER_BODY,
  CASE_ORDERS,
  caseCommands,
  caseFacts,
  caseForms,
  openCase,
  WAITS_FOR_A_WORD,
} from '../domain/monitoring/case-words.ts';
import { escaped, fact, workflowLink } from '../domain/markdown.ts';
import { pageLink } from '../domain/report/page-command.ts';
import { aboutThisRun } from './display.ts';
import type { Shown } from './display.ts';
import type { IncidentDesk } from './incident-desk.ts';

type Named = Pick<IncidentInput, 'model' | 'incidentId' | 'edgeUrl'>;

/** Markdown for people: what was done, where it stands, and the commands that lead on. */
export function explainIncident({ incidentId }: Named, desk: IncidentDesk): string {
  return [...standing(incidentId, desk), ...caseCommands(incidentId, desk.newCase)].join('\n');
}

/** What the run shows now. */
export function shownOf({ model, incidentId, edgeUrl }: Named, desk: IncidentDesk): Shown {
  const { response, phase, newCase, inWords } = desk;
  const isOpen = openCase(newCase) !== null;
  const waits = phase === 'healthy' ? 'nothing' : response === null ? 'the response' : 'recovery';
  const seeAlso = `${workflowLink('monitoring', monitoringId(model))}, ${pageLink(incidentId, edgeUrl)}`;
  return {
    details: [...standing(incidentId, desk), ...caseForms(newCase), fact('See also', seeAlso)].join('\n'),
    attributes: {
      HoldfastModel: model,
      HoldfastStage: 'monitoring',
      HoldfastPhase: phase,
      HoldfastIncident: incidentId,
      HoldfastWaitingFor: isOpen ? WAITS_FOR_A_WORD : waits,
      HoldfastNeedsHuman: isOpen || (phase === 'degraded' && response?.needsHuman === true),
      ...(isOpen ? { HoldfastDeadline: 'running' } : {}),
    },
    line: isOpen ? `${WAITS_FOR_A_WORD}, ${newCase.proposal?.caseId ?? ''}: ${inWords}` : inWords,
    next: isOpen ? { update: CASE_ORDERS.join(' or '), input: CASE_ORDER_BODY } : null,
  };
}

function standing(incidentId: string, { response, newCase, inWords }: IncidentDesk): string[] {
  return [
    fact('Incident', escaped(aboutThisRun() || incidentId)),
    fact('Response', escaped(response?.inWords ?? 'not yet')),
    fact('Now', escaped(inWords)),
    ...caseFacts(newCase),
    fact('Next', nextInWords(response, newCase)),
  ];
}

function nextInWords(response: IncidentResponse | null, newCase: IncidentDesk['newCase']): string {
  if (openCase(newCase) !== null) return 'a person accepts the case, or leaves it out with a reason';
  if (newCase.word !== null) return 'nothing: the word is written down';
  if (response === null) return 'the declared response is carried out';
  const closes = 'closes by itself, with a new validation case, when the objective is met again';
  return response.needsHuman
    ? `a person looks for the cause and mends it; the incident ${closes}`
    : `the incident ${closes}`;
}
