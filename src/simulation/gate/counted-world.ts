/**
 * A world of counts: what a cohort of any size yields, drawn without a draw per unit. Binary losses, independent units; per cohort the
 * luck depends on seed, cohort and stream alone, so procedures at the same exposure see the same counts.
 */
import { binomialLogPmf, canonicalHistogram } from '../../domain/statistics/index.ts';
import type { Cohort, CountTuple, DiffHistogram, GatePolicy } from '../../domain/statistics/index.ts';
import { drawBinomial } from './binomial-draw.ts';
import { randomFrom, seedOf } from './random.ts';
import type { Random } from './random.ts';
import { candidateUnits } from './world.ts';
import type { ArmCounts, CountSource } from './world.ts';

export interface CountedWorld {
  readonly unitsPerCohort: number;
  /** Loss rate of the control in a cohort. */
  readonly base: (cohort: number) => number;
  /** Difference of the candidate on the stream named; every other stream is without difference. */
  readonly delta: number;
  readonly stream: string;
}

interface Arms {
  readonly candidate: number;
  readonly control: number;
  readonly candidateRate: number;
  readonly controlRate: number;
}

function armsOf({ unitsPerCohort, base, delta }: CountedWorld, cohort: number, exposureBp: number): Arms {
  const candidate = candidateUnits(unitsPerCohort, exposureBp);
  const controlRate = base(cohort);
  const candidateRate = Math.min(1, Math.max(0, controlRate + delta));
  return { candidate, control: unitsPerCohort - candidate, candidateRate, controlRate };
}

/** What a monitor would see of the world. */
export function countSource(world: CountedWorld, seed: number): CountSource {
  return {
    counts(cohort, exposureBp): ArmCounts {
      const random = randomFrom(seedOf(seed, cohort));
      const { candidate, control, candidateRate, controlRate } = armsOf(world, cohort, exposureBp);
      const candidateBad = drawBinomial(random, candidate, candidateRate);
      const baseline = Math.min(candidate, control);
      const baselineBad = drawBinomial(random, baseline, controlRate);
      const controlBad = baselineBad + drawBinomial(random, control - baseline, controlRate);
      return { candidate, candidateBad, control, controlBad, baselineBad };
    },
  };
}

/** The record of a cohort for every stream of a policy. */
export function countedRecord(
  world: CountedWorld,
  policy: GatePolicy,
  seed: number,
  cohort: number,
  step: number,
): Cohort {
  const { exposureBp } = policy.steps[step]!;
  const differences: Record<string, DiffHistogram> = {};
  const counts: Record<string, CountTuple> = {};
  for (const [index, { id, kind }] of policy.streams.entries()) {
    const random = randomFrom(seedOf(seed, cohort, index + 1));
    const arms = armsOf(id === world.stream ? world : { ...world, delta: 0 }, cohort, exposureBp);
    if (kind === 'difference') differences[id] = drawDifferences(random, arms, policy.maxMatch);
    else counts[id] = drawCounts(random, arms);
  }
  const candidate = candidateUnits(world.unitsPerCohort, exposureBp);
  const assigned = { control: world.unitsPerCohort - candidate, candidate };
  return { cohort, step, exposureBp, status: 'ok', assigned, differences, counts };
}

function drawCounts(random: Random, { candidate, control, candidateRate, controlRate }: Arms): CountTuple {
  const events = drawBinomial(random, candidate, candidateRate);
  return [events, events + drawBinomial(random, control, controlRate), candidate, candidate + control];
}

/** Matched differences of binary losses: good and bad units of the smaller arm, each against a sum of k of the larger. */
function drawDifferences(random: Random, arms: Arms, maxMatch: number): DiffHistogram {
  const { candidate, control, candidateRate, controlRate } = arms;
  // By the counts, not the exposure: of an odd number of units half and half is not.
  const isCandidateFew = candidate <= control;
  const [few, many] = isCandidateFew ? [candidate, control] : [control, candidate];
  if (few === 0) return [];
  const k = Math.min(maxMatch, Math.floor(many / few));
  const [fewRate, manyRate] = isCandidateFew ? [candidateRate, controlRate] : [controlRate, candidateRate];
  const bad = drawBinomial(random, few, fewRate);
  const triples: Array<[number, number, number]> = [];
  const sign = isCandidateFew ? 1 : -1;
  for (const [loss, units] of [
    [0, few - bad],
    [1, bad],
  ] as const) {
    for (const [sum, count] of drawSums(random, units, k, manyRate).entries()) {
      if (count > 0) triples.push([sign * (loss * k - sum), k, count]);
    }
  }
  return canonicalHistogram(triples);
}

const sumTables = new Map<string, Float64Array>();
const TABLES_MAX = 1000;

/** P(sum = j | sum ≥ j) of k Bernoulli(p), j = 0 … k. */
function hazards(k: number, p: number): Float64Array {
  const key = `${k}:${p}`;
  const known = sumTables.get(key);
  if (known !== undefined) return known;
  const pmf = Float64Array.from({ length: k + 1 }, (_, j) => Math.exp(binomialLogPmf(j, k, p)));
  const table = new Float64Array(k + 1);
  let tail = 0;
  for (let j = k; j >= 0; j--) {
    tail += pmf[j]!;
    table[j] = tail > 0 ? pmf[j]! / tail : 1;
  }
  if (sumTables.size >= TABLES_MAX) sumTables.clear();
  sumTables.set(key, table);
  return table;
}

/** How many of `units` independent sums of k Bernoulli(p) are 0, 1 … k: a multinomial by conditional binomials. */
function drawSums(random: Random, units: number, k: number, p: number): number[] {
  const counts = Array.from({ length: k + 1 }, () => 0);
  let rest = units;
  for (const [sum, hazard] of hazards(k, p).entries()) {
    if (rest === 0) break;
    const drawn = sum === k ? rest : drawBinomial(random, rest, hazard);
    counts[sum] = drawn;
    rest -= drawn;
  }
  return counts;
}
