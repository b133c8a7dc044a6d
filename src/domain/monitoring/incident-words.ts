/** What an incident says of itself. */
import { grouped } from '../aligned-table.ts';
import { isoInstant } from '../time.ts';
import type { DriftHint } from './drift-hint.ts';
import type { SliceFinding } from './triage.ts';

/** Milliseconds as hours and minutes: `3 h 20 min`. */
export function ageInWords(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  const hours = Math.floor(minutes / 60);
  if (hours === 0) return `${minutes} min`;
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
}

/** @param through event time through which the features knew outcomes, epoch milliseconds */
export function staleFeaturesInWords(features: readonly string[], through: number, ageMs: number): string {
  const verb = features.length === 1 ? 'has' : 'have';
  return `${features.join(', ')} ${verb} learned of no outcome since ${isoInstant(through)}; ${ageInWords(ageMs)} old when they answered`;
}

/** A hint where to look, not a proof. */
export function triageInWords(dominant: SliceFinding | null, slices: readonly SliceFinding[], unit: string): string {
  if (dominant !== null) {
    const { input, value, excessShare, unitShare } = dominant;
    return `${input} ${value} carries ${percent(excessShare)} of the excess with ${percent(unitShare)} of the ${unit}s`;
  }
  if (slices.length === 0) return `no slice of ${unit}s stands out`;
  const largest = slices.map(({ input, value, excessShare }) => `${input} ${value} (${percent(excessShare)})`);
  return `spread over the ${unit}s; the largest parts: ${largest.join(', ')}`;
}

/** Always with its unit and the number of units: a distance without them means nothing. */
export function driftInWords(hint: DriftHint | null, unit: string): string {
  if (hint === null) return 'no input moved beyond chance';
  const { input, jsDistanceBase2, reference, current } = hint;
  return `${input} moved most: Jensen–Shannon distance ${jsDistanceBase2.toFixed(3)} (base 2), ${grouped(current)} ${unit}s against ${grouped(reference)} before`;
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;
