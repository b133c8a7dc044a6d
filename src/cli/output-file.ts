/** Files that a command is asked to write: what is in the way is said before the work, and in words. */
import { access, constants, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { HoldfastError } from '../contracts/errors.ts';

type NotWritten = 'GATE_CHART_NOT_WRITTEN' | 'REPORT_NOT_WRITTEN' | 'SUMMARY_NOT_WRITTEN';

/** Asked before the work: a minute later it would be a nuisance. @throws `code` where the file cannot be written */
export async function requirePlaceFor(path: string, code: NotWritten): Promise<void> {
  const obstacle = await obstacleAt(path);
  if (obstacle !== null) throw new HoldfastError(code, `"${path}" cannot be written: ${obstacle}`);
}

/** @throws `code` where the file cannot be written */
export async function writeOutput(path: string, text: string, code: NotWritten): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (cause) {
    const obstacle = (await obstacleAt(path)) ?? (cause as Error).message;
    throw new HoldfastError(code, `"${path}" cannot be written: ${obstacle}`, { cause });
  }
}

/** What is in the way, in words; null when nothing is. */
async function obstacleAt(path: string): Promise<string | null> {
  const folder = dirname(path);
  const [there, parent] = await Promise.all([kindOf(path), kindOf(folder)]);
  if (there === 'folder') return 'it is a folder';
  if (parent === null) return `there is no folder "${folder}"`;
  if (parent === 'file') return `"${folder}" is no folder`;
  try {
    await access(there === null ? folder : path, constants.W_OK);
    return null;
  } catch {
    return there === null ? `"${folder}" may not be written by this user` : 'it may not be written by this user';
  }
}

async function kindOf(path: string): Promise<'folder' | 'file' | null> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file';
  } catch {
    return null;
  }
}
