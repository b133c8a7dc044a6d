import { canonicalHistogram } from '../../domain/statistics/index.ts';
import type { DiffHistogram } from '../../domain/statistics/index.ts';
import { binomialDrawer } from './random.ts';
import type { Random } from './random.ts';

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

export interface Arms {
  candidate: number;
  control: number;
}

/** Arms of exactly the ordered shares, as in the published measurements: what varies is the outcomes. */
export function assign(units: number, exposureBp: number): Arms {
  const candidate = Math.round((units * exposureBp) / BP_WHOLE);
  return { candidate, control: units - candidate };
}

/**
 * Matched differences of one cohort of independent binary losses. Units of an arm are exchangeable, so matching by hash is matching in
 * order of drawing.
 */
export function matchedDifferences(
  random: Random,
  { candidate, control }: Arms,
  candidateRate: number,
  controlRate: number,
): DiffHistogram {
  const isCandidateFew = candidate <= control;
  const [few, many] = isCandidateFew ? [candidate, control] : [control, candidate];
  if (few === 0) return [];
  const [fewRate, manyRate] = isCandidateFew ? [candidateRate, controlRate] : [controlRate, candidateRate];
  const k = Math.min(MATCH_MAX, Math.floor(many / few));
  const draw = binomialDrawer(k, manyRate);
  const counts = new Int32Array(2 * k + 1);
  for (let i = 0; i < few; i++) counts[(random() < fewRate ? k : 0) - draw(random) + k]!++;
  const sign = isCandidateFew ? 1 : -1;
  const triples: Array<[number, number, number]> = [];
  for (const [index, count] of counts.entries()) if (count > 0) triples.push([sign * (index - k), k, count]);
  return canonicalHistogram(triples);
}
