import { COMPARATORS } from '../experiments.ts';
import type { Params } from '../experiments.ts';
import { meanOf, quantileOf, share } from '../measures.ts';
import type { Measure } from '../measures.ts';
import type { Row } from './row.ts';

/** Published: rollback without difference, the same under drift, promoted at +1 pp, median hours and excess at +3 pp, excess at +20 pp. */
const PUBLISHED: Record<string, readonly [number, number, number, number, number, number]> = {
  'threshold +2 pp': [0.37, 0.88, 0.13, 7, 11, 40],
  'threshold +3 pp': [0.034, 0.21, 0.76, 10, 28, 40],
  'Mann-Whitney': [0.018, NaN, 0.64, 24, 62, 61],
  'z per step 5 %': [0.19, NaN, 0.03, 12, 21, 120],
  'z per step 5 %/4': [0.056, NaN, 0.15, 12, 26, 120],
  'z every look': [0.57, NaN, 0.005, 3, 7, NaN],
};

/** Printed for comparison, without a pass mark: these procedures are not ours to accept. */
export const comparisons: Row[] = COMPARATORS.flatMap((rule) => {
  const [rollback, drifting, promoted, hours, excess, excess20] = PUBLISHED[rule]!;
  const row = (title: string, params: Params, measures: Measure[]): Row => ({
    title: `${rule}, ${title}`,
    experiment: 'comparator',
    params: { rule, ...params },
    replications: 1000,
    measures,
  });
  return [
    row('no difference', { delta: 0 }, [share('rolledBack', { published: rollback })]),
    row('no difference, drifting', { delta: 0, base: 'drifting' }, [share('rolledBack', { published: drifting })]),
    row('+1 pp', { delta: 0.01 }, [share('promoted', { published: promoted })]),
    row('+3 pp', { delta: 0.03 }, [
      quantileOf('hoursToRollback', 0.5, { published: hours }),
      meanOf('excessBad', { published: excess }),
    ]),
    row('+20 pp', { delta: 0.2 }, [meanOf('excessBad', { published: excess20 })]),
  ];
});
