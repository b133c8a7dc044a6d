/** A policy as it stands on record, and what follows from it alone: its name, its gate runs, its ladder. Pure. */
import { canonicalJson } from '../canonical-json.ts';
import { sha256Hex } from '../sha256.ts';
import { planGateRun, runOf, wholeCohorts } from './gate-runs.ts';
import type { GateRunPlan, LadderApprovals, LadderPolicy, RunName } from './gate-runs.ts';
import { durationMs } from '../time.ts';
import { STATISTICAL_PRESETS } from './presets.ts';
import type { PresetName } from './presets.ts';
import type { Step } from './states.ts';

export interface RecordedPolicy {
  readonly claim: 'improve' | 'not-worse';
  readonly rollout: LadderPolicy & { readonly preset: PresetName };
  readonly people: Readonly<Record<string, readonly string[]>>;
  /** Length of a cohort, and time from its end until its labels count, milliseconds. */
  readonly cohortMs: number;
  readonly maturityMs: number;
  /** Whether acting on a prediction changes its label: then arms are compared, not pairs. */
  readonly affectsLabel: boolean;
}

/** Name of a policy: the digest of its canonical JSON. Optional fields that are absent do not count. */
export function policyDigest(policy: object): string {
  return sha256Hex(canonicalJson(JSON.parse(JSON.stringify(policy))));
}

/** Whole cohorts from assignment to maturity of the label. */
export const labelLagOf = ({ maturityMs, cohortMs }: RecordedPolicy): number => Math.ceil(maturityMs / cohortMs);

/** A gate run of a policy. */
export function gateRunPlan(policy: RecordedPolicy, run: RunName): GateRunPlan {
  const { rollout, claim, cohortMs } = policy;
  const preset = STATISTICAL_PRESETS[rollout.preset];
  return planGateRun({ policy: rollout, preset, claim, cohortMs, labelLag: labelLagOf(policy) }, run);
}

/** The ladder as the rollout's machine climbs it. */
export function ladderOf(policy: RecordedPolicy): Step[] {
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
  { roles, quorum, veto, expiresAfter, authenticated }: LadderApprovals,
  cohortMs: number,
): Step['approvals'] {
  const expiresCohorts = expiresAfter === undefined ? null : wholeCohorts(expiresAfter, cohortMs);
  return { roles, quorum, veto, expiresCohorts, authenticated };
}
