import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as statistics from '../../src/domain/statistics/index.ts';
import { decodeNumber, differences } from './compare.ts';
import type { VectorCase, VectorFile } from './compare.ts';
import { evidenceFunctions } from './evidence-functions.ts';
import { gateFunctions } from './gate-functions.ts';
import { qualityFunctions } from './quality-functions.ts';

type VectorFunction = (input: never, expected: never) => unknown;

const functions = new Map<string, VectorFunction>(
  Object.entries({ ...gateFunctions, ...evidenceFunctions, ...qualityFunctions }),
);

/** Their inputs hold texts chosen by users: a category, or a unit, may be called "Infinity". */
const FUNCTIONS_OF_TEXTS: ReadonlySet<string> = new Set(['categoricalDrift', 'matchBlock']);

/** The input with "Infinity", "-Infinity" and "NaN" as numbers; ids, and all of a function of texts, stay what they are. */
function decoded({ fn, input }: VectorCase): unknown {
  if (FUNCTIONS_OF_TEXTS.has(fn)) return input;
  return JSON.parse(JSON.stringify(input), (key, value: unknown) => (key === 'id' ? value : decodeNumber(value)));
}

/** A public function called with `args` in order, as the special functions' cases are written; a number is wrapped as `value`. */
function byArguments(fn: string): VectorFunction | undefined {
  const exported = (statistics as Record<string, unknown>)[fn];
  if (typeof exported !== 'function') return undefined;
  return ({ args }: { args: unknown[] }) => {
    const value: unknown = exported(...args);
    return typeof value === 'number' ? { value } : value;
  };
}

/** The function of a case; a parameter in its name, such as `(quantum=10000)`, is in the input too. */
function functionOf(fn: string): VectorFunction | undefined {
  return functions.get(fn) ?? functions.get(fn.replace(/=[^)]*\)$/, ')')) ?? byArguments(fn);
}

/** Undefined values are null in the vectors; the room refuses to give one, which says the same. */
function isUndefinedValue({ expected }: VectorCase): boolean {
  const values = Object.values(expected as Record<string, unknown>);
  return values.length > 0 && values.every((value) => value === null);
}

/** What the public API answers; a refusal counts as `{ error: code }`. */
function answer(vector: VectorCase): unknown {
  const fn = functionOf(vector.fn);
  if (fn === undefined) return { error: `no function for ${vector.fn}` };
  try {
    return fn(decoded(vector) as never, vector.expected as never);
  } catch (error) {
    if (!(error instanceof statistics.StatisticsError)) return { error: String(error) };
    return isUndefinedValue(vector) ? vector.expected : { error: error.code };
  }
}

export function vectorFileNames(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.json'))
    .sort();
}

/** A file of vectors; null for JSON of another schema. */
export function readVectorFile(directory: string, name: string): VectorFile | null {
  const file = JSON.parse(readFileSync(join(directory, name), 'utf8')) as Partial<VectorFile>;
  if (!Array.isArray(file.cases)) return null;
  return { description: file.description ?? name, tolerance: file.tolerance ?? {}, cases: file.cases };
}

/** The differences of one case, empty when it passes. */
export function checkCase(file: VectorFile, vector: VectorCase): string[] {
  const got = answer(vector);
  const found = differences(file, vector, got);
  const refusal = (got as { error?: unknown } | null)?.error;
  return found.length > 0 && typeof refusal === 'string' ? [`refused: ${refusal}`, ...found] : found;
}
