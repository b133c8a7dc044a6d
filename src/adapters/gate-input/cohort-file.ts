import { readFile } from 'node:fs/promises';
import { HoldfastError } from '../../contracts/errors.ts';
import { checkCohort } from '../../contracts/gate-cohorts.ts';
import { faultInWords } from '../../contracts/model-fault.ts';
import type { Cohort } from '../../domain/statistics/index.ts';
import { requireFile } from './index.ts';
import { unreadable } from './text-table.ts';

/** Faults that are told one by one. */
const TOLD_MAX = 10;

/** See {@link ReadCohortFile}. */
export async function readCohortFile(path: string): Promise<Cohort[]> {
  await requireFile(path);
  const lines = (await textOf(path)).split('\n');
  const cohorts: Cohort[] = [];
  const faults: string[] = [];
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue;
    const read = recordOf(line);
    if (read.faults === null) cohorts.push(read.value);
    else faults.push(...read.faults.map((fault) => `${path}:${index + 1}  ${fault}`));
  }
  if (faults.length > 0) throw invalid(faults);
  if (cohorts.length === 0) throw new HoldfastError('GATE_FILE_EMPTY', `${path}  has no cohort records`);
  return cohorts;
}

async function textOf(path: string): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path));
  } catch {
    throw unreadable(path, null, 'is not UTF-8 text');
  }
}

function recordOf(line: string): { value: Cohort; faults: null } | { value: null; faults: string[] } {
  let content: unknown;
  try {
    content = JSON.parse(line);
  } catch (error) {
    return { value: null, faults: [`is no JSON: ${(error as Error).message}`] };
  }
  const { value, faults } = checkCohort(content);
  return faults === null ? { value, faults } : { value: null, faults: faults.map(faultInWords) };
}

function invalid(faults: readonly string[]): HoldfastError {
  const told = faults.slice(0, TOLD_MAX);
  if (faults.length > TOLD_MAX) told.push(`and ${faults.length - TOLD_MAX} more`);
  return new HoldfastError('GATE_COHORTS_INVALID', told.join('\n'), { details: faults });
}
