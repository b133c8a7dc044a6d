import { createHash } from 'node:crypto';
import { canonicalJson } from '../../domain/canonical-json.ts';
import { HoldfastError } from '../../contracts/errors.ts';

/** Bound on one record: a history or a page that carries more should carry a reference into the object store. */
const BODY_BYTES_MAX = 4 * 1024 * 1024;

/** What the first entry of a chain stands on. */
export const CHAIN_START = '0'.repeat(64);

/** The one text of a body and its name. */
export interface Sealed {
  readonly text: string;
  readonly digest: string;
}

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/**
 * @throws TypeError naming the place of what JSON cannot say.
 * @throws RECORD_TOO_LARGE above 4 MiB.
 */
export function seal(kind: string, key: string, body: unknown): Sealed {
  const text = canonicalJson(body);
  const bytes = Buffer.byteLength(text);
  if (bytes > BODY_BYTES_MAX) {
    throw new HoldfastError(
      'RECORD_TOO_LARGE',
      `${kind} ${JSON.stringify(key)} is ${bytes} bytes; a record holds at most ${BODY_BYTES_MAX}`,
    );
  }
  return { text, digest: sha256(text) };
}

/** Digest of a chain entry: it names the entry and everything before it. */
export const chainDigest = (sequence: number, key: string, body: unknown, previousDigest: string): string =>
  sha256(canonicalJson({ sequence, key, body, previousDigest }));

export function conflict(kind: string, key: string, stands: string, offered: string): HoldfastError {
  return new HoldfastError(
    'RECORD_CONFLICT',
    `${kind} ${JSON.stringify(key)} stands with digest ${stands.slice(0, 12)}; the content offered has ${offered.slice(0, 12)}`,
  );
}
