/**
 * Outcome-rate features of past rows, in SQL: the value each row would have been served with. Both sides are cut to whole
 * minutes: an outcome counts for a row at minute t when its minute of arrival lies in (t − lag − age − window, t − lag − age].
 *
 * Instead of joining rows to outcomes (ASOF joins of this size sort for seconds), the minutes that rows ask about are put among
 * the minutes at which outcomes arrived, and one window per key runs over both. Counts are integers until the last division.
 */
import type { OutcomeRateFeature } from '../../contracts/serving.ts';
import { durationMs, MINUTE_MS } from '../../domain/time.ts';
import { literal } from './session.ts';

interface CompiledRate {
  readonly column: string;
  readonly prior: OutcomeRateFeature['prior'];
  readonly key: readonly string[];
  /** lag + age, minutes. */
  readonly offset: number;
  /** Window, minutes. */
  readonly window: number;
}

const minutes = (duration: string): number => durationMs(duration) / MINUTE_MS;

/** Column of the n-th feature; feature names are free words and could be those of other columns. */
export const rateColumn = (index: number): string => `r${index}`;

const compile = (feature: OutcomeRateFeature, index: number): CompiledRate => ({
  column: rateColumn(index),
  prior: feature.prior,
  key: feature.key,
  offset: minutes(feature.lag) + minutes(feature.age),
  window: minutes(feature.window),
});

/** How long before a row its features look for outcomes, milliseconds: from the oldest end of a window to the newest. */
export function lookBackMs(features: readonly OutcomeRateFeature[]): { oldest: number; newest: number } {
  const compiled = features.map(compile);
  return {
    oldest: Math.max(...compiled.map(({ offset, window }) => offset + window)) * MINUTE_MS,
    newest: Math.min(...compiled.map(({ offset }) => offset)) * MINUTE_MS,
  };
}

/**
 * Query over table `asked` (unit, "at", inputs) and table `arrived` (known_at, label, inputs) that yields unit and one DOUBLE
 * column per feature (`rateColumn`).
 */
export function outcomeRateSql(features: readonly OutcomeRateFeature[]): string {
  const groups = new Map<string, CompiledRate[]>();
  for (const rate of features.map(compile)) {
    const id = JSON.stringify(rate.key);
    groups.set(id, [...(groups.get(id) ?? []), rate]);
  }
  const steps: string[] = [];
  const joins: string[] = [];
  const values: string[] = [];
  [...groups.values()].forEach((group, index) => {
    steps.push(countsSql(group, `g${index}`));
    for (const rate of group) {
      const join = `j${values.length}`;
      joins.push(
        `left join g${index} as ${join} on ${join}.minute = asked_minute - ${rate.offset}${sameKey(rate, join)}`,
      );
      values.push(`${valueSql(rate, join)} as ${rate.column}`);
    }
  });
  return `with ${steps.join(', ')}
    select unit, ${values.join(', ')}
    from (select *, "at" // ${MINUTE_MS} as asked_minute from asked) as asked ${joins.join(' ')}`;
}

/** Counts of every window of a group of features with the same key, at every minute that an outcome arrived or a row asks about. */
function countsSql(group: readonly CompiledRate[], name: string): string {
  const key = group[0]?.key ?? [];
  const parts = key.map((input, index) => `inputs[${literal(input)}] as k${index}`);
  const keys = key.map((_, index) => `k${index}`);
  const columns = (list: readonly string[]): string => list.map((column) => `${column}, `).join('');
  const asked = [...new Set(group.map(({ offset }) => offset))].map(
    (offset) =>
      `select ${columns(parts)}"at" // ${MINUTE_MS} - ${offset} as minute, 0 as outcome, 0 as positive from asked`,
  );
  const windows = [...new Set(group.map(({ window }) => window))].map((window) => {
    const frame = `(${keys.length > 0 ? `partition by ${keys.join(', ')} ` : ''}order by minute range between ${window - 1} preceding and current row)`;
    return `sum(outcomes) over ${frame} as outcomes_${window}, sum(positives) over ${frame} as positives_${window}`;
  });
  return `${name} as (
    select ${columns(keys)}minute, ${windows.join(', ')}
    from (
      select ${columns(keys)}minute, sum(outcome) as outcomes, sum(positive) as positives
      from (
        select ${columns(parts)}known_at // ${MINUTE_MS} as minute, 1 as outcome, cast(label = 1 as integer) as positive
        from arrived where label is not null and known_at is not null
        union all ${asked.join(' union all ')}
      ) group by ${columns(keys)}minute
    ))`;
}

const sameKey = (rate: CompiledRate, join: string): string =>
  rate.key.map((input, index) => ` and ${join}.k${index} is not distinct from inputs[${literal(input)}]`).join('');

function valueSql({ prior, window }: CompiledRate, join: string): string {
  const double = (value: number): string => `cast('${value}' as double)`;
  const positives = `${double(prior.weight * prior.rate)} + ${join}.positives_${window}`;
  return `(${positives}) / (${join}.outcomes_${window} + ${double(prior.weight)})`;
}
