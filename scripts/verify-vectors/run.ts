import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeNumber, differences } from './compare.ts';
import type { VectorCase, VectorFile } from './compare.ts';
import { distributionFunctions } from './distribution-functions.ts';
import { evidenceFunctions } from './evidence-functions.ts';
import { gateFunctions } from './gate-functions.ts';
import { qualityFunctions } from './quality-functions.ts';

const functions: Record<string, (input: never, expected: never) => unknown> = {
  ...gateFunctions,
  ...evidenceFunctions,
  ...distributionFunctions,
  ...qualityFunctions,
};

/** The input with "Infinity" and "-Infinity" as numbers; categories stay the strings they are. */
function decoded(input: unknown): unknown {
  return JSON.parse(JSON.stringify(input), (key, value: unknown) =>
    typeof value === 'string' && key !== 'id' ? decodeNumber(value) : value,
  );
}

/** What the public API answers; a refusal counts as `{ error: code }`. */
function answer(vector: VectorCase): unknown {
  const fn = functions[vector.fn];
  if (fn === undefined) return { error: `no function for ${vector.fn}` };
  try {
    return fn(decoded(vector.input) as never, vector.expected as never);
  } catch (error) {
    return { error: error instanceof Error && 'code' in error ? error.code : String(error) };
  }
}

export function vectorFileNames(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.json'))
    .sort();
}

export function readVectorFile(directory: string, name: string): VectorFile {
  return JSON.parse(readFileSync(join(directory, name), 'utf8')) as VectorFile;
}

/** The differences of one case, empty when it passes. */
export function checkCase(file: VectorFile, vector: VectorCase): string[] {
  return differences(file, vector, answer(vector));
}
