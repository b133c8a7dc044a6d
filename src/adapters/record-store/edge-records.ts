import { policyDigest } from '../../domain/rollout/recorded-policy.ts';
import { createEvidenceIntake } from './evidence-intake.ts';
import type { EdgeRecords, RecordStore } from './port.ts';
import { readRecordedRollout } from './recorded-rollout.ts';
import { createReports } from './reports.ts';

/** The part of the records that edges write and read. */
export function createEdgeRecords(records: RecordStore): EdgeRecords {
  return {
    ...createEvidenceIntake(records),
    ...createReports(records),
    migrate: () => records.migrate(),
    recordPolicy: (model, policy) =>
      records.transaction(model, async (tx) => {
        const digest = policyDigest(policy);
        await tx.insert('policy', digest, policy);
        return digest;
      }),
    recentDecisions: (model, rolloutId, count) =>
      records.transaction(model, async (tx) =>
        (await tx.chain('decision', rolloutId)).slice(-count).map(({ body }) => body),
      ),
    recordedRollout: (model, rolloutId) => records.transaction(model, (tx) => readRecordedRollout(tx, rolloutId)),
    close: () => records.close(),
  };
}
