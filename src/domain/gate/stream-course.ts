import type { CountWindow, DiffHistogram } from '../statistics/index.ts';
import { windowOf } from '../statistics/gate-cohort.ts';
import type { ReadCohort, StreamEvidence } from '../statistics/gate-cohort.ts';
import type { GatePlan, StreamPlan } from '../statistics/gate-plan.ts';
import { unitsOf } from '../statistics/gate-evidence.ts';
import { DifferenceBounds } from './difference-bounds.ts';
import type { DifferenceFinding } from './difference-bounds.ts';
import { ratioFinding } from './ratio-bounds.ts';
import type { RatioFinding } from './ratio-bounds.ts';

/** One stream's evidence, followed cohort by cohort up to where it was judged. */
export class StreamCourse {
  readonly plan: StreamPlan;
  /** Matched differences, or candidate exposures. */
  units = 0;
  private readonly differences: DifferenceBounds | null;
  private readonly windows: CountWindow[] = [];
  private readonly gate: GatePlan;
  private judged = 0;

  constructor(gate: GatePlan, plan: StreamPlan) {
    this.gate = gate;
    this.plan = plan;
    this.differences = plan.policy.kind === 'difference' ? new DifferenceBounds(gate.policy, plan.policy) : null;
  }

  get id(): string {
    return this.plan.policy.id;
  }

  /** Takes the cohorts up to the stream's judged prefix; `cohorts` are contiguous from 1. */
  advanceTo(prefix: number, cohorts: readonly ReadCohort[]): void {
    while (this.judged < prefix) {
      const cohort = cohorts[this.judged];
      this.judged += 1;
      const evidence = cohort?.evidence.get(this.id);
      if (evidence !== undefined) this.take(evidence);
    }
  }

  private take(evidence: StreamEvidence): void {
    this.units += unitsOf(evidence);
    if (evidence.kind === 'difference') this.differences?.add(evidence.histogram);
    else if (evidence.window !== null) this.windows.push(windowOf(evidence.window));
  }

  histogram(): DiffHistogram {
    return this.differences?.all() ?? [];
  }

  difference(): DifferenceFinding | null {
    return this.differences?.finding() ?? null;
  }

  ratio(): RatioFinding | null {
    const { policy } = this.plan;
    if (policy.kind === 'difference') return null;
    const { alpha, beta, grid } = this.gate.policy;
    return ratioFinding(this.windows, { harm: alpha * (policy.weight || 1), safe: policy.beta ?? beta }, grid);
  }
}
