import { readFileSync } from 'node:fs';

/** What `npm run verify:gate -- --json docs/concepts/measured/gate.json` kept: by row and measure [value, low, high, replications]. */
export type MeasuredGate = Record<
  string,
  Record<string, readonly [number | null, number | null, number | null, number]>
>;

/** What `npm run verify:heterogeneity -- --json docs/concepts/measured/flights.json` kept. */
export interface MeasuredFlights {
  spreads: Record<string, { mean: number; deviation: number; designEffect: number; daily: number[] }>;
  lines: Array<{
    pair: string;
    delta: string;
    harmMargin: number;
    safeMargin: number;
    verdicts: { startDays: number; harmHourly: number; harmDaily: number; harmAtEnd: number; certifiedAtEnd: number };
    text: Array<number | null>;
  }>;
}

export function readMeasuredGate(): MeasuredGate {
  return JSON.parse(readFileSync('docs/concepts/measured/gate.json', 'utf8')) as MeasuredGate;
}

export function readMeasuredFlights(): MeasuredFlights {
  return JSON.parse(readFileSync('docs/concepts/measured/flights.json', 'utf8')) as MeasuredFlights;
}

/** The value of a measure, or of the end of its interval. @throws RangeError where it was not measured */
export function valueOf(measured: MeasuredGate, row: string, measure: string, part: 0 | 1 | 2 = 0): number {
  const found = measured[row]?.[measure];
  if (found === undefined) throw new RangeError(`no measure "${measure}" of a row "${row}"; measure again`);
  return found[part] ?? Infinity;
}
