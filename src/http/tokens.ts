/** Who may speak over HTTP: names with the digests of their tokens. The tokens themselves are written down nowhere. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { HTTP_TOKEN_PATTERN } from '../config.ts';
import type { Config } from '../config.ts';
import { HoldfastError } from '../contracts/errors.ts';

export interface Tokens {
  /** Without any, names are claims. */
  readonly size: number;
  /** The name of whoever sends this `Authorization` header; null for an unknown token or none. */
  nameOf(authorization: string | undefined): string | null;
}

/**
 * Tokens of the variable and of the file, one `name:sha256` each.
 * @throws CONFIG_INVALID naming the line of the file, or the file that cannot be read
 */
export function readTokens({ httpTokens = [], httpTokensFile }: Pick<Config, 'httpTokens' | 'httpTokensFile'>): Tokens {
  const entries = [...httpTokens, ...(httpTokensFile === undefined ? [] : entriesOf(httpTokensFile))];
  const known = entries.map((entry) => {
    const colon = entry.lastIndexOf(':');
    return { name: entry.slice(0, colon), digest: Buffer.from(entry.slice(colon + 1), 'hex') };
  });
  return {
    size: known.length,
    nameOf(authorization) {
      const token = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
      if (token === undefined) return null;
      const digest = createHash('sha256').update(token).digest();
      return known.find((entry) => timingSafeEqual(entry.digest, digest))?.name ?? null;
    },
  };
}

function entriesOf(path: string): string[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new HoldfastError('CONFIG_INVALID', `HOLDFAST_HTTP_TOKENS_FILE names ${path}, which cannot be read`, {
      cause,
    });
  }
  const lines = text.split('\n').map((line) => line.trim());
  const wrong = lines.findIndex((line) => line !== '' && !line.startsWith('#') && !HTTP_TOKEN_PATTERN.test(line));
  if (wrong !== -1)
    throw new HoldfastError('CONFIG_INVALID', `line ${wrong + 1} of ${path} is not of the form name:sha256`);
  return lines.filter((line) => line !== '' && !line.startsWith('#'));
}
