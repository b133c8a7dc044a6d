import {
  analyzeCohorts,
  confidenceBounds,
  logBayesFactorMultinomial,
  logECounts,
  logEHarmRestart,
  logESrm,
  logEValue,
  matchBlock,
  mergeHistograms,
} from '../../src/domain/statistics/index.ts';
import type { Cohort, CountWindow, DiffHistogram, GatePolicy, Grid, Unit } from '../../src/domain/statistics/index.ts';

interface Margins {
  harmMargin: number;
  safeMargin: number;
  alpha: number;
}

/** ln e at the margins that the case states; it may ask for one direction only. */
function both(hist: DiffHistogram, { harmMargin, safeMargin }: Partial<Margins>, grid?: Grid) {
  return {
    ...(harmMargin == null ? {} : { lnHarm: logEValue(hist, harmMargin, 'harm', grid) }),
    ...(safeMargin == null ? {} : { lnSafe: logEValue(hist, safeMargin, 'safe', grid) }),
  };
}

function withBounds(input: Margins & { hist: DiffHistogram; grid?: Grid }) {
  return { ...both(input.hist, input, input.grid), ...confidenceBounds(input.hist, input.alpha, input.grid) };
}

type Sequence = Margins & { d?: number[]; runs?: Array<[number, number]> };

/** ln e after each prefix, with the first crossings; the expected prefixes say which of them are compared. */
function prefixes(input: Sequence, expected: { prefixes: Array<{ n: number }> }) {
  const d = input.d ?? input.runs!.flatMap(([value, count]) => Array.from({ length: count }, () => value));
  const threshold = -Math.log(input.alpha);
  const wanted = new Set(expected.prefixes.map(({ n }) => n));
  const counts = new Map<number, number>();
  const crossing: { harm: number | null; safe: number | null } = { harm: null, safe: null };
  const found: unknown[] = [];
  for (const [i, value] of d.entries()) {
    counts.set(value, (counts.get(value) ?? 0) + 1);
    const hist = [...counts].sort(([a], [b]) => a - b).map(([num, count]) => [num, 1, count] as const);
    const { lnHarm, lnSafe } = both(hist, input);
    if (lnHarm !== undefined && lnHarm >= threshold) crossing.harm ??= i + 1;
    if (lnSafe !== undefined && lnSafe >= threshold) crossing.safe ??= i + 1;
    if (wanted.has(i + 1)) found.push({ n: i + 1, lnHarm, lnSafe, ...confidenceBounds(hist, input.alpha) });
  }
  return { prefixes: found, harmCrossing: crossing.harm, safeCrossing: crossing.safe };
}

function quantised(input: Margins & { hist: DiffHistogram; quantum: number }) {
  const half = 1 / (2 * input.quantum);
  return both(input.hist, { ...input, harmMargin: input.harmMargin + half, safeMargin: input.safeMargin - half });
}

function merged(input: Margins & { a: DiffHistogram; b: DiffHistogram }) {
  const hist = mergeHistograms(input.a, input.b);
  return { merged: hist, ...both(hist, input) };
}

function counts({ windows, ratio, grid }: { windows: CountWindow[]; ratio: number; grid?: Grid }) {
  return { lnHarm: logECounts(windows, ratio, 'harm', grid), lnSafe: logECounts(windows, ratio, 'safe', grid) };
}

function pValue(lnMax: number): number {
  return Math.exp(-Math.max(0, lnMax));
}

function bayesFactor(input: { counts: number[]; theta0: number[]; concentration?: number; prior?: number[] }) {
  const { counts, theta0, ...o } = input;
  const lnBf = logBayesFactorMultinomial(counts, theta0, o);
  return { lnBf, p: pValue(lnBf) };
}

interface SrmLook {
  exposureBp: number;
  control: number;
  candidate: number;
}

function srmLooks(input: { looks: SrmLook[]; concentration: number; alpha: number }) {
  const segments = new Map<number, [number, number]>();
  const lnE: number[] = [];
  let lnMax = 0;
  let alarmLook: number | null = null;
  for (const [i, { exposureBp, control, candidate }] of input.looks.entries()) {
    const [controlBefore, candidateBefore] = segments.get(exposureBp) ?? [0, 0];
    segments.set(exposureBp, [controlBefore + control, candidateBefore + candidate]);
    lnE.push(logESrm(segments, input.concentration));
    lnMax = Math.max(lnMax, lnE[i]!);
    if (lnMax >= -Math.log(input.alpha)) alarmLook ??= i + 1;
  }
  return { lnE, lnMax, p: pValue(lnMax), alarmLook };
}

/** Vector functions of the gate, by the `fn` of their cases. */
export const gateFunctions = {
  'logEValue+confidenceBounds': withBounds,
  'logEValue(prefixes)': prefixes,
  'logEValue(quantum)': quantised,
  logEValue: (input: Margins & { hist: DiffHistogram; grid?: Grid }) => both(input.hist, input, input.grid),
  mergeHistograms: merged,
  logEHarmRestart: (input: { epochs: DiffHistogram[]; harmMargin: number; grid?: Grid }) => ({
    lnHarm: logEHarmRestart(input.epochs, input.harmMargin, input.grid),
  }),
  logECounts: counts,
  matchBlock: (input: { units: Unit[]; salt: string; maxMatch: number; quantum: number }) =>
    matchBlock(input.units, input),
  logBayesFactorMultinomial: bayesFactor,
  'logESrm(looks)': srmLooks,
  analyzeCohorts: (input: { policy: GatePolicy; cohorts: Cohort[] }) => analyzeCohorts(input.policy, input.cohorts),
};
