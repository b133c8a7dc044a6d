import {
  analyzeCohorts,
  beginGate,
  logEValue,
  lookAt,
  matchBlock,
  mergeHistograms,
  rocAuc,
} from '../../src/domain/statistics/index.ts';
import type {
  Cohort,
  DiffHistogram,
  GatePolicy,
  LookRecord,
  StreamPolicy,
  Unit,
} from '../../src/domain/statistics/index.ts';

/** One thing to measure: what is written for the other language to read, and what is done with it. */
export interface Workload {
  name: string;
  what: string;
  /** Milliseconds that it may take; null where only the comparison is of interest. */
  budgetMs: number | null;
  runs: number;
  /** Input for the comparison by file name: bytes, or JSON. */
  files: Record<string, Uint8Array | string>;
  run(): unknown;
  /** The part of a run's result that both languages give. */
  answerOf(result: unknown): unknown;
}

const HARM_MARGIN = 0.01;
const SAFE_MARGIN = 0.0001;
const COHORTS = 10_000;
/** Python judges this many of them: its cost per look hardly grows. */
export const COHORTS_COMPARED = 1000;
const UNITS = 1_000_000;
const PATH_UNITS = 100_000;

const REFERENCE: Omit<GatePolicy, 'streams'> = {
  alpha: 0.05,
  beta: 0.05,
  alphaHold: 0.2,
  alphaSrm: 0.001,
  srmConcentration: 1000,
  maxMatch: 20,
  restartEvery: 24,
  steps: [{ exposureBp: 500, minUnits: 500, minCohorts: 4, maxCohorts: 100_000 }],
};

let seed = 1;
/** Park-Miller: enough for made-up data, and the same on every machine. */
function random(): number {
  seed = (seed * 48_271) % 2_147_483_647;
  return seed / 2_147_483_647;
}

function streamsOf(count: number): StreamPolicy[] {
  // One in ten required, none certifiable: every look goes through to the last row.
  return Array.from({ length: count }, (_, i) => ({
    id: `stream-${String(i).padStart(2, '0')}`,
    kind: 'difference',
    weight: 1 / count,
    harmMargin: HARM_MARGIN,
    safeMargin: SAFE_MARGIN,
    requiredForAdvance: i % 10 === 0,
  }));
}

/** Differences of `units` candidate units at 5 % loss, each against k control units, k from 15 to 20. */
function differences(units: number): DiffHistogram {
  const counts = new Map<string, [number, number, number]>();
  for (let i = 0; i < units; i++) {
    const k = 15 + Math.floor(random() * 6);
    let bad = 0;
    for (let j = 0; j < k; j++) if (random() < 0.05) bad++;
    const num = (random() < 0.05 ? k : 0) - bad;
    const entry = counts.get(`${num}/${k}`) ?? [num, k, 0];
    entry[2]++;
    counts.set(`${num}/${k}`, entry);
  }
  return mergeHistograms([...counts.values()]);
}

function cohortOf(cohort: number, histograms: readonly DiffHistogram[], streams: readonly StreamPolicy[]): Cohort {
  return {
    cohort,
    step: 0,
    exposureBp: 500,
    status: 'ok',
    assigned: { control: 950, candidate: 50 },
    differences: Object.fromEntries(
      streams.map(({ id }, i) => [id, histograms[(cohort + 7 * i) % histograms.length]!]),
    ),
  };
}

/** ln e of every stream, harm first. */
function logsOf(record: LookRecord): number[][] {
  const streams = Object.values(record.streams!);
  return [streams.map(({ lnHarm }) => lnHarm), streams.map(({ lnSafe }) => lnSafe!)];
}

function oneLook(): Workload {
  const streams = streamsOf(50);
  const policy: GatePolicy = { ...REFERENCE, streams };
  const million = differences(100_000).map(([num, den, count]) => [num, den, 10 * count] as const);
  const next = differences(50);
  const { state } = lookAt(policy, beginGate(policy), cohortOf(1, [million], streams));
  const cohort = cohortOf(2, [next], streams);
  return {
    name: 'look',
    what: 'one look: 50 streams, a million differences each',
    budgetMs: 5,
    // A look is short: many of them, so that what is measured is the compiled code.
    runs: 101,
    files: { 'look.json': JSON.stringify({ million, next, streams: streams.length, HARM_MARGIN, SAFE_MARGIN }) },
    run: () => lookAt(policy, state, cohort).record,
    answerOf: (record) => logsOf(record as LookRecord),
  };
}

function manyCohorts(): Workload {
  const streams = streamsOf(20);
  const policy: GatePolicy = { ...REFERENCE, streams };
  const histograms = Array.from({ length: 97 }, () => differences(50));
  const cohorts = Array.from({ length: COHORTS }, (_, i) => cohortOf(i + 1, histograms, streams));
  return {
    name: 'cohorts',
    what: 'analyzeCohorts: 10,000 cohorts x 20 streams',
    budgetMs: 2000,
    runs: 5,
    files: {
      'cohorts.json': JSON.stringify({
        histograms,
        cohorts: COHORTS_COMPARED,
        streams: streams.length,
        HARM_MARGIN,
        SAFE_MARGIN,
      }),
    },
    run: () => {
      const { decisions, final } = analyzeCohorts(policy, cohorts);
      if (final.watermark !== COHORTS)
        throw new Error(`the gate ended at cohort ${final.watermark}; the benchmark must judge all`);
      return decisions[COHORTS_COMPARED - 1]!;
    },
    answerOf: (record) => logsOf(record as LookRecord),
  };
}

function matching(): Workload {
  const losses = Uint8Array.from({ length: UNITS }, () => (random() < 0.05 ? 1 : 0));
  const units = Array.from(losses, (y, i): Unit => ({
    id: `unit-${i}`,
    arm: i % 10 === 0 ? 'candidate' : 'control',
    y,
  }));
  return {
    name: 'matching',
    what: 'matchBlock: a million units',
    budgetMs: 1500,
    runs: 5,
    files: { 'losses.bin': losses },
    run: () => matchBlock(units, { salt: 'rollout', maxMatch: 20, quantum: 0 }),
    answerOf: (block) => (block as { hist: DiffHistogram }).hist,
  };
}

function aucWithTies(): Workload {
  const scores = Float64Array.from({ length: UNITS }, () => Math.floor(random() * 1000) / 1000);
  const outcomes = Uint8Array.from(scores, (value) => (random() < value ? 1 : 0));
  return {
    name: 'auc',
    what: 'rocAuc: a million scores with ties',
    budgetMs: 300,
    runs: 5,
    files: { 'scores.bin': new Uint8Array(scores.buffer), 'outcomes.bin': outcomes },
    run: () => rocAuc(outcomes, scores),
    answerOf: (auc) => auc,
  };
}

/** The one computation that the confseq package has too: ln e of a path of differences, from the differences themselves. */
function onePath(): Workload {
  const path = Int8Array.from({ length: PATH_UNITS }, () => (random() < 0.02 ? -1 : random() < 0.021 ? 1 : 0));
  return {
    name: 'path',
    what: 'ln e of 100,000 differences, from the differences',
    budgetMs: null,
    runs: 21,
    files: { 'path.bin': new Uint8Array(path.buffer) },
    run: () => {
      const counts: [number, number, number] = [0, 0, 0];
      for (const difference of path) counts[difference + 1]!++;
      return logEValue(
        counts.map((count, i) => [i - 1, 1, count] as const),
        HARM_MARGIN,
        'harm',
      );
    },
    answerOf: (ln) => ln,
  };
}

/** All that is measured, made one at a time so that a million units do not weigh on the others. */
export const WORKLOADS: ReadonlyArray<() => Workload> = [oneLook, manyCohorts, matching, aucWithTies, onePath];
