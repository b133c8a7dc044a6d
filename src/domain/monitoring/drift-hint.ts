/** Which input moved most between the days before and the affected ones. It says where to look; objectives never rest on it. */
import { categoricalDrift, numericDrift } from '../statistics/index.ts';
import type { WithInputs } from './triage.ts';

export interface DriftHint {
  readonly input: string;
  /** Jensen–Shannon distance, logarithm to base 2: 0 to 1. */
  readonly jsDistanceBase2: number;
  /** Units on each side. */
  readonly reference: number;
  readonly current: number;
}

interface DeclaredInput {
  readonly input: string;
  readonly kind: 'numeric' | 'categorical';
}

/** Quantile bins of a numeric input. */
const BINS = 10;

/**
 * The input with the largest distance among those that moved beyond what as many units show without any drift (95 % quantile of the
 * population stability index); ties in order of declaration. Null when none did, or a side is empty.
 */
export function driftHint(
  reference: readonly WithInputs[],
  current: readonly WithInputs[],
  inputs: readonly DeclaredInput[],
): DriftHint | null {
  if (reference.length === 0 || current.length === 0) return null;
  const sizes = { reference: reference.length, current: current.length };
  const moved = inputs.flatMap((declared) => {
    const drift = driftOf(reference, current, declared);
    if (drift.psi === null || drift.psi <= drift.psiNull95) return [];
    return [{ input: declared.input, jsDistanceBase2: drift.jsDistanceBase2, ...sizes }];
  });
  return moved.sort((a, b) => b.jsDistanceBase2 - a.jsDistanceBase2)[0] ?? null;
}

function driftOf(
  reference: readonly WithInputs[],
  current: readonly WithInputs[],
  { input, kind }: DeclaredInput,
): ReturnType<typeof numericDrift> | ReturnType<typeof categoricalDrift> {
  if (kind === 'numeric') {
    const numbers = (units: readonly WithInputs[]): Array<number | null> =>
      units.map(({ inputs }) => (typeof inputs[input] === 'number' ? inputs[input] : null));
    return numericDrift(numbers(reference), numbers(current), BINS);
  }
  const texts = (units: readonly WithInputs[]): Array<string | null> =>
    units.map(({ inputs }) => {
      const value = inputs[input] ?? null;
      return value === null ? null : String(value);
    });
  return categoricalDrift(texts(reference), texts(current));
}
