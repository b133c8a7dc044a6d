/**
 * Policies on record: what a rollout is judged by, written down once under the digest of its content. A rollout keeps the policy it began
 * with; a new model file changes the next rollout, never one in flight.
 */
import type { RecordTransaction } from '../adapters/record-store/port.ts';
import type { PolicyRecord } from '../contracts/records.ts';
import { namedLoss } from '../domain/rollout/measure.ts';
import type { UnitLoss } from '../domain/rollout/measure.ts';
import { policyDigest } from '../domain/rollout/recorded-policy.ts';

/** Writes a policy down, once. @returns its digest */
export async function recordPolicy(tx: RecordTransaction, policy: PolicyRecord): Promise<string> {
  const digest = policyDigest(policy);
  await tx.insert('policy', digest, policy);
  return digest;
}

/** @throws when no policy of this digest is on record */
export async function policyOnRecord(tx: RecordTransaction, digest: string): Promise<PolicyRecord> {
  const policy = await tx.get('policy', digest);
  if (policy === null) throw new Error(`no policy ${digest} is on record; record it before it is referred to`);
  return policy;
}

/** The loss of one unit that a policy judges by. */
export function lossOf({ rollout: { loss, lossRange } }: Pick<PolicyRecord, 'rollout'>): UnitLoss {
  return namedLoss(loss, lossRange);
}
