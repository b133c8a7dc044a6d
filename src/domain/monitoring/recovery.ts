/** When an objective that was broken counts as met again. Nothing recovers by silence. */
import { judgeFreshness } from './objectives.ts';
import type { CohortFreshness } from './objectives.ts';

/** Consecutive complete cohorts with fresh features before they are trusted again: one may be luck. */
export const FRESH_COHORTS_MIN = 2;

export interface FreshnessProgress {
  /** Last cohort looked at. */
  readonly cohort: number;
  readonly freshInARow: number;
}

/** A cohort that reports nothing leaves the count as it is; a stale one takes it back to 0. */
export function freshnessProgress(
  progress: FreshnessProgress,
  cohort: CohortFreshness,
  maxAgeMs: number,
): FreshnessProgress {
  const { state } = judgeFreshness(maxAgeMs, cohort);
  const { freshInARow } = progress;
  const next = { met: freshInARow + 1, broken: 0, unknown: freshInARow }[state];
  return { cohort: cohort.cohort, freshInARow: next };
}

export const isFreshAgain = ({ freshInARow }: FreshnessProgress): boolean => freshInARow >= FRESH_COHORTS_MIN;
