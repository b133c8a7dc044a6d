/** Rows of a source as the texts that callers of a gateway would send. */
import type { RowBatch } from '../adapters/data-source/port.ts';
import type { InputValue } from '../contracts/serving.ts';
import { isoInstant } from '../domain/time.ts';

/** One prediction request: inputs only, never the label. */
export function predictionText(batch: RowBatch, row: number): string {
  return JSON.stringify({
    requestId: batch.requestId[row],
    unit: batch.unit[row],
    eventTime: isoInstant(batch.at[row] ?? Number.NaN),
    inputs: inputsOf(batch, row),
  });
}

/** One outcome; a label that is known to be invalid is null. */
export function outcomeText(batch: RowBatch, row: number): string {
  return JSON.stringify({
    requestId: batch.requestId[row],
    label: numberOrNull(batch.label[row]),
    knownAt: isoInstant(batch.knownAt[row] ?? Number.NaN),
    inputs: inputsOf(batch, row),
  });
}

function inputsOf(batch: RowBatch, row: number): Record<string, InputValue> {
  const inputs: Record<string, InputValue> = {};
  for (const [name, column] of Object.entries(batch.inputs)) {
    inputs[name] = column.kind === 'number' ? numberOrNull(column.values[row]) : (column.values[row] ?? null);
  }
  return inputs;
}

function numberOrNull(value: number | undefined): number | null {
  return value === undefined || Number.isNaN(value) ? null : value;
}
