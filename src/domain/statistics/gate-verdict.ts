import type { GatePlan, StreamPlan } from './gate-plan.ts';

/** What the gate says of a step: go on watching, wait, widen, take back, or call a person. */
export type GateDecision = 'continue' | 'hold' | 'advance' | 'rollback' | 'escalate';

/** What a look knows of one stream; ln e rounded to 1e-9. */
export interface StreamLook {
  plan: StreamPlan;
  lnHarm: number;
  lnHarmMax: number;
  lnHarmPlain: number;
  lnSafe: number | null;
  /** The stream's judged prefix ends before cohort t − lag: its evidence is late. */
  isOverdue: boolean;
  /** Units and cohorts that the step's floors count for this stream. */
  units: number;
  cohorts: number;
}

/** All that a verdict depends on. */
export interface Look {
  plan: GatePlan;
  step: number;
  status: 'ok' | 'void';
  streams: readonly StreamLook[];
  lnSrmMax: number;
  /** `ok` cohorts of this step so far. */
  cohortsInStep: number;
  mayAdvance: boolean;
  /** Faults of the assignment known besides the sample ratio. */
  assignmentFaults: readonly string[];
}

export interface Verdict {
  decision: GateDecision;
  reasons: string[];
}

function idsWhere(streams: readonly StreamLook[], isMet: (stream: StreamLook) => boolean): string[] {
  return streams.filter(isMet).map(({ plan }) => plan.policy.id);
}

function isAdvanceable(look: Look, required: readonly StreamLook[]): { isCertified: boolean; floorsMet: boolean } {
  const { minCohorts, minUnits, minSpan = 0 } = look.plan.policy.steps[look.step]!;
  return {
    // Without a required stream nothing is ever certified: "no harm shown" is no reason to advance.
    isCertified: required.length > 0 && required.every(({ lnSafe, plan }) => lnSafe !== null && lnSafe >= plan.safeAt),
    floorsMet:
      look.cohortsInStep >= minCohorts &&
      required.every(({ units, cohorts }) => units >= minUnits && cohorts >= minSpan),
  };
}

/**
 * The gate's decision order, first match wins (row 1, a cohort of which nothing is known, never gets this far).
 *
 * Harm is judged before the sample ratio only where it needs no assignment; rollback by the running maximum, hold and advance by the
 * current value. In shadow (exposure 0) nobody is harmed: rows 5 and 6 wait for the step's span and then ask the running average.
 */
export function decide(look: Look): Verdict {
  const { plan, streams } = look;
  const stepPolicy = plan.policy.steps[look.step]!;
  const isShadow = stepPolicy.exposureBp === 0;
  const shadowHarm = ({ cohorts, lnHarmPlain }: StreamLook) =>
    cohorts >= (stepPolicy.minSpan ?? 0) ? lnHarmPlain : -Infinity;
  if (look.status === 'void') return { decision: 'hold', reasons: ['cohort-void'] };
  const ungated = idsWhere(streams, (s) => !s.plan.needsIntegrity && s.lnHarmMax >= s.plan.rollbackAt);
  if (ungated.length > 0) return { decision: 'rollback', reasons: ungated };
  const broken = [...(look.lnSrmMax >= plan.srmAt ? ['srm'] : []), ...look.assignmentFaults];
  if (broken.length > 0) return { decision: 'hold', reasons: broken };
  const harmed = idsWhere(
    streams,
    (s) => s.plan.needsIntegrity && (isShadow ? shadowHarm(s) : s.lnHarmMax) >= s.plan.rollbackAt,
  );
  if (harmed.length > 0) return { decision: 'rollback', reasons: harmed };
  const suspected = idsWhere(streams, (s) => (isShadow ? shadowHarm(s) : s.lnHarm) >= s.plan.holdAt);
  if (suspected.length > 0) return { decision: 'hold', reasons: suspected };
  const required = streams.filter((s) => s.plan.isRequired);
  const overdue = idsWhere(required, (s) => s.isOverdue);
  const { isCertified, floorsMet } = isAdvanceable(look, required);
  if (isCertified && floorsMet && overdue.length === 0) {
    return look.mayAdvance ? { decision: 'advance', reasons: [] } : { decision: 'continue', reasons: ['approval'] };
  }
  if (look.cohortsInStep >= stepPolicy.maxCohorts) return { decision: 'escalate', reasons: ['deadline'] };
  if (overdue.length > 0) return { decision: 'hold', reasons: ['data-pending', ...overdue] };
  return { decision: 'continue', reasons: [isCertified ? 'floors' : 'evidence'] };
}
