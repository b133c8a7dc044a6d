/** SQL that brings the rows of a file into their prepared form. Names of our own begin with two underscores until the last step. */
import { expression, identifier, literal } from './session.ts';
import { scanOf } from './source-file.ts';

export interface RowShape {
  readonly path: string;
  readonly columns: readonly string[];
  /** Expressions, as declared. */
  readonly eventTime: string;
  readonly place: string | null;
  readonly key: readonly string[];
  readonly inputs: readonly { readonly name: string; readonly sql: string; readonly kind: 'number' | 'text' }[];
  readonly label: { readonly expression: string; readonly arrivesAfter: string; readonly valid: string };
}

const UNIT_TEXT_MAX = 180; // a unit travels with at most 200 characters, its ordinal included

/** Rows as they are in the file, with their number, local event time and place. */
export function sourceRowsSql({ path, eventTime, place }: RowShape): string {
  return `create temp table source_rows as
    select row_number() over () as __row, epoch_ms(__time) as __local, cast(__time as date) as __day, * exclude (__time)
    from (select *, try_cast(${expression(eventTime)} as timestamp) as __time,
            ${place === null ? "''" : `cast(${expression(place)} as varchar)`} as __place
          from ${scanOf(path)})`;
}

/**
 * Ordinals of rows whose key occurs more than once (in order of event time, then content, so that an earlier day never depends
 * on a later one) and copy numbers of rows whose whole content does.
 */
export function repeatsSql({ columns, key }: RowShape): string {
  const hashed = `hash(${key.map(expression).join(', ')})`;
  const content = columns.map(identifier).join(', ');
  return `create temp table repeats as
    with repeated as (select ${hashed} as __hash from source_rows group by 1 having count(*) > 1)
    select __row,
      row_number() over (partition by ${keyText(key)} order by __local, ${content}, __row) as __ordinal,
      row_number() over (partition by ${content} order by __row) as __copy
    from source_rows where ${hashed} in (select __hash from repeated)`;
}

/** The prepared rows of a day; with null, the rows of all days that have no place. */
export function partitionSql(shape: RowShape, day: string | null): string {
  const { columns, inputs, label } = shape;
  const which = day === null ? '__offset is null' : `__day = date ${literal(day)} and __offset is not null`;
  const typed = inputs.map(({ name, sql, kind }) => `${identifier(name)} := ${typedInput(sql, kind)}`);
  const kept = columns.map((name) => `${identifier(name)} := ${identifier(name)}`);
  return `
    select unit, "at", partition, known_at, case when known_at is not null and isfinite(label) then label end as label,
      inputs, raw, "copy"
    from (
      select ${unitText(shape.key)} || '#' || coalesce(__ordinal, 1) as unit,
        __local - __offset as "at",
        strftime(__day, '%Y-%m-%d') as partition,
        __local - __offset + ${wholeMinutes(label.arrivesAfter)} * 60000 as known_at,
        case when ${expression(label.valid)} then cast(${expression(label.expression)} as double) end as label,
        struct_pack(${typed.join(', ')}) as inputs,
        struct_pack(${kept.join(', ')}) as raw,
        coalesce(__copy, 1) as "copy"
      from placed left join repeats using (__row)
      where ${which} and __day is not null
    )
    order by "at", unit`;
}

/** Minutes are rounded to the nearest whole one, halves up; a label is never known before its event. */
function wholeMinutes(sql: string): string {
  const minutes = `cast(${expression(sql)} as double)`;
  return `case when isfinite(${minutes}) then greatest(cast(round(${minutes}) as bigint), 0) end`;
}

function typedInput(sql: string, kind: 'number' | 'text'): string {
  if (kind === 'text') return `cast(${expression(sql)} as varchar)`;
  const value = `cast(${expression(sql)} as double)`;
  return `case when isfinite(${value}) then ${value} end`;
}

const keyText = (key: readonly string[]): string =>
  `concat_ws('|', ${key.map((sql) => `coalesce(cast(${expression(sql)} as varchar), '')`).join(', ')})`;

const unitText = (key: readonly string[]): string =>
  `(case when length(${keyText(key)}) <= ${UNIT_TEXT_MAX} then ${keyText(key)} else sha256(${keyText(key)}) end)`;
