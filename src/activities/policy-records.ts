/**
 * Policies on record: what a rollout is judged by, written down once under the digest of its content. A rollout keeps the policy it began
 * with; a new model file changes the next rollout, never one in flight.
 */
import type { RecordTransaction } from '../adapters/record-store/port.ts';
import type { PolicyRecord } from '../contracts/records.ts';
import { canonicalJson } from '../domain/canonical-json.ts';
import { planGateRun, runOf, wholeCohorts } from '../domain/rollout/gate-runs.ts';
import type { GateRunPlan, RunName } from '../domain/rollout/gate-runs.ts';
import { brierLoss, scaledSquaredError } from '../domain/rollout/measure.ts';
import type { UnitLoss } from '../domain/rollout/measure.ts';
import { STATISTICAL_PRESETS } from '../domain/rollout/presets.ts';
import type { Step } from '../domain/rollout/states.ts';
import { sha256Hex } from '../domain/sha256.ts';
import { durationMs } from '../domain/time.ts';
import type { ModelContext } from './model-context.ts';

/** The policy that a declaration stands for, of one claim. */
export function policyOf({ declaration, calendar }: ModelContext, claim: PolicyRecord['claim']): PolicyRecord {
  const { rollout, people, label } = declaration;
  const { attributionWindow, ingestionLag, affectsLabel, absence } = label;
  return {
    claim,
    rollout,
    people,
    cohortMs: calendar.lengthMs,
    maturityMs: durationMs(attributionWindow) + durationMs(ingestionLag),
    affectsLabel,
    absence,
  };
}

/** Name of a policy: the digest of its canonical JSON. Optional fields that are absent do not count. */
export function policyDigest(policy: PolicyRecord): string {
  return sha256Hex(canonicalJson(JSON.parse(JSON.stringify(policy))));
}

/** Writes a policy down, once. @returns its digest */
export async function recordPolicy(tx: RecordTransaction, policy: PolicyRecord): Promise<string> {
  const digest = policyDigest(policy);
  await tx.insert('policy', digest, JSON.parse(JSON.stringify(policy)) as PolicyRecord);
  return digest;
}

/** @throws when no policy of this digest is on record */
export async function policyOnRecord(tx: RecordTransaction, digest: string): Promise<PolicyRecord> {
  const policy = await tx.get('policy', digest);
  if (policy === null) throw new Error(`no policy ${digest} is on record; record it before it is referred to`);
  return policy;
}

/** Whole cohorts from assignment to maturity of the label. */
export const labelLagOf = ({ maturityMs, cohortMs }: PolicyRecord): number => Math.ceil(maturityMs / cohortMs);

/** The loss of one unit that a policy judges by. */
export function lossOf({ rollout: { loss, lossRange } }: Pick<PolicyRecord, 'rollout'>): UnitLoss {
  return loss === 'brier' ? brierLoss : scaledSquaredError(lossRange ?? [0, 1]);
}

/** A gate run of a policy. */
export function gateRunPlan(policy: PolicyRecord, run: RunName): GateRunPlan {
  const { rollout, claim, cohortMs } = policy;
  const preset = STATISTICAL_PRESETS[rollout.preset];
  return planGateRun({ policy: rollout, preset, claim, cohortMs, labelLag: labelLagOf(policy) }, run);
}

/** The ladder as the rollout's machine climbs it. */
export function ladderOf(policy: PolicyRecord): Step[] {
  const { rollout, cohortMs } = policy;
  return rollout.steps.map((step) => ({
    mode: step.mode,
    exposure: step.mode === 'canary' ? step.exposure : step.mode === 'full' ? 1 - step.holdback : 0,
    deadlineCohorts: 'deadline' in step ? wholeCohorts(step.deadline, cohortMs) + labelLagOf(policy) : null,
    run: runOf(step),
    patienceMs: 'patience' in step && step.patience !== undefined ? durationMs(step.patience) : null,
    approvals: 'approvals' in step && step.approvals !== undefined ? approvalsOf(step.approvals, cohortMs) : null,
  }));
}

function approvalsOf(
  {
    roles,
    quorum,
    veto,
    expiresAfter,
    authenticated,
  }: NonNullable<Extract<PolicyRecord['rollout']['steps'][number], { mode: 'canary' }>['approvals']>,
  cohortMs: number,
): Step['approvals'] {
  const expiresCohorts = expiresAfter === undefined ? null : wholeCohorts(expiresAfter, cohortMs);
  return { roles, quorum, veto, expiresCohorts, authenticated };
}
