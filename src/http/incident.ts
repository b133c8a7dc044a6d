/** Words on the case of one incident, as they come over HTTP. */
import { acceptCase, declineCase, incidentStatus, modelOfIncident } from '../client/incident.ts';
import { acceptCaseMessage, declineCaseMessage } from '../contracts/messages.ts';
import { said } from './orders.ts';
import type { OrderedProcess } from './orders.ts';

export const incidents: OrderedProcess = {
  kind: 'incident',
  modelOf: modelOfIncident,
  status: incidentStatus,
  commands: {
    [acceptCaseMessage.name]: { schema: said(acceptCaseMessage.schema), send: acceptCase, repeats: false },
    [declineCaseMessage.name]: { schema: said(declineCaseMessage.schema), send: declineCase, repeats: false },
  },
};
