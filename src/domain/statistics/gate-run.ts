import { conflictingCohort, NOTHING, readEvidence } from './gate-cohort.ts';
import type { Completion, ReadCohort, StreamEvidence } from './gate-cohort.ts';
import { CountLedger, DifferenceLedger, restoreLedger, unitsOf } from './gate-evidence.ts';
import type { EvidenceLedger } from './gate-evidence.ts';
import { roundLn } from './gate-plan.ts';
import type { GatePlan, StreamPlan } from './gate-plan.ts';
import { requireGateState } from './gate-state.ts';
import type { GateFinal, GateState, HeldCohort, LookRecord, StreamRecord } from './gate-state.ts';
import { decide } from './gate-verdict.ts';
import type { StreamLook } from './gate-verdict.ts';
import { logESegment } from './sample-ratio.ts';
import { requireCount, StatisticsError } from './statistics-error.ts';

interface StreamRun {
  plan: StreamPlan;
  ledger: EvidenceLedger;
  prefix: number;
  lnHarmMax: number;
  inStep: [units: number, cohorts: number];
  inRollout: [units: number, cohorts: number];
  /** ln harm at the prefix; null until asked for. */
  lnHarm: number | null;
}

interface Held {
  step: number;
  status: 'ok' | 'void';
  evidence: Map<string, StreamEvidence>;
}

/** What the world outside the counts adds to a look; see `LookOptions`. */
interface LookConditions {
  mayAdvance?: boolean | undefined;
  assignmentFaults?: readonly string[] | undefined;
}

/**
 * The gate in motion: mutable, for the length of one call. `lookAt` thaws one from its state and freezes it again; `analyzeCohorts`
 * keeps one over all cohorts. Both judge by the same lines.
 */
export class GateRun {
  private readonly plan: GatePlan;
  private terminal: GateFinal['terminal'];
  private step: number;
  private watermark: number;
  private cohortsInStep: number;
  private lnSrmMax: number;
  private readonly assigned = new Map<number, [number, number]>();
  private readonly lnSegments = new Map<number, number>();
  private readonly streams: StreamRun[];
  private readonly held = new Map<number, Held>();

  /** @throws STAT_INPUT_INVALID for a state that no look of this policy can have returned */
  constructor(plan: GatePlan, state: GateState) {
    this.plan = plan;
    requireGateState(plan.policy, state, state.watermark === 0 ? 0 : this.epochOf(state.watermark) + 1);
    this.terminal = state.terminal;
    this.step = state.step;
    this.watermark = state.watermark;
    this.cohortsInStep = state.progress.cohortsInStep;
    this.lnSrmMax = state.progress.lnSrmMax;
    for (const [exposureBp, [control, candidate]] of Object.entries(state.progress.assigned)) {
      this.addAssigned(Number(exposureBp), control, candidate);
    }
    this.streams = plan.streams.map((stream) => this.thawStream(stream, state));
    for (const [cohort, held] of Object.entries(state.progress.held))
      this.held.set(Number(cohort), this.thawHeld(held));
  }

  get isOver(): boolean {
    return this.terminal !== null;
  }

  private thawStream(plan: StreamPlan, state: GateState): StreamRun {
    const { policy } = plan;
    const ledger =
      policy.kind === 'difference' ? new DifferenceLedger(this.plan, policy) : new CountLedger(this.plan, policy);
    const { prefix, lnHarmMax, inStep, inRollout } = state.progress.streams[policy.id]!;
    restoreLedger(ledger, state.state[policy.id]!, prefix, (cohort) => this.epochOf(cohort));
    return { plan, ledger, prefix, lnHarmMax, inStep: [...inStep], inRollout: [...inRollout], lnHarm: null };
  }

  private thawHeld(held: HeldCohort): Held {
    const awaited = new Set(held.pending);
    const evidence = new Map<string, StreamEvidence>();
    for (const { policy } of this.plan.streams) {
      if (awaited.has(policy.id)) continue;
      const known = readEvidence(policy, held);
      evidence.set(policy.id, known ?? NOTHING[policy.kind]);
    }
    return { step: held.step, status: held.status, evidence };
  }

  private epochOf(cohort: number): number {
    const { restartEvery } = this.plan.policy;
    return restartEvery === 0 ? 0 : Math.floor((cohort - 1) / restartEvery);
  }

  private addAssigned(exposureBp: number, control: number, candidate: number): void {
    const [controlBefore, candidateBefore] = this.assigned.get(exposureBp) ?? [0, 0];
    const sums: [number, number] = [controlBefore + control, candidateBefore + candidate];
    this.assigned.set(exposureBp, sums);
    this.lnSegments.set(exposureBp, logESegment(exposureBp, sums, this.plan.policy.srmConcentration));
  }

  private lnSrm(): number {
    let sum = 0;
    for (const exposureBp of [...this.lnSegments.keys()].sort((a, b) => a - b)) sum += this.lnSegments.get(exposureBp)!;
    return roundLn(sum);
  }

  /**
   * Adds evidence that came later than its cohort.
   *
   * @throws conflicting-cohort for a stream that was not awaited; STAT_COHORT_ORDER for a cohort not yet looked at
   */
  complete(completion: Completion): void {
    if (completion.cohort > this.watermark) {
      throw new StatisticsError(
        'STAT_COHORT_ORDER',
        `completion of cohort ${completion.cohort}, but the watermark is ${this.watermark}; give that cohort's own record first`,
      );
    }
    this.assignLater(completion);
    for (const { plan } of this.streams) {
      const evidence = readEvidence(plan.policy, completion);
      if (evidence === null) continue;
      const held = this.held.get(completion.cohort);
      const known = held?.evidence.get(plan.policy.id);
      if (held !== undefined && known === undefined) held.evidence.set(plan.policy.id, evidence);
      else if (known === undefined || JSON.stringify(known) !== JSON.stringify(evidence)) {
        throw conflictingCohort(completion.cohort, `stream ${plan.policy.id}`);
      }
    }
  }

  /** Units of a cohort that was declared void count for nothing, as at its own look. */
  private assignLater({ cohort, assigned }: Completion): void {
    if (assigned === undefined || this.held.get(cohort)?.status === 'void') return;
    for (const field of ['exposureBp', 'control', 'candidate'] as const)
      requireCount(assigned[field], `assigned.${field} of cohort ${cohort}`);
    this.addAssigned(assigned.exposureBp, assigned.control, assigned.candidate);
  }

  /** Looks after the next cohort. A cohort of which nothing is known changes nothing and may be given again. */
  look(cohort: ReadCohort, { mayAdvance = true, assignmentFaults = [] }: LookConditions = {}): LookRecord {
    this.requireOpen();
    if (cohort.cohort !== this.watermark + 1) {
      throw new StatisticsError(
        'STAT_COHORT_ORDER',
        `cohort ${cohort.cohort} given, but the next is ${this.watermark + 1}; look in cohort order`,
      );
    }
    if (cohort.status === 'pending')
      return { cohort: cohort.cohort, decision: 'hold', reasons: ['data-pending'], step: this.step };
    this.take(cohort, cohort.status);
    return this.judge(cohort.cohort, cohort.status, { mayAdvance, assignmentFaults });
  }

  /**
   * Looks once more after the cohort of the last look, at what has been completed since. Prefixes move as they would have moved at that
   * cohort's look: each position is judged once and in order, so running maxima do not depend on when evidence came. The cohort counts
   * no second time.
   */
  lookAgain(status: 'ok' | 'void', { mayAdvance = true, assignmentFaults = [] }: LookConditions = {}): LookRecord {
    this.requireOpen();
    if (status !== 'ok' && status !== 'void') {
      throw new StatisticsError('STAT_COHORT_INVALID', `status is ${String(status)}; give ok or void`);
    }
    if (this.watermark === 0) {
      throw new StatisticsError('STAT_COHORT_ORDER', 'no cohort has been looked at; give cohort 1 first');
    }
    this.judgePrefixes();
    return this.judge(this.watermark, status, { mayAdvance, assignmentFaults });
  }

  private requireOpen(): void {
    if (this.terminal === null) return;
    throw new StatisticsError(
      'STAT_GATE_ENDED',
      `the gate ended (${this.terminal}) at cohort ${this.watermark}; nothing after it is evaluated`,
    );
  }

  private judge(
    cohort: number,
    status: 'ok' | 'void',
    { mayAdvance, assignmentFaults }: { mayAdvance: boolean; assignmentFaults: readonly string[] },
  ): LookRecord {
    const looks = this.streams.map((stream) => this.lookAtStream(stream));
    const lnSrm = this.lnSrm();
    this.lnSrmMax = Math.max(this.lnSrmMax, lnSrm);
    const { plan, step, lnSrmMax, cohortsInStep } = this;
    const verdict = decide({
      plan,
      step,
      status,
      streams: looks,
      lnSrmMax,
      cohortsInStep,
      mayAdvance,
      assignmentFaults,
    });
    const record = {
      cohort,
      decision: verdict.decision,
      lnSrm,
      lnSrmMax,
      ...this.prefixes(),
      reasons: verdict.reasons,
      step,
      streams: this.streamRecords(looks),
    };
    if (verdict.decision === 'rollback') this.terminal = 'rolled-back';
    if (verdict.decision === 'advance') this.advance();
    return record;
  }

  private take(cohort: ReadCohort, status: 'ok' | 'void'): void {
    this.watermark = cohort.cohort;
    this.held.set(cohort.cohort, { step: cohort.step, status, evidence: cohort.evidence });
    if (status === 'ok') {
      this.addAssigned(cohort.exposureBp, cohort.assigned.control, cohort.assigned.candidate);
      if (cohort.step === this.step) this.cohortsInStep++;
    }
    this.judgePrefixes();
  }

  private judgePrefixes(): void {
    for (const stream of this.streams) this.judgePrefix(stream);
    const judgedByAll = Math.min(...this.streams.map(({ prefix }) => prefix), this.watermark);
    for (const held of this.held.keys()) if (held <= judgedByAll) this.held.delete(held);
  }

  /** Judges each newly complete position once, in order: the running maximum must not depend on when evidence came. */
  private judgePrefix(stream: StreamRun): void {
    const isShadow = this.plan.policy.steps[this.step]!.exposureBp === 0;
    while (stream.prefix < this.watermark - stream.plan.lag) {
      const cohort = stream.prefix + 1;
      const held = this.held.get(cohort);
      const evidence = held?.evidence.get(stream.plan.policy.id);
      if (held === undefined || evidence === undefined) return;
      stream.ledger.absorb(cohort, this.epochOf(cohort), evidence);
      stream.prefix = cohort;
      stream.lnHarm = roundLn(stream.ledger.lnHarm());
      if (!(isShadow && stream.plan.needsIntegrity)) stream.lnHarmMax = Math.max(stream.lnHarmMax, stream.lnHarm);
      if (held.status === 'void') continue;
      const units = unitsOf(evidence);
      stream.inRollout = [stream.inRollout[0] + units, stream.inRollout[1] + 1];
      if (held.step === this.step) stream.inStep = [stream.inStep[0] + units, stream.inStep[1] + 1];
    }
  }

  private lookAtStream(stream: StreamRun): StreamLook {
    const { plan, ledger, prefix, lnHarmMax } = stream;
    stream.lnHarm ??= roundLn(ledger.lnHarm());
    const { exposureBp, minCohorts } = this.plan.policy.steps[this.step]!;
    const scope = plan.policy.floor ?? (plan.lag <= minCohorts ? 'step' : 'rollout');
    const [units, cohorts] = scope === 'step' ? stream.inStep : stream.inRollout;
    const lnSafe = ledger.lnSafe(this.step);
    return {
      plan,
      lnHarm: stream.lnHarm,
      lnHarmMax,
      lnHarmPlain: exposureBp === 0 ? roundLn(ledger.lnHarmPlain()) : stream.lnHarm,
      lnSafe: lnSafe === null ? null : roundLn(lnSafe),
      isOverdue: prefix < this.watermark - plan.lag,
      units,
      cohorts,
    };
  }

  private prefixes(): { prefixes?: Record<string, number> } {
    if (this.streams.every(({ prefix }) => prefix === this.watermark)) return {};
    const prefixes: Record<string, number> = {};
    for (const index of this.plan.indexesById)
      prefixes[this.streams[index]!.plan.policy.id] = this.streams[index]!.prefix;
    return { prefixes };
  }

  private streamRecords(looks: readonly StreamLook[]): Record<string, StreamRecord> {
    const isShadow = this.plan.policy.steps[this.step]!.exposureBp === 0;
    const records: Record<string, StreamRecord> = {};
    for (const index of this.plan.indexesById) {
      const { plan, lnHarm, lnHarmMax, lnHarmPlain, lnSafe } = looks[index]!;
      records[plan.policy.id] = isShadow ? { lnHarm, lnHarmMax, lnHarmPlain, lnSafe } : { lnHarm, lnHarmMax, lnSafe };
    }
    return records;
  }

  private advance(): void {
    this.step++;
    if (this.step === this.plan.policy.steps.length) this.terminal = 'promoted';
    this.cohortsInStep = 0;
    for (const stream of this.streams) stream.inStep = [0, 0];
  }

  /** Where the gate stands, as recorded. */
  final(): GateFinal {
    const epoch = this.watermark === 0 ? -1 : this.epochOf(this.watermark);
    return {
      terminal: this.terminal,
      step: this.step,
      watermark: this.watermark,
      state: Object.fromEntries(this.streams.map(({ plan, ledger }) => [plan.policy.id, ledger.snapshot(epoch)])),
    };
  }

  freeze(): GateState {
    return {
      ...this.final(),
      progress: {
        cohortsInStep: this.cohortsInStep,
        lnSrmMax: this.lnSrmMax,
        assigned: Object.fromEntries(this.assigned),
        streams: Object.fromEntries(
          this.streams.map(({ plan, prefix, lnHarmMax, inStep, inRollout }) => [
            plan.policy.id,
            { prefix, lnHarmMax, inStep, inRollout },
          ]),
        ),
        held: Object.fromEntries([...this.held].map(([cohort, held]) => [cohort, this.freezeHeld(held)])),
      },
    };
  }

  private freezeHeld({ step, status, evidence }: Held): HeldCohort {
    const held: HeldCohort = { step, status, pending: [], differences: {}, counts: {} };
    for (const { policy } of this.plan.streams) {
      const given = evidence.get(policy.id);
      if (given === undefined) held.pending.push(policy.id);
      else if (given.kind === 'difference') held.differences[policy.id] = given.histogram;
      else if (given.window !== null) held.counts[policy.id] = given.window;
    }
    return held;
  }
}
