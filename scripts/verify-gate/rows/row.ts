import type { ExperimentName, Params } from '../experiments.ts';
import type { Measure } from '../measures.ts';

/** One line of the acceptance table: an experiment, how often it is run, and what is asked of it. */
export interface Row {
  title: string;
  experiment: ExperimentName;
  params: Params;
  replications: number;
  measures: Measure[];
}

/** A share in hundredths, without the digits of binary fractions. */
export function pp(share: number): string {
  return String(Number((100 * share).toFixed(4)));
}
