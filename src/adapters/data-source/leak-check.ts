/** Before a dataset leaves this house, a sample of its outcome-rate features is computed again from what was known by then. */
import { HoldfastError } from '../../contracts/errors.ts';
import type { OutcomeRateFeature } from '../../contracts/serving.ts';
import { findFutureLabels } from '../../domain/features/future-labels.ts';
import type { SampledRow } from '../../domain/features/future-labels.ts';
import type { ObservedOutcome } from '../../domain/features/outcome-rates.ts';
import { MINUTE_MS } from '../../domain/time.ts';
import { lookBackMs, rateColumn } from './outcome-rate-sql.ts';
import type { InputColumn } from './port.ts';
import { partitionFile } from './prepare.ts';
import type { PreparedDay, PreparedSource } from './prepare.ts';
import { readRows } from './rows.ts';
import { literal, withSession } from './session.ts';
import type { ResultColumns, Session } from './session.ts';

/** Few days and few rows of each: a leak is a mistake of a query, so it shows in every row that has outcomes nearby. */
const SAMPLED_DAYS = 3;
const SAMPLED_ROWS = 16;

/**
 * @param rateFiles the values to check, one file per day with rows
 * @throws DATA_FUTURE_LABEL naming the first unit and feature
 */
export async function checkForFutureLabels(
  prepared: PreparedSource,
  features: readonly OutcomeRateFeature[],
  days: readonly string[],
  rateFiles: readonly string[],
): Promise<void> {
  const present = prepared.days.filter(({ day, rows }) => rows > 0 && days.includes(day));
  await withSession({}, async (session) => {
    for (const index of spread(present.length)) {
      const day = present[index];
      const rateFile = rateFiles[index];
      if (day === undefined || rateFile === undefined) continue;
      const sample = await sampleDay(session, prepared, features, day, rateFile);
      const found = findFutureLabels(sample, await outcomesFor(session, prepared, features, sample), features);
      const first = found[0];
      if (first === undefined) continue;
      throw new HoldfastError(
        'DATA_FUTURE_LABEL',
        `feature ${first.feature} of ${JSON.stringify(first.unit)} is ${first.value}; the outcomes known by then make it ${first.known}`,
        { details: found },
      );
    }
  });
}

/** Indices of the sampled days: the last one always, since its outcomes are the youngest. */
function spread(count: number): Set<number> {
  return new Set(
    Array.from({ length: SAMPLED_DAYS }, (_, step) => count - 1 - Math.floor((step * count) / SAMPLED_DAYS)),
  );
}

async function sampleDay(
  session: Session,
  prepared: PreparedSource,
  features: readonly OutcomeRateFeature[],
  { day }: PreparedDay,
  rateFile: string,
): Promise<SampledRow[]> {
  const inputs = prepared.inputs.map(({ name }, index) => `inputs[${literal(name)}] as i${index}`);
  const columns = await session.columns(
    `select unit, cast("at" as double) as "at", ${inputs.join(', ')}, ${features.map((_, index) => rateColumn(index)).join(', ')}
     from read_parquet(${literal(partitionFile(prepared, day))}) as asked
     join read_parquet(${literal(rateFile)}) as rated using (unit)
     order by sha256(unit) limit ${SAMPLED_ROWS}`,
  );
  const at = columns.numbers('at');
  const values = features.map((_, index) => columns.numbers(rateColumn(index)));
  const names = prepared.inputs.map(({ name }) => name);
  const inputsAt = rowInputs(names, inputColumns(prepared, columns));
  return columns.texts('unit').map((unit, row) => ({
    unit: unit ?? '',
    at: at[row] ?? Number.NaN,
    inputs: inputsAt(row),
    values: Object.fromEntries(features.map(({ name }, index) => [name, values[index]?.[row] ?? Number.NaN])),
  }));
}

async function outcomesFor(
  session: Session,
  prepared: PreparedSource,
  features: readonly OutcomeRateFeature[],
  sample: readonly SampledRow[],
): Promise<ObservedOutcome[]> {
  const { oldest } = lookBackMs(features);
  const from = Math.min(...sample.map(({ at }) => at)) - oldest - MINUTE_MS;
  const until = Math.max(...sample.map(({ at }) => at)) + MINUTE_MS;
  const days = prepared.days.filter(
    ({ firstKnownAt, lastKnownAt }) => firstKnownAt !== null && firstKnownAt <= until && Number(lastKnownAt) >= from,
  );
  const where = `label is not null and known_at between ${from} and ${until}`;
  const batch = await readRows(session, prepared, days, { order: 'known_at', where });
  const keys = [...new Set(features.flatMap(({ key }) => key))];
  const inputsAt = rowInputs(keys, batch.inputs);
  return Array.from({ length: batch.rows }, (_, row) => ({
    knownAt: batch.knownAt[row] ?? Number.NaN,
    label: batch.label[row] ?? null,
    inputs: inputsAt(row),
  }));
}

function inputColumns(prepared: PreparedSource, columns: ResultColumns): Record<string, InputColumn> {
  return Object.fromEntries(
    prepared.inputs.map(({ name, kind }, index): [string, InputColumn] => [
      name,
      kind === 'number' ? { kind, values: columns.numbers(`i${index}`) } : { kind, values: columns.texts(`i${index}`) },
    ]),
  );
}

function rowInputs(
  names: readonly string[],
  columns: Readonly<Record<string, InputColumn>>,
): (row: number) => Record<string, number | string | null> {
  return (row) =>
    Object.fromEntries(
      names.map((name) => {
        const value = columns[name]?.values[row] ?? null;
        return [name, typeof value === 'number' && Number.isNaN(value) ? null : value];
      }),
    );
}
