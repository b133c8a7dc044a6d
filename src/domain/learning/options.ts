import { closestName } from '../closest-name.ts';
import { LearningError } from './learning-error.ts';

export interface OptionRange {
  default: number;
  min: number;
  max: number;
  integer: boolean;
  meaning: string;
}

type OptionTable = Readonly<Record<string, OptionRange>>;
export type OptionValues<T extends OptionTable> = { readonly [K in keyof T]: number };

/** One line of an option table. */
export const range = (preset: number, min: number, max: number, meaning: string, integer = true): OptionRange => ({
  default: preset,
  min,
  max,
  integer,
  meaning,
});

/**
 * Fills in defaults and refuses what is unknown or out of range: a misspelt option must not silently train another model.
 * @throws LearningError LEARNING_OPTION_INVALID
 */
export function readOptions<T extends OptionTable>(
  table: T,
  given: Readonly<Record<string, unknown>>,
): OptionValues<T> {
  const values: Record<string, number> = {};
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(table, name)) continue;
    const meant = closestName(name, Object.keys(table));
    const remedy = meant === null ? `options are ${Object.keys(table).join(', ')}` : `did you mean '${meant}'?`;
    throw new LearningError('LEARNING_OPTION_INVALID', name, `is no option; ${remedy}`);
  }
  for (const [name, range] of Object.entries(table)) {
    const value = given[name] ?? range.default;
    const legal =
      typeof value === 'number' &&
      value >= range.min &&
      value <= range.max &&
      (!range.integer || Number.isInteger(value));
    if (!legal)
      throw new LearningError(
        'LEARNING_OPTION_INVALID',
        name,
        `is ${JSON.stringify(value)}; allowed is ${range.integer ? 'an integer' : 'a number'} in ${range.min}…${range.max}`,
      );
    values[name] = value;
  }
  return values as OptionValues<T>;
}
