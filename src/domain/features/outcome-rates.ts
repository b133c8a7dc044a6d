/**
 * Outcome rates: shares of recent outcomes with label 1, per key, as they were known at a request's minute.
 *
 * The exact definition, which every other computation of the same declaration (in SQL over the log, in training) must meet to 1e-12:
 *
 * - Only outcomes of revision 0 with a label count; corrections and invalid outcomes (label null) do not. Each counts once.
 * - minute(x) = floor(x / 60,000 ms) for an instant in epoch milliseconds, so minutes are cut in UTC.
 * - For a request at `at`, with lag, age and window in whole minutes: hi = minute(at) − lag − age, lo = hi − window.
 *   An outcome counts when lo < minute(knownAt) <= hi: the older end is open, the younger closed.
 * - The key of an outcome or a request is the list of its inputs named in `key`, in that order, each compared as text
 *   (`String(value)`, null and absent alike are one value of their own). An empty key: every outcome counts.
 * - outcomes = how many count, positives = how many of them have label exactly 1: integers.
 * - value = (positives + prior.weight × prior.rate) / (outcomes + prior.weight): one product, two sums, one division, in doubles.
 *
 * A lag of at least one minute makes the value independent of the order and the concurrency in which outcomes and requests arrive,
 * as long as an outcome is observed before event time is `lag` past the minute it became known.
 */
import { durationMs, MINUTE_MS } from '../time.ts';

export interface OutcomeRateDeclaration {
  readonly name: string;
  readonly key: readonly string[];
  readonly window: string;
  readonly lag: string;
  readonly age: string;
  readonly prior: { readonly rate: number; readonly weight: number };
}

type Inputs = Readonly<Record<string, number | string | null>>;

export interface ObservedOutcome {
  /** Event time at which it became known, epoch milliseconds. */
  readonly knownAt: number;
  readonly label: number | null;
  readonly inputs: Inputs;
}

export interface OutcomeRates {
  /** Takes one outcome in. The caller passes each outcome once, revision 0 only. */
  observe(outcome: ObservedOutcome): void;
  /** Value of every declared feature for a request at `at` (epoch milliseconds), by feature name. */
  valuesAt(at: number, inputs: Inputs): Record<string, number>;
  /** Latest `knownAt` taken in, epoch milliseconds; null before the first. */
  through(): number | null;
  /** How far before the latest outcome an outcome can still matter to a request at that time, milliseconds. */
  readonly horizonMs: number;
}

/** Outcomes of one key by minute of arrival, with running totals, so that any span is two look-ups and a subtraction. */
interface Series {
  minutes: number[];
  /** Totals up to and including the minute of the same index. */
  outcomes: number[];
  positives: number[];
  /** Totals of what was pruned away before index 0. */
  outcomesBefore: number;
  positivesBefore: number;
}

interface KeyGroup {
  readonly key: readonly string[];
  readonly series: Map<string, Series>;
  /** Number of keys at which those without a recent outcome are dropped next. */
  sweepAtKeys: number;
  readonly features: readonly CompiledFeature[];
  readonly keptMinutes: number;
}

interface CompiledFeature {
  readonly name: string;
  readonly windowMinutes: number;
  readonly offsetMinutes: number;
  readonly priorPositives: number;
  readonly priorWeight: number;
}

/** Requests and outcomes this much older than the latest outcome are still answered exactly; beyond, state is pruned. */
const LATE_MINUTES = 24 * 60;
/** A series is cut once this many of its minutes are beyond reach: rare enough to cost nothing, often enough to bound memory. */
const PRUNE_BATCH_MINUTES = 512;
/** Keys are the sender's words, so their number has no bound of its own: silent ones are dropped whenever it has doubled. */
const SWEEP_KEYS_MIN = 10_000;

/**
 * Online state of declared outcome-rate features. Exact for requests up to a day older than the latest outcome.
 * @throws RangeError naming the feature, for a window, lag or age that is not whole minutes, an empty window, or a lag below a minute.
 */
export function createOutcomeRates(declarations: readonly OutcomeRateDeclaration[]): OutcomeRates {
  const groups = groupByKey(declarations);
  const keptMinutes = groups.reduce((most, group) => Math.max(most, group.keptMinutes), 0);
  let through: number | null = null;
  return {
    horizonMs: (keptMinutes + LATE_MINUTES) * MINUTE_MS,
    through: () => through,
    observe(outcome) {
      if (through === null || outcome.knownAt > through) through = outcome.knownAt;
      if (outcome.label === null) return;
      const minute = Math.floor(outcome.knownAt / MINUTE_MS);
      const latestMinute = Math.floor(through / MINUTE_MS);
      for (const group of groups) observeIn(group, outcome, minute, latestMinute);
    },
    valuesAt(at, inputs) {
      const minute = Math.floor(at / MINUTE_MS);
      const values: Record<string, number> = {};
      for (const group of groups) {
        const series = group.series.get(keyOf(group.key, inputs));
        for (const feature of group.features) values[feature.name] = rateAt(series, feature, minute);
      }
      return values;
    },
  };
}

function groupByKey(declarations: readonly OutcomeRateDeclaration[]): KeyGroup[] {
  const byKey = new Map<string, OutcomeRateDeclaration[]>();
  for (const declaration of declarations) {
    const id = JSON.stringify(declaration.key);
    byKey.set(id, [...(byKey.get(id) ?? []), declaration]);
  }
  return [...byKey.values()].map((declared) => {
    const features = declared.map(compile);
    return {
      key: declared[0]?.key ?? [],
      series: new Map<string, Series>(),
      sweepAtKeys: SWEEP_KEYS_MIN,
      features,
      keptMinutes: Math.max(...features.map((feature) => feature.offsetMinutes + feature.windowMinutes)),
    };
  });
}

function compile(declaration: OutcomeRateDeclaration): CompiledFeature {
  const { rate, weight } = declaration.prior;
  const windowMinutes = wholeMinutes(declaration, 'window', 1);
  const offsetMinutes = wholeMinutes(declaration, 'lag', 1) + wholeMinutes(declaration, 'age', 0);
  return { name: declaration.name, windowMinutes, offsetMinutes, priorPositives: weight * rate, priorWeight: weight };
}

function wholeMinutes(declaration: OutcomeRateDeclaration, field: 'window' | 'lag' | 'age', least: number): number {
  const minutes = durationMs(declaration[field]) / MINUTE_MS;
  if (!Number.isInteger(minutes) || minutes < least) {
    throw new RangeError(
      `feature ${declaration.name}: ${field} ${JSON.stringify(declaration[field])} must be whole minutes, at least ${least}; write for example "PT15M"`,
    );
  }
  return minutes;
}

/** One text per list of key values; the mark before each value keeps null apart from the text "null". */
function keyOf(key: readonly string[], inputs: Inputs): string {
  if (key.length === 0) return '';
  if (key.length === 1) return keyPart(inputs[key[0] ?? '']);
  let text = '';
  for (const name of key) {
    const part = keyPart(inputs[name]);
    text += `${part.length}:${part}`;
  }
  return text;
}

function keyPart(value: number | string | null | undefined): string {
  return value === null || value === undefined ? '-' : `=${value}`;
}

function observeIn(group: KeyGroup, outcome: ObservedOutcome, minute: number, latestMinute: number): void {
  const key = keyOf(group.key, outcome.inputs);
  const oldestMinute = latestMinute - group.keptMinutes - LATE_MINUTES;
  if (minute <= oldestMinute) return;
  let series = group.series.get(key);
  if (series === undefined) {
    if (group.series.size >= group.sweepAtKeys) sweep(group, oldestMinute);
    series = { minutes: [], outcomes: [], positives: [], outcomesBefore: 0, positivesBefore: 0 };
    group.series.set(key, series);
  }
  insert(series, minute, outcome.label === 1 ? 1 : 0);
  prune(series, oldestMinute);
}

function sweep(group: KeyGroup, oldestMinute: number): void {
  for (const [key, series] of group.series) {
    if ((series.minutes.at(-1) ?? 0) <= oldestMinute) group.series.delete(key);
  }
  group.sweepAtKeys = Math.max(SWEEP_KEYS_MIN, 2 * group.series.size);
}

function insert(series: Series, minute: number, positive: 0 | 1): void {
  const { minutes, outcomes, positives } = series;
  let index = minutes.length;
  while (index > 0 && (minutes[index - 1] ?? 0) > minute) index--;
  if (index === 0 || minutes[index - 1] !== minute) {
    minutes.splice(index, 0, minute);
    outcomes.splice(index, 0, outcomes[index - 1] ?? series.outcomesBefore);
    positives.splice(index, 0, positives[index - 1] ?? series.positivesBefore);
    index++;
  }
  for (let later = index - 1; later < minutes.length; later++) {
    outcomes[later] = (outcomes[later] ?? 0) + 1;
    positives[later] = (positives[later] ?? 0) + positive;
  }
}

function prune(series: Series, oldestMinute: number): void {
  if ((series.minutes[PRUNE_BATCH_MINUTES] ?? Number.POSITIVE_INFINITY) > oldestMinute) return;
  const cut = countUpTo(series.minutes, oldestMinute);
  series.outcomesBefore = series.outcomes[cut - 1] ?? series.outcomesBefore;
  series.positivesBefore = series.positives[cut - 1] ?? series.positivesBefore;
  series.minutes = series.minutes.slice(cut);
  series.outcomes = series.outcomes.slice(cut);
  series.positives = series.positives.slice(cut);
}

function rateAt(series: Series | undefined, feature: CompiledFeature, minute: number): number {
  if (series === undefined) return feature.priorPositives / feature.priorWeight;
  const high = minute - feature.offsetMinutes;
  const highCount = countUpTo(series.minutes, high);
  const lowCount = countUpTo(series.minutes, high - feature.windowMinutes);
  if (highCount === lowCount) return feature.priorPositives / feature.priorWeight;
  const outcomes =
    totalAt(series.outcomes, highCount, series.outcomesBefore) -
    totalAt(series.outcomes, lowCount, series.outcomesBefore);
  const positives =
    totalAt(series.positives, highCount, series.positivesBefore) -
    totalAt(series.positives, lowCount, series.positivesBefore);
  return (positives + feature.priorPositives) / (outcomes + feature.priorWeight);
}

function totalAt(totals: readonly number[], count: number, before: number): number {
  return count === 0 ? before : (totals[count - 1] ?? before);
}

/** How many of the ascending minutes are at or before `limit`. */
function countUpTo(minutes: readonly number[], limit: number): number {
  let low = 0;
  let high = minutes.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((minutes[middle] ?? 0) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
