import type { Direction } from './betting-martingale.ts';
import { DEFAULT_GRID, sharedEtaGrid } from './eta-grid.ts';
import type { Grid } from './eta-grid.ts';
import { logMeanExp } from './log-sum-exp.ts';
import { requireCount, StatisticsError } from './statistics-error.ts';

/** Events in two arms over one cohort. Exposures are *measured*, so a router off its configured share does no harm here. */
export interface CountWindow {
  candidateEvents: number;
  events: number;
  candidateExposures: number;
  exposures: number;
}

/** @throws STAT_MARGIN_RANGE unless 0 < ratio < ∞. */
export function requireRatio(ratio: number, name = 'ratio'): void {
  if (ratio > 0 && ratio < Infinity) return;
  throw new StatisticsError(
    'STAT_MARGIN_RANGE',
    `${name} is ${ratio}; give a positive, finite tolerated ratio of event rates, such as 1.2`,
  );
}

/** @throws STAT_COUNT_INVALID for negative, fractional or impossible counts. */
export function requireCountWindow(window: CountWindow): void {
  requireCount(window.candidateEvents, 'candidateEvents');
  requireCount(window.events, 'events');
  requireCount(window.candidateExposures, 'candidateExposures');
  requireCount(window.exposures, 'exposures');
  if (window.candidateEvents > window.events || window.candidateExposures > window.exposures) {
    throw new StatisticsError(
      'STAT_COUNT_INVALID',
      `candidate has ${window.candidateEvents} of ${window.events} events and ${window.candidateExposures} of ${window.exposures} exposures; totals include both arms`,
    );
  }
}

/** Adds one window's ln factor per betting fraction to `sums`; windows without events, or with one arm only, add nothing. */
export function addWindow(
  sums: Float64Array,
  window: CountWindow,
  ratio: number,
  d: Direction,
  etas: Float64Array,
): void {
  const { candidateEvents, events, candidateExposures, exposures } = window;
  if (events === 0 || candidateExposures === 0 || candidateExposures === exposures) return;
  // q0/(1 − q0), of the exposures as they are: no share near 0 or 1 loses digits to its complement.
  const odds = (candidateExposures / (exposures - candidateExposures)) * ratio;
  const gain = d === 'harm' ? 1 / odds : odds;
  const gains = d === 'harm' ? candidateEvents : events - candidateEvents;
  const losses = events - gains;
  // No event on the gaining side: its gain, which at an extreme ratio may be infinite, does not matter.
  const gainPerEvent = gains === 0 ? 0 : gain;
  for (let g = 0; g < sums.length; g++) {
    sums[g]! += gains * Math.log1p(etas[g]! * gainPerEvent) + losses * Math.log1p(-etas[g]!);
  }
}

/**
 * ln of the e-value for event counts in two arms. harm: null "rate ratio candidate/control ≤ `ratio`"; safe: null "≥ `ratio`".
 *
 * Valid for independent events given exposures, any common variation in time and any share per window; not for clustered events:
 * count at most one per unit.
 * @param ratio tolerated ratio of event rates, > 0; 1.2 = 20 % more
 * @throws STAT_MARGIN_RANGE, STAT_GRID_INVALID, STAT_COUNT_INVALID
 * Source: gate statistics §5, cf. Lindon & Malek 2022; vectors `binomial-efactor.json`.
 */
export function logECounts(w: readonly CountWindow[], ratio: number, d: Direction, grid: Grid = DEFAULT_GRID): number {
  requireRatio(ratio);
  const etas = sharedEtaGrid(grid);
  const sums = new Float64Array(etas.length);
  for (const window of w) {
    requireCountWindow(window);
    addWindow(sums, window, ratio, d, etas);
  }
  return logMeanExp(sums);
}
