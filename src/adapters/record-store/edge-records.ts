import { policyDigest } from '../../domain/rollout/recorded-policy.ts';
import { createEvidenceIntake } from './evidence-intake.ts';
import type { EdgeRecords, RecordStore } from './port.ts';

/** The part of the records that edges write. */
export function createEdgeRecords(records: RecordStore): EdgeRecords {
  return {
    ...createEvidenceIntake(records),
    migrate: () => records.migrate(),
    logAttempt: (model, attempt) =>
      records.transaction(model, async (tx) => void (await tx.insert('command', attempt.commandId, attempt))),
    recordPolicy: (model, policy) =>
      records.transaction(model, async (tx) => {
        const digest = policyDigest(policy);
        await tx.insert('policy', digest, policy);
        return digest;
      }),
    close: () => records.close(),
  };
}
