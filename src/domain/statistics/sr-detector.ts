import { DEFAULT_GRID, sharedEtaGrid } from './eta-grid.ts';
import type { Grid } from './eta-grid.ts';
import { logAddExp, logMeanExp } from './log-sum-exp.ts';
import { requireArgument, requireCount, requireFinite, StatisticsError } from './statistics-error.ts';

/**
 * Shiryaev-Roberts mixture against "conditional mean loss ≤ μ₀": opens an incident after full exposure, never rolls back.
 * JSON-safe; ln R per betting fraction, empty while R = 0.
 */
export interface SrDetectorState {
  /** Frozen reference in (0, 1): upper confidence bound of the certified loss plus tolerance. */
  mu0: number;
  /** A: the average run length to a false alarm is at least A units. */
  threshold: number;
  grid: Grid;
  lnR: number[];
  blocks: number;
}

/** Below it a single loss would bet more than a double holds. */
const REFERENCE_MIN = 1e-100;

/** @throws STAT_MARGIN_RANGE for μ₀ outside (0, 1); STAT_INPUT_INVALID for a threshold not above 1; STAT_GRID_INVALID */
export function beginSrDetector(o: { mu0: number; threshold: number; grid?: Grid }): SrDetectorState {
  const { mu0, threshold, grid = DEFAULT_GRID } = o;
  const state = { mu0, threshold, grid, lnR: [], blocks: 0 };
  requireDetector(state);
  return state;
}

/** @throws STAT_MARGIN_RANGE, STAT_INPUT_INVALID, STAT_GRID_INVALID: a state may come from a record */
function requireDetector({ mu0, threshold, grid, lnR, blocks }: SrDetectorState): void {
  if (!(mu0 >= REFERENCE_MIN && mu0 < 1))
    throw new StatisticsError('STAT_MARGIN_RANGE', `mu0 is ${mu0}; give a reference loss between 0 and 1`);
  requireArgument(
    threshold > 1 && threshold < Infinity,
    'threshold',
    threshold,
    'the run length in units to a false alarm, above 1',
  );
  requireCount(blocks, 'blocks', 'STAT_INPUT_INVALID');
  const { length } = sharedEtaGrid(grid);
  requireArgument(
    lnR.length === 0 || lnR.length === length,
    'number of ln R',
    lnR.length,
    `one per betting fraction, ${length}`,
  );
  requireFinite(lnR, 'ln R');
}

/**
 * Takes one block of matured losses: R_g ← (R_g + n)·Π(1 + η_g·(x − μ₀)/μ₀). Blocks are taken in order; within a block order is
 * irrelevant. After an alarm begin anew.
 *
 * @param block losses in [0, 1] with their counts
 * @throws STAT_LOSS_RANGE, STAT_COUNT_INVALID, and what `beginSrDetector` throws for a state that is none
 * Source: Shin, Ramdas & Rinaldo 2024, one recursion per betting fraction; vectors `e-detector.json`.
 */
export function updateSrDetector(
  s: SrDetectorState,
  block: ReadonlyArray<readonly [x: number, count: number]>,
): SrDetectorState {
  requireDetector(s);
  const etas = sharedEtaGrid(s.grid);
  const values = [...block].sort(([a], [b]) => a - b);
  const growth = new Float64Array(etas.length);
  let units = 0;
  for (const [x, count] of values) {
    if (!(x >= 0 && x <= 1)) throw new StatisticsError('STAT_LOSS_RANGE', `loss is ${x}; give a loss from 0 to 1`);
    requireCount(count, `count of loss ${x}`);
    units += count;
    for (let g = 0; g < etas.length; g++) growth[g]! += count * Math.log1p((etas[g]! * (x - s.mu0)) / s.mu0);
  }
  if (units === 0) return { ...s, blocks: s.blocks + 1 };
  const lnR = Array.from(etas, (_, g) => logAddExp(s.lnR[g] ?? -Infinity, Math.log(units)) + growth[g]!);
  return { ...s, lnR, blocks: s.blocks + 1 };
}

/** ln R, the mean over betting fractions; −∞ before the first unit. @throws what `beginSrDetector` throws for a state that is none */
export function logSrStatistic(s: SrDetectorState): number {
  requireDetector(s);
  return s.lnR.length === 0 ? -Infinity : logMeanExp(s.lnR);
}

/** Whether R has reached the threshold. */
export function isSrAlarm(s: SrDetectorState): boolean {
  return logSrStatistic(s) >= Math.log(s.threshold);
}
