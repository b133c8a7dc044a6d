import { canonicalHistogram, histogramSize } from './diff-histogram.ts';
import type { DiffHistogram } from './diff-histogram.ts';
import { addWindow } from './event-counts.ts';
import { addScaled, addSums } from './factor-table.ts';
import type { FactorTable } from './factor-table.ts';
import { windowOf } from './gate-cohort.ts';
import type { CountTuple, StreamEvidence } from './gate-cohort.ts';
import type { GatePlan } from './gate-plan.ts';
import type { CountStreamPolicy, DifferenceStreamPolicy } from './gate-policy.ts';
import { logMeanExp } from './log-sum-exp.ts';
import { beginRestartFold, closeEpoch, logMixture } from './restart-mixture.ts';

/** Integer counts of a stream: one histogram per restart epoch, or the four integers of each cohort. */
export type StreamState = { epochs: DiffHistogram[] } | { windows: Record<string, CountTuple> };

/** A stream's judged evidence, grown cohort by cohort in order. Every ln e is a function of the integer counts alone. */
export interface EvidenceLedger {
  /** Takes the stream's evidence of the next cohort; its restart epoch never decreases. */
  absorb(cohort: number, epoch: number, evidence: StreamEvidence): void;
  lnHarm(): number;
  /** Without restarts: what tests the running average. */
  lnHarmPlain(): number;
  /** At the safe margin of `step`; null when the stream declares none. */
  lnSafe(step: number): number | null;
  /** State padded with empty epochs up to `epoch`; −1 before the first cohort. */
  snapshot(epoch: number): StreamState;
}

/** The units that the floors count: matched differences, or candidate exposures. */
export function unitsOf(evidence: StreamEvidence): number {
  return evidence.kind === 'difference' ? histogramSize(evidence.histogram) : (evidence.window?.[2] ?? 0);
}

interface Entry {
  num: number;
  den: number;
  value: number;
  count: number;
  harm: Float64Array;
  safe: Float64Array | null;
}

/** Matched differences. Completed epochs are folded into sums per betting fraction; the running epoch is summed anew at each look. */
export class DifferenceLedger implements EvidenceLedger {
  private readonly plan: GatePlan;
  private readonly stream: DifferenceStreamPolicy;
  private readonly harmTable: FactorTable;
  private safeTable: FactorTable | null = null;
  private readonly closed: DiffHistogram[] = [];
  private running: Entry[] = [];
  private readonly entries = new Map<number, Entry>();
  private fold;
  private harmClosed: Float64Array;
  private safeClosed: Float64Array;

  constructor(plan: GatePlan, stream: DifferenceStreamPolicy) {
    this.plan = plan;
    this.stream = stream;
    this.harmTable = plan.harmTable(stream);
    this.fold = beginRestartFold(plan.etas.length);
    this.harmClosed = new Float64Array(plan.etas.length);
    this.safeClosed = new Float64Array(plan.etas.length);
  }

  absorb(_cohort: number, epoch: number, evidence: StreamEvidence): void {
    while (this.closed.length < epoch) this.closeRunningEpoch();
    if (evidence.kind !== 'difference') return;
    let hasNewValue = false;
    for (const [num, den, count] of evidence.histogram) {
      const value = num / den;
      const known = this.entries.get(value);
      if (known !== undefined) known.count += count;
      else {
        const entry = {
          num,
          den,
          value,
          count,
          harm: this.harmTable.row(value),
          safe: this.safeTable?.row(value) ?? null,
        };
        this.entries.set(value, entry);
        this.running.push(entry);
        hasNewValue = true;
      }
    }
    if (hasNewValue) this.running.sort((a, b) => a.value - b.value);
  }

  private runningHistogram(): DiffHistogram {
    return this.running.map(({ num, den, count }) => [num, den, count] as const);
  }

  private closeRunningEpoch(): void {
    const harm = this.runningSums('harm');
    this.fold = closeEpoch(this.fold, harm);
    this.harmClosed = addSums(this.harmClosed, harm);
    if (this.safeTable !== null) this.safeClosed = addSums(this.safeClosed, this.runningSums('safe'));
    this.closed.push(this.runningHistogram());
    this.running = [];
    this.entries.clear();
  }

  private runningSums(direction: 'harm' | 'safe'): Float64Array {
    const sums = new Float64Array(this.plan.etas.length);
    for (const entry of this.running) addScaled(sums, entry.count, entry[direction]!);
    return sums;
  }

  /** A harm budget moves the safe margin from step to step: then all is summed again at the new one. */
  private useSafeTable(table: FactorTable | null): void {
    if (table === this.safeTable) return;
    this.safeTable = table;
    this.safeClosed.fill(0);
    if (table === null) return;
    for (const epoch of this.closed) {
      const sums = new Float64Array(this.plan.etas.length);
      for (const [num, den, count] of epoch) addScaled(sums, count, table.row(num / den));
      this.safeClosed = addSums(this.safeClosed, sums);
    }
    for (const entry of this.running) entry.safe = table.row(entry.value);
  }

  lnHarm(): number {
    const running = this.runningSums('harm');
    return this.plan.policy.restartEvery === 0
      ? logMeanExp(addSums(this.harmClosed, running))
      : logMixture(this.fold, running);
  }

  lnHarmPlain(): number {
    return logMeanExp(addSums(this.harmClosed, this.runningSums('harm')));
  }

  lnSafe(step: number): number | null {
    this.useSafeTable(this.plan.safeTable(this.stream, step));
    return this.safeTable === null ? null : logMeanExp(addSums(this.safeClosed, this.runningSums('safe')));
  }

  snapshot(epoch: number): StreamState {
    if (epoch < 0) return { epochs: [] };
    const epochs = [...this.closed, this.runningHistogram()];
    while (epochs.length <= epoch) epochs.push([]);
    return { epochs };
  }
}

/** Event counts in two arms. Each window has its own expected share, so windows are kept and summed in cohort order. */
export class CountLedger implements EvidenceLedger {
  private readonly plan: GatePlan;
  private readonly stream: CountStreamPolicy;
  private readonly windows: Record<string, CountTuple> = {};
  private fold;
  private runningHarm: Float64Array;
  private readonly harm: Float64Array;
  private readonly safe: Float64Array;

  constructor(plan: GatePlan, stream: CountStreamPolicy) {
    this.plan = plan;
    this.stream = stream;
    this.fold = beginRestartFold(plan.etas.length);
    this.runningHarm = new Float64Array(plan.etas.length);
    this.harm = new Float64Array(plan.etas.length);
    this.safe = new Float64Array(plan.etas.length);
  }

  absorb(cohort: number, epoch: number, evidence: StreamEvidence): void {
    while (this.fold.epoch < epoch) {
      this.fold = closeEpoch(this.fold, this.runningHarm);
      this.runningHarm = new Float64Array(this.plan.etas.length);
    }
    if (evidence.kind !== 'count' || evidence.window === null) return;
    this.windows[cohort] = evidence.window;
    // In cohort order a running sum is, bit for bit, the sum recomputed from all windows.
    const window = windowOf(evidence.window);
    addWindow(this.runningHarm, window, this.stream.harmRatio, 'harm', this.plan.etas);
    addWindow(this.harm, window, this.stream.harmRatio, 'harm', this.plan.etas);
    if (this.stream.safeRatio !== null) addWindow(this.safe, window, this.stream.safeRatio, 'safe', this.plan.etas);
  }

  lnHarm(): number {
    return this.plan.policy.restartEvery === 0 ? this.lnHarmPlain() : logMixture(this.fold, this.runningHarm);
  }

  lnHarmPlain(): number {
    return logMeanExp(this.harm);
  }

  lnSafe(): number | null {
    return this.stream.safeRatio === null ? null : logMeanExp(this.safe);
  }

  snapshot(): StreamState {
    return { windows: { ...this.windows } };
  }
}

/** Rebuilds a ledger from its recorded counts; `epochOf` gives the restart epoch of a cohort, `prefix` the last judged one. */
export function restoreLedger(
  ledger: EvidenceLedger,
  state: StreamState,
  prefix: number,
  epochOf: (cohort: number) => number,
): void {
  if (prefix === 0) return;
  if ('windows' in state) {
    const cohorts = Object.keys(state.windows)
      .map(Number)
      .sort((a, b) => a - b);
    for (const cohort of cohorts)
      ledger.absorb(cohort, epochOf(cohort), { kind: 'count', window: state.windows[cohort]! });
    ledger.absorb(prefix, epochOf(prefix), { kind: 'count', window: null });
    return;
  }
  for (let epoch = 0; epoch <= epochOf(prefix); epoch++) {
    ledger.absorb(prefix, epoch, { kind: 'difference', histogram: canonicalHistogram(state.epochs[epoch] ?? []) });
  }
}
