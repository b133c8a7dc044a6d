/** Text that a command is asked to read: what is wrong with the file is said in the words of every other file. */
import { readFile } from 'node:fs/promises';
import { text as textOf } from 'node:stream/consumers';
import { HoldfastError } from '../contracts/errors.ts';
import type { ErrorCode } from '../contracts/errors.ts';

const STANDARD_INPUT = '-';

/** Reasons by the code of the failure; of a file that is there. */
const REASONS: Readonly<Record<string, string>> = {
  EISDIR: 'is a folder',
  EACCES: 'may not be read by this user',
  ERR_ENCODING_INVALID_ENCODED_DATA: 'is not UTF-8 text',
};

/** @param path `-`: standard input. @throws `notFound`, `unreadable` */
export async function readInput(path: string, notFound: ErrorCode, unreadable: ErrorCode): Promise<string> {
  try {
    if (path === STANDARD_INPUT) return await textOf(process.stdin);
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path));
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new HoldfastError(notFound, `there is no file at "${path}"`, { cause });
    throw new HoldfastError(unreadable, `"${path}" ${REASONS[code] ?? `cannot be read (${code})`}`, { cause });
  }
}
