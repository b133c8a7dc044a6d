import type { Notice } from '../contracts/notifications.ts';
import type { IncidentRecord } from '../contracts/records.ts';
import type { IncidentResponse } from '../contracts/workflows.ts';

/** What people are told of an incident, once its declared response is under way. */
export function incidentNotice(model: string, incident: IncidentRecord, response: IncidentResponse): Notice {
  const { id, objective, symptom, cause, openedAt } = incident;
  const closes = 'it closes by itself, with a new validation case, when the objective is met again';
  return {
    topic: 'incident',
    id: `${id}/opened`,
    model,
    process: id,
    subject: `${model}: ${response.needsHuman ? 'an incident needs a person' : 'an incident is answered'} — ${objective}`,
    lines: [
      `What changes: ${response.inWords}`,
      `Why now: ${symptom}, from ${openedAt}`,
      `Risk: ${cause === null ? 'the cause is not known yet' : `the cause is taken to be ${cause}`}`,
      `Way back: ${response.needsHuman ? `a person mends the cause; ${closes}` : closes}`,
      'Until when: no deadline; without an answer the response stays in effect',
    ],
    command: `npx holdfast explain ${id}`,
  };
}
