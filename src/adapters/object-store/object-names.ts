import { HoldfastError } from '../../contracts/errors.ts';

const DIGEST = /^[0-9a-f]{64}$/;
const FILE_NAME = /^[A-Za-z0-9_=-][A-Za-z0-9._=-]*(?:\/[A-Za-z0-9_=-][A-Za-z0-9._=-]*)*$/;
const FILE_NAME_CHARACTERS_MAX = 512;

/** @throws OBJECT_NAME_INVALID for what is not a SHA-256 in lower-case hex. */
export function checkDigest(digest: string): void {
  if (DIGEST.test(digest)) return;
  throw new HoldfastError(
    'OBJECT_NAME_INVALID',
    `digest ${JSON.stringify(digest)} is not 64 characters of lower-case hex`,
  );
}

/** @throws OBJECT_NAME_INVALID for names that are absolute, hidden, too long, or leave the store. */
export function checkFileName(name: string): void {
  if (FILE_NAME.test(name) && name.length <= FILE_NAME_CHARACTERS_MAX) return;
  throw new HoldfastError(
    'OBJECT_NAME_INVALID',
    `file name ${JSON.stringify(name)} is not a relative path of letters, digits, ".", "_", "=" and "-"`,
  );
}

/** The error of a digest or name under which nothing is stored. */
export function missing(what: string): HoldfastError {
  return new HoldfastError('OBJECT_MISSING', `${what} is not in the object store`);
}

/** The error of an object whose content no longer has its digest. */
export function corrupt(digest: string, found: string): HoldfastError {
  return new HoldfastError('OBJECT_CORRUPT', `object ${digest} has content of digest ${found}`);
}
