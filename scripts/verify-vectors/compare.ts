import { boundFor, isWithin, widenedFor } from './tolerance.ts';
import type { Tolerance } from './tolerance.ts';

export interface VectorCase {
  id: string;
  fn: string;
  input: unknown;
  expected: unknown;
}

export interface VectorFile {
  description: string;
  tolerance: Tolerance;
  cases: VectorCase[];
}

/** JSON has no infinities and no NaN: vectors write them as strings. */
export function decodeNumber(value: unknown): unknown {
  return value === 'Infinity' || value === '-Infinity' || value === 'NaN' ? Number(value) : value;
}

/** Where `got` differs from what the case expects, as `path: got, want`. Every expected field must be there. */
export function differences(file: VectorFile, vector: VectorCase, got: unknown): string[] {
  const found: string[] = [];
  const compare = (actual: unknown, wanted: unknown, path: string[]): void => {
    const want = typeof actual === 'string' ? wanted : decodeNumber(wanted);
    if (typeof want === 'number' && typeof actual === 'number') {
      const bound = widenedFor(boundFor(file.tolerance, vector.fn, path), vector.input, want);
      if (!isWithin(actual, want, bound)) found.push(`${path.join('.')}: got ${actual}, want ${want}`);
      return;
    }
    if (typeof want === 'object' && want !== null && typeof actual === 'object' && actual !== null) {
      if (Array.isArray(want) && Array.isArray(actual) && want.length !== actual.length) {
        found.push(`${path.join('.')}: got ${actual.length} entries, want ${want.length}`);
        return;
      }
      for (const [key, value] of Object.entries(want))
        compare((actual as Record<string, unknown>)[key], value, [...path, key]);
      return;
    }
    if (actual !== want) found.push(`${path.join('.')}: got ${JSON.stringify(actual)}, want ${JSON.stringify(wanted)}`);
  };
  compare(got, vector.expected, []);
  return found;
}
