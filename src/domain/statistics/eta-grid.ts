import { StatisticsError } from './statistics-error.ts';

/** Betting fractions of the mixture: `points` of them, geometric from `min` to `max`, equally weighted. */
export interface Grid {
  points: number;
  min: number;
  max: number;
}

/** Wide enough for effects from 0.5 % to almost 1 in one mixture; 24 points cost at most ln 24 = 3.2 of evidence. */
export const DEFAULT_GRID: Grid = { points: 24, min: 0.005, max: 0.95 };

const POINTS_MAX = 1024;
/** Smaller bets win nothing in 2^53 units. */
const ETA_MIN = 1e-15;
const tables = new Map<string, Float64Array>();
const TABLES_MAX = 64;

/**
 * η_g = min·(max/min)^{g/(points−1)}, ascending; a single point is `min`.
 *
 * @throws STAT_GRID_INVALID for an empty grid or fractions outside 1e-15 ≤ min ≤ max < 1 (at 1 one bad unit would end the process).
 * Source: "diversified" capital process of Waudby-Smith & Ramdas 2024; vectors `betting-martingale.json`.
 */
export function etaGrid(grid: Grid = DEFAULT_GRID): Float64Array {
  return sharedEtaGrid(grid).slice();
}

/** As `etaGrid`, but the cached array itself: for readers inside this room. */
export function sharedEtaGrid(grid: Grid): Float64Array {
  const key = `${grid.points}:${grid.min}:${grid.max}`;
  const known = tables.get(key);
  if (known !== undefined) return known;
  const { points, min, max } = grid;
  if (!Number.isInteger(points) || points < 1 || points > POINTS_MAX) {
    throw new StatisticsError('STAT_GRID_INVALID', `grid.points is ${points}; give an integer from 1 to ${POINTS_MAX}`);
  }
  if (!(min >= ETA_MIN && min <= max && max < 1)) {
    throw new StatisticsError(
      'STAT_GRID_INVALID',
      `grid runs from ${min} to ${max}; give ${ETA_MIN} <= min <= max < 1`,
    );
  }
  const etas = new Float64Array(points).map((_, g) => (points === 1 ? min : min * (max / min) ** (g / (points - 1))));
  if (tables.size >= TABLES_MAX) tables.clear();
  tables.set(key, etas);
  return etas;
}
