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
 * @param chain decisions so far, in order; @param present the look that rolls back, the streams it does so on, and after how many cohorts
 * the evidence of a stream is due
 * @returns null where no gate had let the candidate pass
 */
export function overturnedInWords(
  chain: readonly ChainedLook[],
  present: {
    readonly run: string;
    readonly batches: readonly string[];
    readonly streams: readonly string[];
    readonly lagOf: (stream: string) => number;
  },
): string | null {
  const place = chain.findLastIndex(({ verdict, basis }) => verdict === 'advance' && basis !== null);
  const pass = chain[place];
  if (pass?.basis === null || pass === undefined || pass.cohort === null) return null;
  const step = pass.run === 'shadow' ? 'shadow' : `exposure ${exposureInWords(pass.basis.exposureBp / 10_000)}`;
  const words = `it overturns the pass of ${step} after cohort ${pass.cohort} (${pass.eventTime})`;
  if (pass.run !== present.run) return words;
  const since = chain.slice(place + 1).flatMap(({ run, basis }) => (run === pass.run ? (basis?.batches ?? []) : []));
  const { cohort: passed } = pass;
  const later = cameLater([...since, ...present.batches], present.streams, passed);
  const isDue = ({ stream, cohort }: Came): boolean => cohort + present.lagOf(stream) <= passed;
  const overdue = cohortsInWords(later.filter(isDue));
  const notDue = cohortsInWords(later.filter((came) => !isDue(came)));
  const unknown = [
    ...(overdue === null ? [] : [`${overdue} had not arrived, though due`]),
    ...(notDue === null ? [] : [`${notDue} was not due yet`]),
  ];
  return unknown.length === 0 ? words : `${words}, when ${unknown.join(' and ')}`;
}

interface Came {
  readonly stream: string;
  readonly cohort: number;
}

/** Evidence of cohorts up to the pass that came after it. Ids end in `…/stream/cohort`; a stream may contain a slash. */
function cameLater(batches: readonly string[], streams: readonly string[], passed: number): Came[] {
  return batches.flatMap((batchId) => {
    const slash = batchId.lastIndexOf('/');
    const cohort = Number(batchId.slice(slash + 1));
    const stream = streams.find((harmed) => batchId.slice(0, slash).endsWith(`/${harmed}`));
    return stream !== undefined && cohort <= passed ? [{ stream, cohort }] : [];
  });
}

/** `loss of cohorts 6 to 9`; null where there are none. */
function cohortsInWords(came: readonly Came[]): string | null {
  if (came.length === 0) return null;
  const cohorts = came.map(({ cohort }) => cohort);
  const [first, last] = [Math.min(...cohorts), Math.max(...cohorts)];
  const streams = [...new Set(came.map(({ stream }) => stream))].join(', ');
  return `${streams} of ${first === last ? `cohort ${first}` : `cohorts ${first} to ${last}`}`;
}
