/**
 * The exposure ledger of one model on one gateway: JSON lines, each chained to the one before by digest, flushed before a change is
 * acknowledged. Writing is synchronous on purpose: between judging a change and its taking effect no request may be answered.
 */
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { HoldfastError } from '../contracts/errors.ts';
import type { LedgerEntry } from '../contracts/serving.ts';
import { canonicalJson } from '../domain/canonical-json.ts';
import { sha256Hex } from '../domain/sha256.ts';

export type LedgerLine = Omit<LedgerEntry, 'sequence' | 'previousDigest' | 'digest'>;

export interface Ledger {
  /** Chains, writes and flushes one line. @throws LOG_UNAVAILABLE; the change must not be acknowledged then. */
  append(line: LedgerLine): LedgerEntry;
  /** Lines with a sequence above `after`, in order. */
  after(after: number): readonly LedgerEntry[];
  last(): LedgerEntry | null;
  close(): void;
}

const FIRST_PREVIOUS = '0'.repeat(64);

/** Digest of a ledger line: SHA-256 of the canonical JSON of everything in it but the digest. */
export function ledgerDigest(entry: Omit<LedgerEntry, 'digest'>): string {
  return sha256Hex(canonicalJson(entry));
}

/**
 * Opens a ledger and checks its chain. A last line that was not finished was not acknowledged and is cut off.
 * @throws LEDGER_BROKEN naming the line, when a finished line is not JSON or does not follow from the one before.
 */
export function openLedger(path: string): Ledger {
  mkdirSync(dirname(path), { recursive: true });
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  const entries = readChain(path, whole);
  const file = openSync(path, existsSync(path) ? 'r+' : 'w+');
  let bytes = Buffer.byteLength(whole);
  ftruncateSync(file, bytes);
  return {
    append(line) {
      const previous = entries.at(-1);
      const unsigned = {
        sequence: (previous?.sequence ?? 0) + 1,
        ...line,
        previousDigest: previous?.digest ?? FIRST_PREVIOUS,
      };
      const entry: LedgerEntry = { ...unsigned, digest: ledgerDigest(unsigned) };
      bytes += writeDurably(path, file, `${JSON.stringify(entry)}\n`, bytes);
      entries.push(entry);
      return entry;
    },
    after: (after) => entries.filter(({ sequence }) => sequence > after),
    last: () => entries.at(-1) ?? null,
    close: () => closeSync(file),
  };
}

function writeDurably(path: string, file: number, text: string, position: number): number {
  try {
    const content = Buffer.from(text, 'utf8');
    let written = 0;
    while (written < content.length) {
      written += writeSync(file, content, written, content.length - written, position + written);
    }
    fdatasyncSync(file);
    return content.length;
  } catch (error) {
    ftruncateSync(file, position);
    throw new HoldfastError('LOG_UNAVAILABLE', `ledger ${path}: ${(error as Error).message}`, { cause: error });
  }
}

function readChain(path: string, text: string): LedgerEntry[] {
  const entries: LedgerEntry[] = [];
  for (const line of text.split('\n').slice(0, -1)) {
    const entry = parseLine(line);
    const previous = entries.at(-1);
    if (entry === null || !follows(entry, previous)) {
      throw new HoldfastError(
        'LEDGER_BROKEN',
        `ledger ${path}: line ${entries.length + 1} does not follow from the line before it`,
      );
    }
    entries.push(entry);
  }
  return entries;
}

function parseLine(line: string): LedgerEntry | null {
  try {
    return JSON.parse(line) as LedgerEntry;
  } catch {
    return null;
  }
}

function follows(entry: LedgerEntry, previous: LedgerEntry | undefined): boolean {
  const { digest, ...unsigned } = entry;
  return (
    entry.sequence === (previous?.sequence ?? 0) + 1 &&
    entry.previousDigest === (previous?.digest ?? FIRST_PREVIOUS) &&
    digest === ledgerDigest(unsigned)
  );
}
