/** What a gate costs: `npm run bench:gate`. Prints milliseconds (median of the runs) against the budget; fails when one is exceeded. */
import {
  analyzeCohorts,
  beginGate,
  lookAt,
  matchBlock,
  mergeHistograms,
  rocAuc,
} from '../src/domain/statistics/index.ts';
import type { Cohort, DiffHistogram, GatePolicy, StreamPolicy, Unit } from '../src/domain/statistics/index.ts';

const RUNS = 5;
/** A look is short: more of them, so that what is measured is the compiled code. */
const LOOK_RUNS = 101;
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

function medianMs(act: () => unknown, runs = RUNS): number {
  const times = Array.from({ length: runs }, () => {
    const start = performance.now();
    act();
    return performance.now() - start;
  });
  return times.sort((a, b) => a - b)[Math.floor(runs / 2)]!;
}

function streamsOf(count: number): StreamPolicy[] {
  // One in ten required, none certifiable: every look goes through to the last row.
  return Array.from({ length: count }, (_, i) => ({
    id: `stream-${i}`,
    kind: 'difference',
    weight: 1 / count,
    harmMargin: 0.01,
    safeMargin: 0.0001,
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

function oneLook(): number {
  const streams = streamsOf(50);
  const policy: GatePolicy = { ...REFERENCE, streams };
  const million = differences(100_000).map(([num, den, count]) => [num, den, 10 * count] as const);
  const next = cohortOf(2, [differences(50)], streams);
  const { state } = lookAt(policy, beginGate(policy), cohortOf(1, [million], streams));
  lookAt(policy, state, next);
  return medianMs(() => lookAt(policy, state, next), LOOK_RUNS);
}

function manyCohorts(): number {
  const streams = streamsOf(20);
  const policy: GatePolicy = { ...REFERENCE, streams };
  const histograms = Array.from({ length: 97 }, () => differences(50));
  const cohorts = Array.from({ length: 10_000 }, (_, i) => cohortOf(i + 1, histograms, streams));
  return medianMs(() => {
    const { final } = analyzeCohorts(policy, cohorts);
    if (final.watermark !== cohorts.length)
      throw new Error(`the gate ended at cohort ${final.watermark}; the benchmark must judge all`);
  });
}

function matching(): number {
  const units = Array.from({ length: 1_000_000 }, (_, i): Unit => ({
    id: `unit-${i}`,
    arm: i % 10 === 0 ? 'candidate' : 'control',
    y: random() < 0.05 ? 1 : 0,
  }));
  return medianMs(() => matchBlock(units, { salt: 'rollout', maxMatch: 20, quantum: 0 }));
}

function aucWithTies(): number {
  const score = Float64Array.from({ length: 1_000_000 }, () => Math.floor(random() * 1000) / 1000);
  const y = Uint8Array.from(score, (value) => (random() < value ? 1 : 0));
  return medianMs(() => rocAuc(y, score));
}

const BUDGETS: ReadonlyArray<readonly [what: string, run: () => number, budgetMs: number]> = [
  ['one look: 50 streams, a million differences each', oneLook, 5],
  ['analyzeCohorts: 10,000 cohorts x 20 streams', manyCohorts, 2000],
  ['matchBlock: a million units', matching, 1500],
  ['rocAuc: a million scores with ties', aucWithTies, 300],
];

for (const [what, run, budgetMs] of BUDGETS) {
  const ms = run();
  console.log(`${ms.toFixed(1).padStart(8)} ms of ${budgetMs} ms  ${what}`);
  if (ms > budgetMs) process.exitCode = 1;
}
