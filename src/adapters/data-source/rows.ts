/** Reading prepared rows as columns. */
import { DAY_MS, isoDay } from '../../domain/time.ts';
import type { EpochMs } from '../../domain/time.ts';
import type { InputColumn, RowBatch } from './port.ts';
import { partitionFile } from './prepare.ts';
import type { PreparedDay, PreparedSource } from './prepare.ts';
import { refusing } from './refusals.ts';
import { literal, openSession } from './session.ts';
import type { Session } from './session.ts';

/** The rows of the given days that satisfy a condition, in order of (`order`, unit). */
export async function readRows(
  session: Session,
  prepared: PreparedSource,
  days: readonly PreparedDay[],
  { order, where }: { order: 'at' | 'known_at'; where: string },
): Promise<RowBatch> {
  const files = days.filter((day) => day.rows > 0).map((day) => literal(partitionFile(prepared, day.day)));
  if (files.length === 0) return emptyBatch(prepared);
  const inputs = prepared.inputs.map(({ name }, index) => `inputs[${literal(name)}] as i${index}`);
  const columns = await session.columns(
    `select unit, cast("at" as double) as "at", cast(known_at as double) as known_at, label, ${inputs.join(', ')}
     from read_parquet([${files.join(', ')}]) where ${where} order by ${order === 'at' ? '"at"' : 'known_at'}, unit`,
  );
  const unit = columns.texts('unit') as string[];
  return {
    rows: columns.rows,
    unit,
    requestId: unit,
    at: columns.numbers('at'),
    knownAt: columns.numbers('known_at'),
    label: columns.numbers('label'),
    inputs: Object.fromEntries(
      prepared.inputs.map(({ name, kind }, index): [string, InputColumn] => [
        name,
        kind === 'number'
          ? { kind, values: columns.numbers(`i${index}`) }
          : { kind, values: columns.texts(`i${index}`) },
      ]),
    ),
  };
}

function emptyBatch(prepared: PreparedSource): RowBatch {
  const none = new Float64Array(0);
  const inputs = prepared.inputs.map(({ name, kind }): [string, InputColumn] => [
    name,
    kind === 'number' ? { kind, values: none } : { kind, values: [] },
  ]);
  return { rows: 0, unit: [], requestId: [], at: none, knownAt: none, label: none, inputs: Object.fromEntries(inputs) };
}

/** The rows of the given days a UTC day of `order` at a time: partitions are local days, so neighbours overlap. */
export async function* streamRows(
  prepared: PreparedSource,
  days: readonly PreparedDay[],
  { order, from, until }: { order: 'at' | 'known_at'; from: EpochMs; until: EpochMs },
): AsyncGenerator<RowBatch> {
  const spans = days.map((day) =>
    order === 'at'
      ? { day, first: day.firstAt, last: day.lastAt }
      : { day, first: day.firstKnownAt, last: day.lastKnownAt },
  );
  const present = spans.filter(({ day, first }) => day.rows > 0 && first !== null);
  const first = Math.max(from, Math.min(...present.map((span) => Number(span.first))));
  const last = Math.min(until - 1, Math.max(...present.map((span) => Number(span.last))));
  const column = order === 'at' ? '"at"' : 'known_at';
  const { session, close } = await openSession({});
  try {
    for (let start = Math.floor(first / DAY_MS) * DAY_MS; start <= last; start += DAY_MS) {
      const low = Math.max(start, from);
      const high = Math.min(start + DAY_MS, until);
      const touched = present.filter((span) => Number(span.first) < high && Number(span.last) >= low);
      if (touched.length === 0) continue;
      const where = `${column} >= ${low} and ${column} < ${high}`;
      const batch = await refusing(`streaming ${isoDay(start)}`, () =>
        readRows(
          session,
          prepared,
          touched.map((span) => span.day),
          { order, where },
        ),
      );
      if (batch.rows > 0) yield batch;
    }
  } finally {
    close();
  }
}
