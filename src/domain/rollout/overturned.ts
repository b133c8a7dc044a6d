/** Harm that is found after a step was passed: which pass it overturns, and what had not been known then. Pure. */
import type { LookBasis } from './looks.ts';
import { exposureInWords } from './words.ts';

/** A look as it stands in the chain. */
export interface ChainedLook {
  readonly run: string;
  readonly cohort: number | null;
  readonly eventTime: string;
  readonly verdict: string;
  readonly basis: Pick<LookBasis, 'exposureBp' | 'batches'> | null;
}

/**
 * @param chain decisions so far, in order; @param present the look that rolls back, and the streams it does so on
 * @returns null where no gate had let the candidate pass
 */
export function overturnedInWords(
  chain: readonly ChainedLook[],
  present: { readonly run: string; readonly batches: readonly string[]; readonly streams: readonly string[] },
): string | null {
  const place = chain.findLastIndex(({ verdict, basis }) => verdict === 'advance' && basis !== null);
  const pass = chain[place];
  if (pass?.basis === null || pass === undefined || pass.cohort === null) return null;
  const step = pass.run === 'shadow' ? 'shadow' : `exposure ${exposureInWords(pass.basis.exposureBp / 10_000)}`;
  const words = `it overturns the pass of ${step} after cohort ${pass.cohort} (${pass.eventTime})`;
  if (pass.run !== present.run) return words;
  const since = chain.slice(place + 1).flatMap(({ run, basis }) => (run === pass.run ? (basis?.batches ?? []) : []));
  const late = lateCohorts([...since, ...present.batches], present.streams, pass.cohort);
  const [first] = late;
  if (first === undefined) return words;
  const last = late.at(-1);
  const cohorts = first === last ? `cohort ${first}` : `cohorts ${first} to ${last}`;
  return `${words}, when ${present.streams.join(', ')} of ${cohorts} had not arrived`;
}

/** Cohorts up to the pass whose evidence came after it, in order. Ids end in `…/stream/cohort`; a stream may contain a slash. */
function lateCohorts(batches: readonly string[], streams: readonly string[], passed: number): number[] {
  const cohorts = batches.flatMap((batchId) => {
    const slash = batchId.lastIndexOf('/');
    const cohort = Number(batchId.slice(slash + 1));
    const isHarmed = streams.some((stream) => batchId.slice(0, slash).endsWith(`/${stream}`));
    return isHarmed && cohort <= passed ? [cohort] : [];
  });
  return [...new Set(cohorts)].sort((a, b) => a - b);
}
