import { logECounts } from '../statistics/index.ts';
import type { CountWindow, Grid } from '../statistics/index.ts';

/** What event counts say: rates, and the ratio of the candidate's to the control's with one-sided bounds, valid at all looks together. */
export interface RatioFinding {
  readonly candidateRate: number | null;
  readonly controlRate: number | null;
  /** null while the control has no event. */
  readonly ratio: number | null;
  readonly lower: number;
  /** null: no upper bound yet. */
  readonly upper: number | null;
  readonly units: number;
}

/** Ratios beyond these are no news. */
const LN_RATIO_MAX = Math.log(1e4);
const LN_RATIO_WIDTH = 1e-6;

/** Largest ln ratio with `isEvidence`, which holds up to some ratio and not beyond; null if it holds nowhere in the range. */
function supremum(isEvidence: (ratio: number) => boolean): number | null {
  let [inside, outside] = [-LN_RATIO_MAX, LN_RATIO_MAX];
  if (!isEvidence(Math.exp(inside))) return null;
  while (outside - inside > LN_RATIO_WIDTH) {
    const middle = (inside + outside) / 2;
    if (isEvidence(Math.exp(middle))) inside = middle;
    else outside = middle;
  }
  return inside;
}

/**
 * Rates and ratio over all windows, with bounds by inverting the two tests of the stream.
 * @param levels of the lower bound (that of its rollback) and the upper one (that of its certificate)
 */
export function ratioFinding(
  windows: readonly CountWindow[],
  levels: { readonly harm: number; readonly safe: number },
  grid: Grid | undefined,
): RatioFinding {
  const sum = (field: keyof CountWindow) => windows.reduce((total, window) => total + window[field], 0);
  const candidateEvents = sum('candidateEvents');
  const candidateUnits = sum('candidateExposures');
  const controlUnits = sum('exposures') - candidateUnits;
  const candidateRate = candidateUnits === 0 ? null : candidateEvents / candidateUnits;
  const controlRate = controlUnits === 0 ? null : (sum('events') - candidateEvents) / controlUnits;
  const lower = supremum((ratio) => logECounts(windows, ratio, 'harm', grid) >= -Math.log(levels.harm));
  // Evidence of "safe" holds from some ratio on: the infimum, mirrored.
  const upper = supremum((inverse) => logECounts(windows, 1 / inverse, 'safe', grid) >= -Math.log(levels.safe));
  return {
    candidateRate,
    controlRate,
    ratio: candidateRate === null || controlRate === null || controlRate === 0 ? null : candidateRate / controlRate,
    lower: lower === null ? 0 : Math.exp(lower),
    upper: upper === null ? null : Math.exp(-upper),
    units: candidateUnits,
  };
}
