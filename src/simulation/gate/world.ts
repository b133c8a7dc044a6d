import { canonicalHistogram } from '../../domain/statistics/index.ts';
import type { DiffHistogram } from '../../domain/statistics/index.ts';
import { randomFrom, seedOf } from './random.ts';

const MATCH_MAX = 20;
const BP_WHOLE = 10_000;

/** Loss rates of both models, by cohort. */
export interface World {
  unitsPerCohort: number;
  base(cohort: number): number;
  delta: number;
}

/** Base rate 5 %, and the same rising to 10 % over 400 hours under a daily cycle of ±30 %. */
export const STEADY = () => 0.05;
export const DRIFTING = (hour: number) =>
  (0.05 + (0.05 * hour) / 400) * (1 + 0.3 * Math.sin((2 * Math.PI * hour) / 24));

/** What a monitor sees of a world, cohort by cohort, at the exposure that was ordered. */
export interface CountSource {
  counts(cohort: number, exposureBp: number): ArmCounts;
}

/** By unit, in the order of the assignment's hash: 1 where that model would have failed it. */
export interface CohortLosses {
  candidate: Uint8Array;
  control: Uint8Array;
}

/**
 * One replication of a world: what would become of every unit under either model. It depends on seed, cohort and stream alone, so every
 * procedure that is run on it meets the same units with the same outcomes, whatever exposures it orders.
 */
export interface OutcomeStream extends CountSource {
  world: World;
  /** `stream` numbers independent losses of the same units. */
  losses(cohort: number, stream?: number): CohortLosses;
}

export function outcomeStream(world: World, seed: number): OutcomeStream {
  const { unitsPerCohort, delta } = world;
  const losses = (cohort: number, stream = 0): CohortLosses => {
    const random = randomFrom(seedOf(seed, cohort, stream));
    const controlRate = world.base(cohort);
    const candidateRate = controlRate + delta;
    const drawn = { candidate: new Uint8Array(unitsPerCohort), control: new Uint8Array(unitsPerCohort) };
    for (let unit = 0; unit < unitsPerCohort; unit++) {
      const luck = random();
      if (luck < candidateRate) drawn.candidate[unit] = 1;
      if (luck < controlRate) drawn.control[unit] = 1;
    }
    return drawn;
  };
  return { world, losses, counts: (cohort, exposureBp) => armCounts(losses(cohort), exposureBp) };
}

/** What a monitor sees of one cohort: units served by each model, and how many of them went bad. */
export interface ArmCounts {
  candidate: number;
  candidateBad: number;
  control: number;
  controlBad: number;
  /** Bad among as many control units as the candidate has, or all where there are fewer. */
  baselineBad: number;
}

/**
 * Units of the candidate: the first of the hash, so that a unit in at 5 % is in at 25 %. Arms of exactly the ordered shares, as in
 * the published measurements: what varies is the outcomes.
 */
export function candidateUnits(units: number, exposureBp: number): number {
  return Math.round((units * exposureBp) / BP_WHOLE);
}

export function armCounts(losses: CohortLosses, exposureBp: number): ArmCounts {
  const units = losses.control.length;
  const candidate = candidateUnits(units, exposureBp);
  let [candidateBad, controlBad, baselineBad] = [0, 0, 0];
  for (let unit = 0; unit < candidate; unit++) candidateBad += losses.candidate[unit]!;
  for (let unit = candidate; unit < units; unit++) {
    controlBad += losses.control[unit]!;
    if (unit < 2 * candidate) baselineBad += losses.control[unit]!;
  }
  return { candidate, candidateBad, control: units - candidate, controlBad, baselineBad };
}

/** Matched differences of one cohort at an exposure; empty where an arm is. */
export function matchedDifferences(losses: CohortLosses, exposureBp: number): DiffHistogram {
  const candidate = losses.candidate.subarray(0, candidateUnits(losses.candidate.length, exposureBp));
  const control = losses.control.subarray(candidate.length);
  const isCandidateFew = candidate.length <= control.length;
  const [few, many] = isCandidateFew ? [candidate, control] : [control, candidate];
  if (few.length === 0) return [];
  const k = Math.min(MATCH_MAX, Math.floor(many.length / few.length));
  const counts = new Int32Array(2 * k + 1);
  for (let i = 0; i < few.length; i++) {
    let bad = 0;
    for (let j = i * k; j < (i + 1) * k; j++) bad += many[j]!;
    counts[few[i]! * k - bad + k]!++;
  }
  const sign = isCandidateFew ? 1 : -1;
  const triples: Array<[number, number, number]> = [];
  for (const [index, count] of counts.entries()) if (count > 0) triples.push([sign * (index - k), k, count]);
  return canonicalHistogram(triples);
}
