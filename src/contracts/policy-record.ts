/** What a model file says of a rollout, as it is kept on record. */
import { durationMs } from '../domain/time.ts';
import type { ModelDeclaration } from './model.ts';
import type { PolicyRecord } from './records.ts';

/** The policy that a declaration stands for, of one claim: plain JSON, without the optional fields that are absent. */
export function policyOf(declaration: ModelDeclaration, claim: PolicyRecord['claim']): PolicyRecord {
  const { rollout, people, label, cohort } = declaration;
  const { attributionWindow, ingestionLag, affectsLabel, absence } = label;
  const policy: PolicyRecord = {
    claim,
    rollout,
    people,
    cohortMs: durationMs(cohort),
    maturityMs: durationMs(attributionWindow) + durationMs(ingestionLag),
    affectsLabel,
    absence,
  };
  return JSON.parse(JSON.stringify(policy)) as PolicyRecord;
}
