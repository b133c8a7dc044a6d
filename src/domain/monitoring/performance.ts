/** What one event day's predictions were worth once its labels have matured. Everything is computed in the order of the units given. */
import type { UnitLoss } from '../rollout/measure.ts';
import type { BundleLoss } from './objectives.ts';

export interface ServedUnit {
  readonly requestId: string;
  /** Event time, epoch milliseconds. */
  readonly at: number;
  readonly prediction: number;
  /** null: none when the day had matured, or known to be invalid. */
  readonly label: number | null;
  /** Bundle that answered. */
  readonly bundle: string;
  readonly served: 'stable' | 'candidate' | 'fallback';
  /** Score of the stable arm where it was computed, also when it did not answer. */
  readonly stable: number | null;
  readonly stableBundle: string;
  /** Event time through which the online features knew outcomes, epoch milliseconds; null: they knew none. */
  readonly freshThrough: number | null;
}

export interface Performance {
  readonly units: number;
  readonly labelled: number;
  readonly loss: number | null;
  readonly fallbackLoss: number | null;
  /** Over labelled units, so that it can be held against `meanLabel`. */
  readonly meanPrediction: number | null;
  readonly meanLabel: number | null;
  readonly bundles: readonly string[];
  readonly byBundle: readonly BundleLoss[];
  readonly servedByFallback: number;
}

/** @param constant the declared fallback, judged on the same units as what was served */
export function measurePerformance(units: readonly ServedUnit[], loss: UnitLoss, constant: number): Performance {
  const labelled = labelledUnits(units);
  const mean = (value: (unit: LabelledUnit) => number): number | null =>
    labelled.length === 0 ? null : labelled.reduce((sum, unit) => sum + value(unit), 0) / labelled.length;
  const bundles = [...new Set(units.map(({ bundle }) => bundle))].sort();
  return {
    units: units.length,
    labelled: labelled.length,
    loss: mean((unit) => loss(unit.prediction, unit.label)),
    fallbackLoss: mean((unit) => loss(constant, unit.label)),
    meanPrediction: mean((unit) => unit.prediction),
    meanLabel: mean((unit) => unit.label),
    bundles,
    byBundle: bundles.map((bundle) => lossOfBundle(labelled, bundle, loss)),
    servedByFallback: units.filter(({ served }) => served === 'fallback').length,
  };
}

function lossOfBundle(labelled: readonly LabelledUnit[], bundle: string, loss: UnitLoss): BundleLoss {
  const answered = labelled.filter((unit) => unit.bundle === bundle);
  const sum = answered.reduce((total, { prediction, label }) => total + loss(prediction, label), 0);
  return { bundle, labelled: answered.length, loss: answered.length === 0 ? null : sum / answered.length };
}

export type LabelledUnit = ServedUnit & { readonly label: number };

export function labelledUnits(units: readonly ServedUnit[]): LabelledUnit[] {
  return units.filter((unit): unit is LabelledUnit => unit.label !== null && Number.isFinite(unit.label));
}

/** The same units as if the stable arm had answered; units where it was not scored drop out. */
export function asStableWouldHaveServed(units: readonly ServedUnit[]): ServedUnit[] {
  return units.flatMap((unit) =>
    unit.stable === null
      ? []
      : [{ ...unit, prediction: unit.stable, bundle: unit.stableBundle, served: 'stable' as const }],
  );
}
