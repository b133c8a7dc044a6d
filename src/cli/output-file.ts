/** Files that a command is asked to write: what is in the way is said before the work, and in words. */
import { access, constants, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { HoldfastError } from '../contracts/errors.ts';

type NotWritten = 'GATE_CHART_NOT_WRITTEN' | 'REPORT_NOT_WRITTEN';

/** Asked before the work: a minute later it would be a nuisance. @throws `code` where the folder of the file is not there or not ours */
export async function requirePlaceFor(path: string, code: NotWritten): Promise<void> {
  await orNotWritten(path, code, () => access(dirname(path), constants.W_OK));
}

/** @throws `code` where the file cannot be written */
export async function writeOutput(path: string, text: string, code: NotWritten): Promise<void> {
  await orNotWritten(path, code, () => writeFile(path, text));
}

async function orNotWritten(path: string, code: NotWritten, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    throw new HoldfastError(code, `${path} cannot be written: ${(cause as Error).message}`, { cause });
  }
}
