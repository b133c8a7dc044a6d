import { logFactorProducts } from './betting-martingale.ts';
import type { DiffHistogram } from './diff-histogram.ts';
import { DEFAULT_GRID, sharedEtaGrid } from './eta-grid.ts';
import type { Grid } from './eta-grid.ts';
import { logAddExp, logSumExpOfSums } from './log-sum-exp.ts';

/** Share of the mixture that never restarts; the rest is spread over the restart epochs j ≥ 1 by 1/(4·j·(j + 1)). */
const PLAIN_SHARE = 0.75;

function logWeight(epoch: number): number {
  return epoch === 0 ? Math.log(PLAIN_SHARE) : -Math.log(4 * epoch * (epoch + 1));
}

/**
 * The mixture over restart epochs, folded epoch by epoch.
 *
 * Per betting fraction it holds ln A_g = ln Σ_{j ≤ J} w_j·(product of the factors of epochs j…J−1), the products of *completed*
 * epochs. Exchanging the sums over j and g makes a look cost one pass over the running epoch, however many epochs there were:
 * E = (1/G)·Σ_g A_g·(product over the running epoch) + 1/(4·(J + 1)).
 */
export interface RestartFold {
  epoch: number;
  logMass: Float64Array;
}

export function beginRestartFold(points: number): RestartFold {
  return { epoch: 0, logMass: new Float64Array(points).fill(logWeight(0)) };
}

/** Closes the running epoch, whose ln products per betting fraction are `completed`, and opens the next. */
export function closeEpoch(fold: RestartFold, completed: Float64Array): RestartFold {
  const epoch = fold.epoch + 1;
  const started = logWeight(epoch);
  return { epoch, logMass: fold.logMass.map((mass, g) => logAddExp(mass + completed[g]!, started)) };
}

/** ln E of the mixture, `running` being the ln products of the running epoch. */
export function logMixture(fold: RestartFold, running: Float64Array): number {
  const started = logSumExpOfSums(fold.logMass, running) - Math.log(running.length);
  return logAddExp(started, -Math.log(4 * (fold.epoch + 1)));
}

/**
 * ln of the harm e-value with restarts: ¾·K^(0) + Σ_{j=1..J} K^(j)/(4j(j+1)) + 1/(4(J+1)), K^(j) the plain mixture over epochs ≥ j.
 * A regression that begins late is not hidden by the good evidence before it. Null: no conditional mean of D above `margin`, ever.
 *
 * @param epochs one histogram per restart epoch, from 0 to the look's, possibly empty; none at all gives 0
 * @throws STAT_MARGIN_RANGE, STAT_GRID_INVALID, STAT_COUNT_INVALID, STAT_DIFFERENCE_RANGE
 * Source: convex combination of e-processes, gate statistics §4; vectors `betting-martingale.json`.
 */
export function logEHarmRestart(epochs: readonly DiffHistogram[], margin: number, grid: Grid = DEFAULT_GRID): number {
  let fold = beginRestartFold(sharedEtaGrid(grid).length);
  let running = logFactorProducts(epochs[0] ?? [], margin, 'harm', grid);
  for (const epoch of epochs.slice(1)) {
    fold = closeEpoch(fold, running);
    running = logFactorProducts(epoch, margin, 'harm', grid);
  }
  return logMixture(fold, running);
}
