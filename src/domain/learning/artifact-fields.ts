import { LearningError } from './learning-error.ts';

/** Refuses a malformed artifact, naming the field. */
export function refuseField(field: string, found: unknown, expected: string): never {
  const shown = Array.isArray(found) ? `an array of ${found.length}` : JSON.stringify(found)?.slice(0, 60);
  throw new LearningError('LEARNING_ARTIFACT_MALFORMED', field, `is ${shown}; expected ${expected}`);
}

export function readRecord(value: unknown, field: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuseField(field, value, 'an object');
  return value as Record<string, unknown>;
}

/** An array of `length` entries, each accepted by `isLegal`. */
export function readList<T>(
  value: unknown,
  field: string,
  length: number | null,
  expected: string,
  isLegal: (entry: unknown) => entry is T,
): T[] {
  if (!Array.isArray(value) || (length !== null && value.length !== length))
    refuseField(field, value, length === null ? 'an array' : `an array of ${length}`);
  const wrong = value.findIndex((entry) => !isLegal(entry));
  if (wrong >= 0) refuseField(`${field}[${wrong}]`, value[wrong], expected);
  return value as T[];
}

export const isFinite = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
export const isText = (value: unknown): value is string => typeof value === 'string';
export const isBit = (value: unknown): value is number => value === 0 || value === 1;
export const isWord = (value: unknown): value is number =>
  typeof value === 'number' && value >= 0 && value < 2 ** 32 && Number.isInteger(value);

export function readNumber(value: unknown, field: string): number {
  if (!isFinite(value)) refuseField(field, value, 'a finite number');
  return value;
}

export function readOneOf<T extends string | number>(value: unknown, field: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === value);
  return found ?? refuseField(field, value, allowed.map((one) => JSON.stringify(one)).join(' or '));
}
