/** A source that is one file. It is prepared at first use; everything after reads the prepared rows. */
import { DAY_MS, durationMs, epochMs } from '../../domain/time.ts';
import { assemble } from './dataset.ts';
import { landDay } from './landing.ts';
import type { LandingPlaces } from './landing.ts';
import { HoldfastError } from '../../contracts/errors.ts';
import type { DataSource, RowBatch } from './port.ts';
import { prepareSource } from './prepare.ts';
import type { PreparedDay, PreparedSource, SourceDeclaration, SourcePlaces } from './prepare.ts';
import { refusing } from './refusals.ts';
import { readRows, streamRows } from './rows.ts';
import { withSession } from './session.ts';

export type FileSourcePlaces = SourcePlaces & LandingPlaces;

export function openFileSource(declaration: SourceDeclaration, places: FileSourcePlaces): DataSource {
  let preparing: Promise<PreparedSource> | null = null;
  const prepare = (): Promise<PreparedSource> => {
    preparing ??= prepareSource(declaration, places).catch((cause: unknown) => {
      preparing = null; // the file may be repaired while we run
      throw cause;
    });
    return preparing;
  };
  const closesAfterMs = durationMs(declaration.source.closesAfter);

  async function* stream(fromDay: string, untilDay: string): AsyncGenerator<RowBatch> {
    const prepared = await prepare();
    const days = prepared.days.filter(({ day }) => day >= fromDay && day < untilDay);
    yield* streamRows(prepared, days, { order: 'at', from: -Infinity, until: Infinity });
  }

  async function* outcomes(from: number, until: number): AsyncGenerator<RowBatch> {
    const prepared = await prepare();
    yield* streamRows(prepared, prepared.days, { order: 'known_at', from, until });
  }

  return {
    profile: async () => profileOf(await prepare()),
    partitions: async () =>
      (await prepare()).days.map(({ day, rows, withoutPlace }) => ({
        day,
        rows: rows + withoutPlace,
        closesAt: epochMs(day) + DAY_MS + closesAfterMs,
      })),
    readPartition: async (day) => {
      const prepared = await prepare();
      const found = dayOf(prepared, day);
      if (found.rows === 0) {
        throw new HoldfastError('DATA_PARTITION_EMPTY', `partition ${day} has no rows`, {
          remedy: 'land it to have it judged',
        });
      }
      return refusing(`reading partition ${day}`, () =>
        withSession({}, (session) => readRows(session, prepared, [found], { order: 'at', where: 'true' })),
      );
    },
    stream,
    outcomes,
    landPartition: async (day) => {
      const prepared = await prepare();
      const found = dayOf(prepared, day);
      return refusing(`landing partition ${day}`, () => landDay(prepared, declaration, found, places));
    },
    assembleDataset: async (request) => {
      const prepared = await prepare();
      return refusing('assembling a dataset', () => assemble(prepared, declaration, request, places.store));
    },
  };
}

function profileOf(prepared: PreparedSource): Awaited<ReturnType<DataSource['profile']>> {
  const { digest, fileDigest, columns, inputs, labelled, positive, faults, days } = prepared;
  return {
    digest,
    fileDigest,
    rows: days.reduce((sum, day) => sum + day.rows, 0),
    columns,
    inputs,
    labelled,
    positive,
    firstDay: days[0]?.day ?? '',
    lastDay: days.at(-1)?.day ?? '',
    faults,
  };
}

function dayOf(prepared: PreparedSource, day: string): PreparedDay {
  const found = prepared.days.find((candidate) => candidate.day === day);
  if (found !== undefined) return found;
  throw new HoldfastError('DATA_PARTITION_UNKNOWN', `partition ${JSON.stringify(day)} is not in the source`, {
    remedy: `its days run from ${prepared.days[0]?.day} to ${prepared.days.at(-1)?.day}`,
  });
}
