/** What a person may say of the case that an incident proposes. */
import type { Client } from '@temporalio/client';
import { acceptCaseMessage, declineCaseMessage } from '../contracts/messages.ts';
import type { AcceptCaseCommand, CaseAnswer, Command } from '../contracts/messages.ts';
import type { IncidentStatus } from '../contracts/workflows.ts';
import type { CallOptions } from './call.ts';
import { status } from './lifecycle.ts';
import { modelOf, sendOrder } from './order.ts';
import type { CommandOptions, OrderReply } from './order.ts';

export type CaseReply = OrderReply<CaseAnswer>;
type Acceptance = Omit<AcceptCaseCommand, 'commandId'>;
type Refusal = Omit<Command, 'commandId'>;

/** The case enters the validation suite, for good. */
export function acceptCase(
  client: Client,
  incidentId: string,
  order: Acceptance,
  options: CommandOptions = {},
): Promise<CaseReply> {
  return sendOrder(client, incidentId, acceptCaseMessage.name, order, options);
}

/** The case is left out; the reason is kept. */
export function declineCase(
  client: Client,
  incidentId: string,
  order: Refusal,
  options: CommandOptions = {},
): Promise<CaseReply> {
  return sendOrder(client, incidentId, declineCaseMessage.name, order, options);
}

/**
 * Where an incident stands.
 * @throws PROCESS_NOT_FOUND, also for an id of another kind of process; CALL_TIMEOUT, TEMPORAL_UNAVAILABLE
 */
export async function incidentStatus(
  client: Client,
  incidentId: string,
  options: CallOptions = {},
): Promise<IncidentStatus> {
  modelOfIncident(incidentId);
  return (await status(client, incidentId, options)) as IncidentStatus;
}

/**
 * The model that an incident is of.
 * @throws PROCESS_NOT_FOUND for an id of another kind of process
 */
export const modelOfIncident = (incidentId: string): string =>
  modelOf('incident', incidentId, 'incident/flight-delay/2001-02-25-1');
