/** Gives every source row the offset of its place, so that its local event time becomes an instant. */
import type { ModelDeclaration } from '../../contracts/model.ts';
import { HoldfastError } from '../../contracts/errors.ts';
import type { SourceFault } from './port.ts';
import { identifier, literal } from './session.ts';
import type { Session } from './session.ts';
import { missingColumn, scanOf, describeFile } from './source-file.ts';
import { offsetSpans, zoneOfPlace } from './time-zone.ts';

type TimeZone = ModelDeclaration['source']['timeZone'];
type PlaceTable = Exclude<TimeZone, string>;

const LISTED_MAX = 20;
const INSERT_ROWS = 500;

/**
 * Creates the view `placed`: `source_rows` with `__offset` (milliseconds, local − UTC); null where the row names no place.
 * @throws DATA_PLACE_MISSING listing the places that are not in the table, DATA_TIME_ZONE_UNKNOWN
 */
export async function placeRows(session: Session, timeZone: TimeZone, table: string | null): Promise<SourceFault[]> {
  const zones =
    typeof timeZone === 'string' ? new Map([['', timeZone]]) : await zonesOfPlaces(session, timeZone, table);
  await session.run('create temp table offsets (__at_place varchar, __from bigint, __until bigint, __offset bigint)');
  const [range] = await session.rows<{ first: number; last: number }>(
    'select min(__local) as first, max(__local) as last from source_rows',
  );
  const spans = new Map(
    [...new Set(zones.values())].map((zone) => [zone, offsetSpans(zone, range?.first ?? 0, range?.last ?? 0)]),
  );
  const values = [...zones].flatMap(([place, zone]) =>
    (spans.get(zone) ?? []).map(({ from, until, offsetMs }) => `(${literal(place)}, ${from}, ${until}, ${offsetMs})`),
  );
  for (let start = 0; start < values.length; start += INSERT_ROWS) {
    await session.run(`insert into offsets values ${values.slice(start, start + INSERT_ROWS).join(', ')}`);
  }
  await session.run(`create temp view placed as select source_rows.*, __offset from source_rows
    left join offsets on __at_place = __place and __local >= __from and __local < __until`);
  return rowsWithoutPlace(session);
}

async function rowsWithoutPlace(session: Session): Promise<SourceFault[]> {
  const [missing] = await session.rows<{ rows: number; row: number | null }>(
    'select count(*) as rows, min(__row) as row from source_rows where __place is null and __day is not null',
  );
  if (missing === undefined || missing.rows === 0) return [];
  return [
    {
      code: 'DATA_PLACE_MISSING',
      message: `source.timeZone.key is empty in ${missing.rows} rows, the first is row ${missing.row}`,
      remedy: 'fill in the place; until then these rows have no instant, and land in quarantine',
      rows: missing.rows,
    },
  ];
}

async function zonesOfPlaces(session: Session, table: PlaceTable, path: string | null): Promise<Map<string, string>> {
  if (path === null) throw new TypeError('a time zone of places needs its table');
  const columns = await describeFile(session, path);
  for (const field of ['match', 'latitude', 'longitude'] as const) {
    if (columns.some((column) => column.name.toLowerCase() === table[field].toLowerCase())) continue;
    throw missingColumn(`source.timeZone.${field}`, table[field], columns);
  }
  const places = await session.rows<{ place: string; latitude: number | null; longitude: number | null }>(
    `select __place as place, min(cast(${identifier(table.latitude)} as double)) as latitude,
       arg_min(cast(${identifier(table.longitude)} as double), cast(${identifier(table.latitude)} as double)) as longitude
     from (select distinct __place from source_rows where __place is not null)
     left join ${scanOf(path)} on cast(${identifier(table.match)} as varchar) = __place
     group by __place order by __place`,
  );
  const zones = new Map<string, string>();
  const unknown: string[] = [];
  for (const { place, latitude, longitude } of places) {
    const zone = latitude === null || longitude === null ? null : zoneOfPlace(latitude, longitude);
    if (zone === null) unknown.push(place);
    else zones.set(place, zone);
  }
  if (unknown.length === 0) return zones;
  const listed = unknown.slice(0, LISTED_MAX).map((place) => JSON.stringify(place));
  const more = unknown.length > LISTED_MAX ? ` and ${unknown.length - LISTED_MAX} more` : '';
  throw new HoldfastError(
    'DATA_PLACE_MISSING',
    `source.timeZone.file has no usable place for ${listed.join(', ')}${more}`,
    { remedy: `add rows with ${table.match}, ${table.latitude} and ${table.longitude} for them` },
  );
}
