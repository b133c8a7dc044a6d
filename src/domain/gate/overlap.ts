import { DAY_MS } from '../time.ts';
import type { UnitSet } from './unit-intake.ts';

/** Units of the days on which both arms took units in, and how many others there were; null where there is no such day. */
export interface Overlap {
  readonly units: UnitSet;
  readonly leftOut: number;
}

/**
 * Cuts what came before one arm was opened and after one was closed, by whole days (UTC): there is nothing to compare there, and a
 * comparison begins with its first day. Looks at arms and times alone, never at outcomes.
 */
export function overlapOf(units: UnitSet, candidate: string): Overlap | null {
  const spans = { candidate: [Infinity, -Infinity], control: [Infinity, -Infinity] };
  const dayOf = (at: number) => Math.floor(at / DAY_MS);
  for (const [index, at] of units.at.entries()) {
    const span = spans[units.arms[index] === candidate ? 'candidate' : 'control'];
    span[0] = Math.min(span[0]!, dayOf(at));
    span[1] = Math.max(span[1]!, dayOf(at));
  }
  const first = Math.max(spans.candidate[0]!, spans.control[0]!);
  const last = Math.min(spans.candidate[1]!, spans.control[1]!);
  if (first > last) return null;
  const kept = units.at.flatMap((at, index) => (dayOf(at) >= first && dayOf(at) <= last ? [index] : []));
  if (kept.length === units.ids.length) return { units, leftOut: 0 };
  return { units: chosen(units, kept), leftOut: units.ids.length - kept.length };
}

function chosen(units: UnitSet, kept: readonly number[]): UnitSet {
  const of = <T>(values: readonly T[]): T[] => kept.map((index) => values[index]!);
  return {
    ...units,
    ids: of(units.ids),
    arms: of(units.arms),
    at: of(units.at),
    strata: of(units.strata),
    exposureBp: units.exposureBp === null ? null : of(units.exposureBp),
    losses: units.losses.map((losses) => Float64Array.from(kept, (index) => losses[index]!)),
  };
}
