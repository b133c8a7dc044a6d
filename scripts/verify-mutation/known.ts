import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import type { SourceMapPayload } from 'node:module';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Mutant } from './mutants.ts';
import type { Outcome } from './run.ts';

/** Mutants that are known to live, by the reason why. A line is quoted, not numbered: edits elsewhere do not move it. */
export interface Known {
  reason: string;
  /** Whether no input tells them apart, which the reason must argue; else they survive and count against the tests. */
  isEquivalent: boolean;
  mutants: KnownMutant[];
}

interface KnownMutant {
  file: string;
  line: string;
  from: string;
  to: string;
  /** Which of equal changes to equal lines of the file, from 1; all of them when absent. */
  nth?: number;
}

/** Where a mutant is in the code as it was written, line from 1, with the line's text. */
export interface Place {
  file: string;
  line: number;
  text: string;
}

/** Outcomes by what they say, and what is wrong with the list of known ones. */
export interface Sorted {
  killed: Outcome[];
  equivalent: Outcome[];
  survivors: Array<Outcome & { reason: string | null }>;
  wrong: string[];
}

const texts = new Map<string, { map: SourceMap; file: string; written: string[] }>();

function textsOf(url: string): { map: SourceMap; file: string; written: string[] } {
  const read = texts.get(url);
  if (read !== undefined) return read;
  const map = new SourceMap(JSON.parse(readFileSync(`${fileURLToPath(url)}.map`, 'utf8')) as SourceMapPayload);
  const source = fileURLToPath(new URL(map.payload.sources[0]!, url));
  const found = { map, file: relative('', source), written: readFileSync(source, 'utf8').split('\n') };
  texts.set(url, found);
  return found;
}

export function placeOf({ url, line, column }: Mutant): Place {
  const { map, file, written } = textsOf(url);
  const entry = map.findEntry(line - 1, column);
  const at = 'originalLine' in entry ? entry.originalLine : line - 1;
  return { file, line: at + 1, text: written[at]!.trim() };
}

export function readKnown(path: string): Known[] {
  return JSON.parse(readFileSync(path, 'utf8')) as Known[];
}

interface Entry {
  reason: string;
  isEquivalent: boolean;
  what: string;
  isUsed: boolean;
}

const keyOf = (...parts: Array<string | number>) => JSON.stringify(parts);

/** The list by file, line, change, and number among equal ones (0: all of them). */
function listed(groups: readonly Known[]): Map<string, Entry> {
  return new Map(
    groups.flatMap(({ reason, isEquivalent, mutants }) =>
      mutants.map(({ file, line, from, to, nth = 0 }): [string, Entry] => [
        keyOf(file, line, from, to, nth),
        { reason, isEquivalent, what: `${file}: ${line}: ${from} → ${to}`, isUsed: false },
      ]),
    ),
  );
}

/**
 * Sorts what became of the mutants. A mutant on the list that a test notices, or a listed one that is no more, makes the list wrong.
 *
 * @param isWhole whether all files were mutated, so that every entry must be found
 */
export function sortOut(outcomes: readonly Outcome[], groups: readonly Known[], isWhole: boolean): Sorted {
  const list = listed(groups);
  const seen = new Map<string, number>();
  const sorted: Sorted = { killed: [], equivalent: [], survivors: [], wrong: [] };
  for (const outcome of outcomes) {
    const { mutant, killer } = outcome;
    const { file, text } = placeOf(mutant);
    const change = [file, text, mutant.from, mutant.to.trim()];
    const nth = (seen.get(keyOf(...change)) ?? 0) + 1;
    seen.set(keyOf(...change), nth);
    const entry = list.get(keyOf(...change, 0)) ?? list.get(keyOf(...change, nth));
    if (entry !== undefined) entry.isUsed = true;
    if (killer !== null && entry !== undefined)
      sorted.wrong.push(`listed as living, but noticed by "${killer}": ${entry.what}`);
    if (killer !== null) sorted.killed.push(outcome);
    else if (entry?.isEquivalent === true) sorted.equivalent.push(outcome);
    else sorted.survivors.push({ ...outcome, reason: entry?.reason ?? null });
  }
  for (const { what, isUsed } of list.values())
    if (isWhole && !isUsed) sorted.wrong.push(`listed as living, but no such mutant: ${what}`);
  return sorted;
}
