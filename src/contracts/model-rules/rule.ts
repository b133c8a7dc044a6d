/**
 * Rules between fields, which a schema of each field cannot say. A rule names the sections it reads and runs when those are sound,
 * so that one broken section does not hide the faults of the others.
 */
import { closestName } from '../../domain/closest-name.ts';
import { durationMs, MINUTE_MS } from '../../domain/time.ts';
import { choices } from '../model-fault.ts';
import type { FaultPath } from '../model-fault.ts';
import type { ModelDeclaration } from '../model.ts';

export type Section = keyof ModelDeclaration;

/** A fault as a rule states it; the value as written is added from the file. */
export interface RuleFault {
  readonly path: FaultPath;
  readonly at?: 'key' | 'value';
  readonly problem: string;
  readonly allowed?: string | null;
  readonly remedy?: string | null;
}

export interface Rule {
  readonly needs: readonly Section[];
  readonly check: (model: ModelDeclaration) => Iterable<RuleFault>;
}

/** A rule over the named sections; its check can read no others. */
export function rule<const S extends Section>(
  needs: readonly S[],
  check: (model: Pick<ModelDeclaration, S>) => Iterable<RuleFault>,
): Rule {
  return { needs, check };
}

/** Fault of a name that refers to nothing declared. */
export function unknownName(path: FaultPath, written: string, what: string, known: readonly string[]): RuleFault {
  const near = closestName(written, known);
  return {
    path,
    problem: `names no ${what}`,
    allowed: known.length === 0 ? null : choices([...new Set(known)]),
    remedy:
      near === null
        ? known.length === 0
          ? 'none is declared'
          : 'declare it or name one that is'
        : `did you mean "${near}"?`,
  };
}

/** Faults of names that occur again; the first occurrence stands. */
export function* repeated(
  names: readonly string[],
  what: string,
  place: (index: number) => FaultPath,
): Generator<RuleFault> {
  const seen = new Map<string, number>();
  for (const [index, name] of names.entries()) {
    const first = seen.get(name);
    if (first === undefined) seen.set(name, index);
    else yield { path: place(index), problem: `repeats ${what} ${first + 1}`, remedy: 'give each its own name' };
  }
}

/** Milliseconds of a duration that may not be one; null then. */
export function lengthMs(iso: string): number | null {
  try {
    return durationMs(iso);
  } catch {
    return null;
  }
}

/** Whether a length is a whole number of minutes. */
export const isWholeMinutes = (ms: number): boolean => ms % MINUTE_MS === 0;
