/** What an incident tells people without being asked, and what it tells again when nobody answers. */
import type { Notice } from '../contracts/notifications.ts';
import type { IncidentInput } from '../contracts/workflows.ts';
import { caseNotice, openCase, unansweredCase } from '../domain/monitoring/case-words.ts';
import type { CaseNotice } from '../domain/monitoring/case-words.ts';
import { lengthInWords } from '../domain/time.ts';
import type { Display } from './display.ts';
import { createEscalation } from './escalation.ts';
import type { IncidentDesk } from './incident-desk.ts';
import { createNotices } from './notices.ts';
import type { Notices } from './notices.ts';

export interface IncidentNews extends Omit<Notices, 'tell'> {
  /** Tells what is new. A model without channels costs nothing. */
  look(): void;
}

/** @param display Knows since when a person is waited for */
export function createIncidentNews(input: IncidentInput, desk: IncidentDesk, display: Display): IncidentNews {
  const notices = createNotices(input);
  const { model, incidentId } = input;
  const noticeOf = ({ key, ...news }: CaseNotice): Notice => ({
    ...news,
    id: `${incidentId}/${key}`,
    model,
    process: incidentId,
  });
  const escalation = createEscalation(display, notices, (since, afterMs) => {
    const open = openCase(desk.newCase);
    if (open !== null) return noticeOf(unansweredCase(caseNotice(model, incidentId, open), model, since, afterMs));
    const first = desk.response?.notice;
    return first === undefined ? null : unanswered(first, since, afterMs);
  });
  return {
    leave: () => notices.leave(),
    settled: () => notices.settled(),
    look() {
      const { response } = desk;
      if (response?.notice !== undefined) notices.tell(response.notice);
      const open = openCase(desk.newCase);
      if (open?.proposal.notifications === undefined) return escalation.look(response?.escalateAfterMs ?? null);
      notices.tell(noticeOf(caseNotice(model, incidentId, open)));
      return escalation.look(open.proposal.notifications.escalateAfterMs);
    },
  };
}

/** The same again for whoever is told when nobody answers. */
function unanswered(first: Notice, since: string, waitedMs: number): Notice {
  const { model, process, subject } = first;
  return {
    ...first,
    topic: 'escalation',
    id: `${process}/escalation/${since}`,
    subject: `${model}: nobody has answered for ${lengthInWords(waitedMs)} — ${subject.slice(model.length + 2)}`,
  };
}
