import { canonicalHistogram } from './diff-histogram.ts';
import type { DiffHistogram } from './diff-histogram.ts';
import { addWindow } from './event-counts.ts';
import { addSums, sumRows } from './factor-table.ts';
import type { FactorTable } from './factor-table.ts';
import { windowOf } from './gate-cohort.ts';
import type { CountTuple, StreamEvidence } from './gate-cohort.ts';
import type { GatePlan } from './gate-plan.ts';
import type { CountStreamPolicy, DifferenceStreamPolicy } from './gate-policy.ts';
import { logMeanExp, logSumExpOfSums } from './log-sum-exp.ts';
import { beginRestartFold, closeEpoch, logMixture } from './restart-mixture.ts';
import type { RestartFold } from './restart-mixture.ts';

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
  if (evidence.kind === 'count') return evidence.window?.[2] ?? 0;
  let units = 0;
  // Counts were checked when the cohort was read.
  for (const [, , count] of evidence.histogram) units += count;
  return units;
}

/** Matched differences of one restart epoch: parallel arrays, values ascending, with their rows of ln factors. */
class EpochCounts {
  readonly triples: Array<readonly [num: number, den: number]> = [];
  readonly values: number[] = [];
  readonly counts: number[] = [];
  readonly harmRows: Float64Array[] = [];
  safeRows: Float64Array[] = [];

  /** Adds a canonical histogram: one walk along both, since both ascend. */
  add(histogram: DiffHistogram, harm: FactorTable, safe: FactorTable | null): void {
    let at = 0;
    for (const [num, den, count] of histogram) {
      const value = num / den;
      while (at < this.values.length && this.values[at]! < value) at++;
      if (this.values[at] === value) this.counts[at]! += count;
      else {
        this.triples.splice(at, 0, [num, den]);
        this.values.splice(at, 0, value);
        this.counts.splice(at, 0, count);
        this.harmRows.splice(at, 0, harm.row(value));
        if (safe !== null) this.safeRows.splice(at, 0, safe.row(value));
      }
    }
  }

  histogram(): DiffHistogram {
    return this.triples.map(([num, den], i) => [num, den, this.counts[i]!] as const);
  }
}

/** Matched differences. Completed epochs are folded into sums per betting fraction; the running epoch is summed anew at each look. */
export class DifferenceLedger implements EvidenceLedger {
  private readonly plan: GatePlan;
  private readonly stream: DifferenceStreamPolicy;
  private readonly harmTable: FactorTable;
  private safeTable: FactorTable | null = null;
  private safeStep = -1;
  private readonly closed: DiffHistogram[] = [];
  private running = new EpochCounts();
  private fold: RestartFold;
  private harmClosed: Float64Array;
  private safeClosed: Float64Array;
  private readonly sums: Float64Array;

  constructor(plan: GatePlan, stream: DifferenceStreamPolicy) {
    this.plan = plan;
    this.stream = stream;
    this.harmTable = plan.harmTable(stream);
    this.fold = beginRestartFold(plan.etas.length);
    this.harmClosed = new Float64Array(plan.etas.length);
    this.safeClosed = new Float64Array(plan.etas.length);
    this.sums = new Float64Array(plan.etas.length);
  }

  absorb(_cohort: number, epoch: number, evidence: StreamEvidence): void {
    while (this.closed.length < epoch) this.closeRunningEpoch();
    if (evidence.kind === 'difference') this.running.add(evidence.histogram, this.harmTable, this.safeTable);
  }

  private closeRunningEpoch(): void {
    this.fold = closeEpoch(this.fold, this.runningSums('harm'));
    this.harmClosed = addSums(this.harmClosed, this.sums);
    if (this.safeTable !== null) this.safeClosed = addSums(this.safeClosed, this.runningSums('safe'));
    this.closed.push(this.running.histogram());
    this.running = new EpochCounts();
  }

  /** Sums over the running epoch, in a buffer that the next call overwrites. */
  private runningSums(direction: 'harm' | 'safe'): Float64Array {
    sumRows(this.sums, direction === 'harm' ? this.running.harmRows : this.running.safeRows, this.running.counts);
    return this.sums;
  }

  /** A harm budget moves the safe margin from step to step: then all is summed again at the new one. */
  private useSafeMargin(step: number): void {
    if (step === this.safeStep) return;
    this.safeStep = step;
    const table = this.plan.safeTable(this.stream, step);
    if (table === null || table === this.safeTable) return;
    this.safeTable = table;
    this.safeClosed.fill(0);
    this.running.safeRows = this.running.values.map((value) => table.row(value));
    for (const epoch of this.closed) {
      const rows = epoch.map(([num, den]) => table.row(num / den));
      sumRows(
        this.sums,
        rows,
        epoch.map(([, , count]) => count),
      );
      this.safeClosed = addSums(this.safeClosed, this.sums);
    }
  }

  lnHarm(): number {
    return this.plan.policy.restartEvery === 0 ? this.lnHarmPlain() : logMixture(this.fold, this.runningSums('harm'));
  }

  lnHarmPlain(): number {
    return logSumExpOfSums(this.harmClosed, this.runningSums('harm')) - Math.log(this.sums.length);
  }

  lnSafe(step: number): number | null {
    this.useSafeMargin(step);
    if (this.safeTable === null) return null;
    return logSumExpOfSums(this.safeClosed, this.runningSums('safe')) - Math.log(this.sums.length);
  }

  snapshot(epoch: number): StreamState {
    if (epoch < 0) return { epochs: [] };
    const epochs = [...this.closed, this.running.histogram()];
    while (epochs.length <= epoch) epochs.push([]);
    return { epochs };
  }
}

/** Event counts in two arms. Each window has its own expected share, so windows are kept and summed in cohort order. */
export class CountLedger implements EvidenceLedger {
  private readonly plan: GatePlan;
  private readonly stream: CountStreamPolicy;
  private readonly windows: Record<string, CountTuple> = {};
  private fold: RestartFold;
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
  if ('windows' in state) {
    // Keys that are integers come in ascending order, whatever order they were written in.
    for (const [cohort, window] of Object.entries(state.windows))
      ledger.absorb(Number(cohort), epochOf(Number(cohort)), { kind: 'count', window });
    ledger.absorb(prefix, epochOf(prefix), { kind: 'count', window: null });
    return;
  }
  for (let epoch = 0; epoch <= epochOf(prefix); epoch++) {
    ledger.absorb(prefix, epoch, { kind: 'difference', histogram: canonicalHistogram(state.epochs[epoch] ?? []) });
  }
}
