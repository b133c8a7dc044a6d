import type { RecordTransaction } from '../adapters/record-store/port.ts';
import type { ModelDeclaration } from '../contracts/model.ts';
import { wholeCohorts } from '../domain/rollout/gate-runs.ts';
import type { GateRunInput } from '../domain/rollout/gate-runs.ts';
import { brierLoss, scaledSquaredError } from '../domain/rollout/measure.ts';
import type { UnitLoss } from '../domain/rollout/measure.ts';
import { STATISTICAL_PRESETS } from '../domain/rollout/presets.ts';
import { durationMs, epochMs } from '../domain/time.ts';
import type { CohortCalendar } from '../domain/time.ts';

/** What activities derive from a model's declaration. */
export interface ModelContext {
  readonly declaration: ModelDeclaration;
  readonly digest: string;
  readonly path: string;
  readonly calendar: CohortCalendar;
  /** Attribution window, milliseconds. */
  readonly windowMs: number;
  /** Whole cohorts from assignment to maturity. */
  readonly labelLag: number;
  readonly loss: UnitLoss;
}

/** @throws when the model was never opened: its life cycle registers it first. */
export async function modelContext(tx: RecordTransaction): Promise<ModelContext> {
  const record = await tx.get('model', 'declaration');
  if (record === null) throw new Error('the model has not been registered yet; start its life cycle first');
  const { declaration, digest, path } = record;
  const lengthMs = durationMs(declaration.cohort);
  const { loss, lossRange } = declaration.rollout;
  return {
    declaration,
    digest,
    path,
    calendar: { origin: epochMs(declaration.source.backfillUntil), lengthMs },
    windowMs: durationMs(declaration.label.attributionWindow),
    labelLag: wholeCohorts(declaration.label.attributionWindow, lengthMs),
    loss: loss === 'brier' ? brierLoss : scaledSquaredError(lossRange ?? [0, 1]),
  };
}

/** What both gate runs of a candidate are built from. */
export function gateRunInput(context: ModelContext, claim: 'improve' | 'not-worse'): GateRunInput {
  const { declaration, calendar, labelLag } = context;
  return {
    policy: declaration.rollout,
    preset: STATISTICAL_PRESETS[declaration.rollout.preset],
    claim,
    cohortMs: calendar.lengthMs,
    labelLag,
  };
}
