/** Approvals of a run without people: the first declared person of the role says yes, through the client like anyone else. */
import type { Client } from '@temporalio/client';
import { approve } from '../../client/rollout.ts';
import { edgeRecordsOf } from '../../compose.ts';
import type { ModelDeclaration } from '../../contracts/model.ts';
import type { ApprovalRequestRecord, CommandRecord } from '../../contracts/records.ts';
import type { Records } from './records.ts';

/** @returns what answers one request; a request that nobody may answer stays open. */
export function createApprover(
  client: Client,
  records: Records,
  { model, people, owner }: ModelDeclaration,
): (request: ApprovalRequestRecord) => Promise<void> {
  const logAttempt = async (record: CommandRecord): Promise<void> => {
    await (await edgeRecordsOf(records)).logAttempt(model, record);
  };
  return async ({ rolloutId, step, candidate, evidenceDigest, roles, approvals }) => {
    const given = new Set(approvals.map(({ by }) => by));
    const willing = roles
      .flatMap((role) => (people[role] ?? []).map((by) => ({ role, by })))
      .find(({ by }) => by !== owner && !given.has(by));
    if (willing === undefined) return;
    const reason = 'unattended run: approved as soon as only the approval was missing';
    const order = { ...willing, reason, channel: 'client' as const, step, candidate, evidenceDigest };
    await approve(client, rolloutId, order, { logAttempt });
  };
}
