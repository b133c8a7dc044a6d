import { declineCase } from '../../client/incident.ts';
import { signedCommand } from '../order.ts';
import { plannedWord, wordResult } from './order.ts';

/** The same no twice is one no: only the case that is proposed can be left out. */
export const command = signedCommand({
  argument: 'incidentId',
  say: (order) => order,
  repeats: false,
  send: declineCase,
  plan: (client, id, order) => plannedWord(client, id, { name: 'declineCase', ...order }),
  result: wordResult,
});
