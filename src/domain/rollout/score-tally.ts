/**
 * What the two bundles answered and what became of it, in equal bins: integer counts for pages. Nothing is judged by them, so they are no
 * part of what an evidence digest covers.
 */
import type { MeasuredUnit } from './measure.ts';
import { QUANTUM } from './measure.ts';

/** Equal parts of the range of scores. */
export const SCORE_BINS = 20;

/** Requests scored; of those the ones with a label; sums of their scores and labels, both as parts of the range times `QUANTUM`. */
export type ScoreBin = readonly [scored: number, labelled: number, scoreSum: number, labelSum: number];

export interface ScoreTally {
  /** What the first bin begins with and the last one ends with, in units of the label. */
  readonly range: readonly [number, number];
  readonly stable: readonly ScoreBin[];
  readonly candidate: readonly ScoreBin[];
}

/** Tallies the requests of one cohort. Scores outside the range count in its first or last bin. */
export function tallyScores(requests: readonly MeasuredUnit[], range: readonly [number, number]): ScoreTally {
  return {
    range,
    stable: tallyArm(requests, range, ({ stable }) => stable),
    candidate: tallyArm(requests, range, ({ candidate }) => candidate),
  };
}

function tallyArm(
  requests: readonly MeasuredUnit[],
  range: readonly [number, number],
  scoreOf: (request: MeasuredUnit) => number | null,
): ScoreBin[] {
  const bins = Array.from({ length: SCORE_BINS }, (): [number, number, number, number] => [0, 0, 0, 0]);
  for (const request of requests) {
    const score = scoreOf(request);
    if (score === null) continue;
    const share = shareOf(score, range);
    const bin = bins[Math.min(SCORE_BINS - 1, Math.floor(share * SCORE_BINS))]!;
    bin[0] += 1;
    if (request.label === null) continue;
    bin[1] += 1;
    bin[2] += Math.round(share * QUANTUM);
    bin[3] += Math.round(shareOf(request.label, range) * QUANTUM);
  }
  return bins;
}

const shareOf = (value: number, [from, to]: readonly [number, number]): number =>
  Math.min(1, Math.max(0, (value - from) / (to - from)));

/** Sums tallies of the same range, bin by bin; null for none. */
export function mergeTallies(tallies: readonly ScoreTally[]): ScoreTally | null {
  const [first] = tallies;
  if (first === undefined) return null;
  const merged = (arm: 'stable' | 'candidate'): ScoreBin[] =>
    first[arm].map((_, index) => {
      const sum = (part: 0 | 1 | 2 | 3): number =>
        tallies.reduce((total, tally) => total + (tally[arm][index]?.[part] ?? 0), 0);
      return [sum(0), sum(1), sum(2), sum(3)];
    });
  return { range: first.range, stable: merged('stable'), candidate: merged('candidate') };
}
