/**
 * When the share of units in the candidate's arm changed, from the units alone: for pasts of which nobody wrote down the ladder.
 * Binary segmentation of binomial counts by likelihood ratio (Scott & Knott 1974; Vostrikova 1981): a change must be both certain,
 * twenty times the number of places it could be, at the level of one in a thousand, and worth speaking of.
 */
export interface ArmCounts {
  readonly control: number;
  readonly candidate: number;
}

/** Cohorts `from` to `to` (both included, from 0) of one share. */
export interface ExposureSegment extends ArmCounts {
  readonly from: number;
  readonly to: number;
}

const CHANGE_LEVEL = 0.001;
/** Smaller changes are no steps of a ladder: relative to the share of the smaller arm. */
const CHANGE_MIN = 0.15;

function logLikelihood({ control, candidate }: ArmCounts): number {
  const n = control + candidate;
  const term = (count: number) => (count === 0 ? 0 : count * Math.log(count / n));
  return n === 0 ? 0 : term(control) + term(candidate);
}

const shareOf = ({ control, candidate }: ArmCounts): number => candidate / (control + candidate);

function isWorthSpeaking(left: ArmCounts, right: ArmCounts): boolean {
  const [a, b] = [shareOf(left), shareOf(right)];
  return Math.abs(a - b) > CHANGE_MIN * Math.max(Math.min(a, 1 - a), Math.min(b, 1 - b));
}

/** Segments of equal share, in order. @param cohorts units per arm of consecutive cohorts, empty ones included */
export function exposureSegments(cohorts: readonly ArmCounts[]): ExposureSegment[] {
  const sums: Array<readonly [control: number, candidate: number]> = [[0, 0]];
  for (const { control, candidate } of cohorts) {
    const [before, beforeCandidate] = sums.at(-1)!;
    sums.push([before + control, beforeCandidate + candidate]);
  }
  const between = (from: number, to: number): ArmCounts => ({
    control: sums[to]![0] - sums[from]![0],
    candidate: sums[to]![1] - sums[from]![1],
  });
  const penalty = Math.log(Math.max(cohorts.length - 1, 1) / CHANGE_LEVEL);
  const segments: ExposureSegment[] = [];
  const open: Array<readonly [from: number, to: number]> = [[0, cohorts.length]];
  for (let span = open.pop(); span !== undefined; span = open.pop()) {
    const [from, to] = span;
    const at = bestSplit(from, to, between, penalty);
    // The left part is taken next, so that segments come in order.
    if (at === null) segments.push({ from, to: to - 1, ...between(from, to) });
    else open.push([at, to], [from, at]);
  }
  return segments;
}

function bestSplit(
  from: number,
  to: number,
  between: (from: number, to: number) => ArmCounts,
  penalty: number,
): number | null {
  const whole = logLikelihood(between(from, to));
  let best: number | null = null;
  let bestGain = penalty;
  for (let at = from + 1; at < to; at++) {
    const [left, right] = [between(from, at), between(at, to)];
    const gain = logLikelihood(left) + logLikelihood(right) - whole;
    if (gain > bestGain && isWorthSpeaking(left, right)) [best, bestGain] = [at, gain];
  }
  return best;
}
