import { assignArm } from '../domain/assignment.ts';
import type { NamedBundle, ServingEntry } from './schedule.ts';

/** Who a request belongs to by the schedule, before anything is scored. */
export interface Assignment {
  readonly arm: 'stable' | 'candidate';
  readonly exposure: number;
  readonly mirror: boolean;
  readonly stable: NamedBundle;
  readonly candidate: NamedBundle | null;
}

/** Assigns a unit by the entry in effect; before the first entry everybody belongs to the declared fallback, the first stable. */
export function assign(model: string, unit: string, entry: ServingEntry | null, fallback: NamedBundle): Assignment {
  if (entry === null) return { arm: 'stable', exposure: 0, mirror: false, stable: fallback, candidate: null };
  const { split, stable, candidate } = entry;
  const arm = candidate === null ? 'stable' : assignArm(model, split.salt, unit, split.exposure);
  return { arm, exposure: split.exposure, mirror: split.mirror, stable, candidate };
}
