import type { RecordTransaction } from '../adapters/record-store/port.ts';
import type { ModelDeclaration } from '../contracts/model.ts';
import type { ModelRegistration } from '../contracts/serving.ts';
import { brierLoss, scaledSquaredError } from '../domain/rollout/measure.ts';
import type { UnitLoss } from '../domain/rollout/measure.ts';
import { durationMs, epochMs } from '../domain/time.ts';
import type { CohortCalendar } from '../domain/time.ts';

/** What activities derive from a model's declaration. */
export interface ModelContext {
  readonly declaration: ModelDeclaration;
  readonly digest: string;
  readonly path: string;
  readonly calendar: CohortCalendar;
  /** Attribution window and ingestion lag, milliseconds. */
  readonly windowMs: number;
  readonly loss: UnitLoss;
}

/** What every gateway knows of a model before it answers for it. */
export function registrationOf({ features }: ModelDeclaration, fallback: string): ModelRegistration {
  return { freshFeatures: features.filter((feature) => feature.kind === 'outcomeRate'), fallback };
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
    windowMs: durationMs(declaration.label.attributionWindow) + durationMs(declaration.label.ingestionLag),
    loss: loss === 'brier' ? brierLoss : scaledSquaredError(lossRange ?? [0, 1]),
  };
}
