/** Rehearsed trouble: event times at which something is broken on purpose and healed again. */
import type { StableRecord } from '../../contracts/records.ts';
import { DAY_MS, epochMs } from '../../domain/time.ts';

export const DRILLS = ['frozen-features'] as const;
export type DrillName = (typeof DRILLS)[number];

/** The idea whose model lives on fresh features: only when it serves does freezing them hurt. */
const IDEA_AFFECTED = 'fresh-features';
const BEGINS_AFTER_MS = DAY_MS;
const LASTS_MS = 2 * DAY_MS;

export type DrillPhase = 'waiting' | 'frozen' | 'healed';

/** Phase of the drill at an event time: one day after the idea became stable, for two days. */
export function drillPhase(stables: readonly StableRecord[], at: number): DrillPhase {
  const stable = stables.find(({ idea }) => idea === IDEA_AFFECTED);
  if (stable === undefined) return 'waiting';
  const begins = epochMs(stable.since) + BEGINS_AFTER_MS;
  if (at < begins) return 'waiting';
  return at < begins + LASTS_MS ? 'frozen' : 'healed';
}

export const DRILL_WORDS: Readonly<Record<DrillPhase, string | null>> = {
  waiting: null,
  frozen: 'the online features are frozen on purpose; monitoring should notice and answer',
  healed: null,
};
