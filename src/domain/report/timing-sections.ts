/** What scoring took either bundle, and when one of them had no score: as the gateways measured it. Nothing is judged by their clocks. */
import { grouped } from '../aligned-table.ts';
import type { RunName } from '../rollout/gate-runs.ts';
import { mergeTimings, percentileMs, TIMING_EDGES_MS, timedOf } from '../rollout/timing-tally.ts';
import type { ArmTimings, TimingTally } from '../rollout/timing-tally.ts';
import { cohortStart, isoInstant } from '../time.ts';
import type { LookSeen, RunSeen } from './course.ts';
import { basisOf } from './evidence-sections.ts';
import type { Told } from './evidence-sections.ts';
import type { RolloutMaterial, ToldTimings } from './material.ts';
import { instant, number, PER_THOUSAND, text } from './report.ts';
import type { Basis, Cell, Section } from './report.ts';

const ARMS = ['stable', 'candidate'] as const;
const CANDIDATE_FIRST = ['candidate', 'stable'] as const;
const RUNS = [
  { run: 'shadow', name: 'shadow', where: 'In shadow' },
  { run: 'canary', name: 'exposed', where: 'Under exposure' },
] as const satisfies ReadonlyArray<{ run: RunName; name: string; where: string }>;
const PERCENTILES = [0.5, 0.95, 0.99] as const;
const ROWS_MAX = 60;

interface RunTimings {
  readonly name: string;
  readonly where: string;
  readonly tally: TimingTally;
}

/** Runs of which something was taken, in their order. */
const timedRuns = ({ timings }: RolloutMaterial): RunTimings[] =>
  RUNS.flatMap(({ run, name, where }) => {
    const taken = timings.filter((each) => each.run === run);
    return taken.length === 0 ? [] : [{ name, where, tally: mergeTimings(taken) }];
  });

const askedOf = ({ scored, failed }: ArmTimings): number => scored + failed;
const failedShare = (arm: ArmTimings): number | null =>
  askedOf(arm) === 0 ? null : (PER_THOUSAND * arm.failed) / askedOf(arm);
/** What lies beyond the last edge is told in words: a cell holds what is known. */
const shownPercentile = (arm: ArmTimings, share: number): number | null => {
  const ms = percentileMs(arm, share);
  return ms === null || ms === Number.POSITIVE_INFINITY ? null : ms;
};

/** Scores are what is timed: each bundle's of each request that it was asked for. */
const scoreBasis = (told: Told, look: LookSeen, n: number): Basis => ({ ...basisOf(told, look, n), unit: 'score' });

/** Percentiles of both bundles, run by run. @param servingCheck What a step of its own found; null where the ladder has none */
export function latencySection(
  told: Told,
  material: RolloutMaterial,
  { last }: RunSeen,
  servingCheck: string | null,
): Section {
  const runs = timedRuns(material);
  const timed = sumOver(runs, timedOf);
  const words = timed === 0 ? ['Not measured: nothing on record says what scoring took.'] : timingWords(runs, timed);
  return {
    id: 'latency',
    title: 'Latency of both',
    words: [
      ...words,
      servingCheck === null
        ? 'No step of this ladder checks the latency in a process of its own.'
        : `Serving check: ${servingCheck}.`,
    ],
    basis: scoreBasis(told, last, timed),
    plot: timed === 0 ? null : latencyPlot(runs),
    table: timed === 0 ? null : latencyTable(runs),
  };
}

const sumOver = (runs: readonly RunTimings[], part: (arm: ArmTimings) => number): number =>
  runs.reduce((sum, { tally }) => sum + part(tally.stable) + part(tally.candidate), 0);

function timingWords(runs: readonly RunTimings[], timed: number): string[] {
  const beyond = TIMING_EDGES_MS.length;
  const slow = runs.flatMap(({ tally }) => ARMS.flatMap((arm) => tally[arm].buckets)).filter(([at]) => at === beyond);
  const scored = sumOver(runs, (arm) => arm.scored);
  return [
    ...runs.map((run) => runInWords(run)),
    'That is the time inside the gateway, by its clock, without the network, the log, and the features that both share; the gate judges by no clock.',
    'A percentile is at most what is shown and, from 0.003 ms on, above two thirds of it.',
    ...(slow.length === 0
      ? []
      : [`${grouped(slow.reduce((sum, [, requests]) => sum + requests, 0))} scores took longer than 10,000 ms.`]),
    `Timed were ${grouped(timed)} of ${grouped(scored)} scores.`,
  ];
}

function runInWords({ where, tally: { stable, candidate } }: RunTimings): string {
  const most = (arm: ArmTimings): string => {
    const ms = shownPercentile(arm, 0.99);
    return ms === null ? 'a time that is not known' : `at most ${msText(ms)} ms`;
  };
  return `${where}, 99 of 100 scores took the candidate ${most(candidate)}, and stable ${most(stable)}.`;
}

const MS_DIGITS = 3;
const msText = (ms: number): string => {
  const [whole, part] = ms.toFixed(MS_DIGITS).split('.');
  return `${grouped(Number(whole))}.${part}`;
};

function latencyPlot(runs: readonly RunTimings[]): Section['plot'] {
  return {
    kind: 'intervals',
    summary: `Time for a score, from the 50th to the 99th percentile with the 95th marked, of both bundles: ${runs.map(({ name }) => name).join(' and ')}.`,
    x: { column: 'p95', title: 'time for a score, ms' },
    y: { title: '' },
    row: 'who',
    lower: 'p50',
    middle: 'p95',
    upper: 'p99',
    toneColumn: 'bundle',
    tones: [
      { tone: 'stable', name: 'stable, p50 to p99 with p95' },
      { tone: 'candidate', name: 'candidate, p50 to p99 with p95' },
    ],
    limits: [],
  };
}

function latencyTable(runs: readonly RunTimings[]): Section['table'] {
  return {
    caption: 'Milliseconds for a score, at most, and requests without one',
    columns: [
      text('who', 'Measured'),
      text('bundle', 'Bundle'),
      number('timed', 'Timed'),
      ...PERCENTILES.map((share) => number(`p${share * 100}`, `p${share * 100}`, MS_DIGITS)),
      number('asked', 'Asked'),
      number('failed', 'Failed'),
      number('failedShare', 'Failed per 1,000', 2),
    ],
    rows: runs.flatMap(({ name, tally }) =>
      ARMS.map((arm): Cell[] => [
        `${name}, ${arm}`,
        arm,
        timedOf(tally[arm]),
        ...PERCENTILES.map((share) => shownPercentile(tally[arm], share)),
        askedOf(tally[arm]),
        tally[arm].failed,
        failedShare(tally[arm]),
      ]),
    ),
  };
}

/** Requests without a score over event time; null where every request has one: the tables beside say so. */
export function failuresSection(told: Told, material: RolloutMaterial, { last }: RunSeen): Section | null {
  const { stable, candidate } = mergeTimings(material.timings);
  if (stable.failed + candidate.failed === 0) return null;
  const groups = groupsOf(material);
  const counted = (arm: ArmTimings): string => `${grouped(arm.failed)} of ${grouped(askedOf(arm))}`;
  return {
    id: 'failures',
    title: 'Errors of both over time',
    words: [
      `In the whole rollout the candidate had no healthy score for ${counted(candidate)} requests it was asked for, stable for ${counted(stable)}.`,
      'An answer outside the declared healthy range counts as none.',
    ],
    basis: scoreBasis(told, last, askedOf(stable) + askedOf(candidate)),
    plot: {
      kind: 'course',
      over: 'time',
      summary: `Requests without a score per 1,000 that either bundle was asked for, over event time: ${counted(candidate)} of the candidate, ${counted(stable)} of stable.`,
      x: { column: 'at', title: 'event time, UTC' },
      y: { title: 'failed per 1,000' },
      zero: true,
      cut: null,
      moments: [],
      // Stable is dashed: where both lines lie on one another, the other one shows between.
      layers: CANDIDATE_FIRST.map((arm) => ({
        mark: 'line',
        y: arm,
        tone: arm,
        name: arm,
        shape: 'straight',
        dashed: arm === 'stable',
        points: groups.length === 1,
      })),
    },
    table: {
      caption: 'Requests without a score, by the cohort they came in',
      columns: [
        instant('at', 'Through'),
        number('candidate', 'Candidate, per 1,000', 2),
        number('candidateFailed', 'Failed, candidate'),
        number('candidateAsked', 'Asked, candidate'),
        number('stable', 'Stable, per 1,000', 2),
        number('stableFailed', 'Failed, stable'),
        number('stableAsked', 'Asked, stable'),
      ],
      rows: groups.map(({ at, tally }): Cell[] => [
        at,
        ...CANDIDATE_FIRST.flatMap((arm) => [failedShare(tally[arm]), tally[arm].failed, askedOf(tally[arm])]),
      ]),
    },
  };
}

/** Cohorts in order of time, neighbours added up where there are too many for a page. */
function groupsOf({ timings, calendar }: RolloutMaterial): Array<{ readonly at: string; readonly tally: TimingTally }> {
  const inOrder = [...timings].sort((a, b) => a.cohort - b.cohort);
  const size = Math.max(1, Math.ceil(inOrder.length / ROWS_MAX));
  const groups: ToldTimings[][] = [];
  for (let first = 0; first < inOrder.length; first += size) groups.push(inOrder.slice(first, first + size));
  return groups.map((group) => ({
    at: isoInstant(cohortStart(calendar, group.at(-1)!.cohort + 1)),
    tally: mergeTimings(group),
  }));
}
