/** Delimited text with exact line numbers: RFC 4180 with the delimiter of the header, read piece by piece. */
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { HoldfastError } from '../../contracts/errors.ts';
import type { TableRow, UnitTable } from './port.ts';

const DELIMITERS = [',', ';', '\t', '|'] as const;
const BATCH_ROWS = 4096;
/** A record that long is a quote that was never closed. */
const RECORD_CHARS_MAX = 1 << 20;
const BYTE_ORDER_MARK = '\uFEFF';

interface TextRecord {
  readonly line: number;
  readonly fields: readonly string[];
}

/** Splits text that comes in pieces into records; a record that is not finished waits for the next piece. */
class RecordReader {
  private rest = '';
  private line = 1;
  private readonly path: string;
  private delimiter: string | null = null;

  constructor(path: string) {
    this.path = path;
  }

  /** @param isLast whether no piece follows: then a record may end without a line end */
  *take(piece: string, isLast: boolean): Generator<TextRecord> {
    const text = this.rest === '' ? piece : this.rest + piece;
    this.delimiter ??= delimiterOf(text, isLast);
    let at = 0;
    while (this.delimiter !== null && at < text.length) {
      const record = this.recordAt(text, at, this.delimiter, isLast);
      if (record === null) break;
      if (record.fields.length > 1 || record.fields[0] !== '') yield { line: this.line, fields: record.fields };
      this.line += record.lines;
      at = record.end;
    }
    this.rest = text.slice(at);
    if (this.rest.length > RECORD_CHARS_MAX) throw unreadable(this.path, this.line, 'a quote is never closed');
  }

  /** The record at a place; null when it is not complete yet. */
  private recordAt(
    text: string,
    start: number,
    delimiter: string,
    isLast: boolean,
  ): { fields: string[]; end: number; lines: number } | null {
    const fields: string[] = [];
    let lines = 1;
    for (let at = start; ;) {
      const quoted = text[at] === '"';
      const end = quoted ? closingQuote(text, at + 1) : fieldEnd(text, at, delimiter);
      if (end === -1) {
        if (isLast) throw unreadable(this.path, this.line, 'a quote is never closed');
        return null;
      }
      const raw = quoted ? text.slice(at + 1, end) : text.slice(at, end);
      if (quoted) lines += raw.split('\n').length - 1;
      fields.push(quoted ? raw.replaceAll('""', '"') : raw);
      const next = quoted ? end + 1 : end;
      const mark = text[next];
      if (mark === delimiter) at = next + 1;
      else if (mark === undefined) return isLast ? { fields, end: next, lines } : null;
      else if (mark === '\n') return { fields, end: next + 1, lines };
      else if (mark !== '\r') throw unreadable(this.path, this.line, 'text follows a closing quote');
      else if (text[next + 1] === undefined && !isLast) return null;
      else return { fields, end: next + (text[next + 1] === '\n' ? 2 : 1), lines };
    }
  }
}

function closingQuote(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at !== -1; at = text.indexOf('"', at + 2)) {
    if (text[at + 1] !== '"') return at;
  }
  return -1;
}

function fieldEnd(text: string, from: number, delimiter: string): number {
  for (let at = from; at < text.length; at++) {
    const mark = text[at];
    if (mark === delimiter || mark === '\n' || mark === '\r') return at;
  }
  return text.length;
}

/** The mark that occurs most in the header; a comma where none does, null while the header is not complete. */
function delimiterOf(text: string, isLast: boolean): string | null {
  const end = text.search(/[\r\n]/);
  if (end === -1 && !isLast) return null;
  const header = (end === -1 ? text : text.slice(0, end)).replaceAll(/"(?:[^"]|"")*"/g, '');
  const counts = DELIMITERS.map((mark) => header.split(mark).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))] ?? ',';
}

export function unreadable(path: string, line: number | null, problem: string): HoldfastError {
  return new HoldfastError('GATE_FILE_UNREADABLE', `${path}${line === null ? '' : `:${line}`}  ${problem}`);
}

async function* recordsOf(path: string, isZipped: boolean): AsyncGenerator<TextRecord> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const reader = new RecordReader(path);
  const bytes: Readable = createReadStream(path);
  const stream = isZipped ? bytes.pipe(createGunzip()) : bytes;
  try {
    for await (const piece of stream) yield* reader.take(decoder.decode(piece as Buffer, { stream: true }), false);
    yield* reader.take(decoder.decode(), true);
  } catch (cause) {
    throw asUnreadable(path, cause);
  } finally {
    bytes.destroy();
  }
}

function asUnreadable(path: string, cause: unknown): HoldfastError {
  if (cause instanceof HoldfastError) return cause;
  const { code = '', message } = cause as NodeJS.ErrnoException;
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') {
    return new HoldfastError('GATE_FILE_UNREADABLE', `${path}  is not UTF-8 text, and no Parquet file`, {
      remedy: 'Convert it, for example with iconv -f latin1 -t utf-8, or export Parquet',
      cause,
    });
  }
  return new HoldfastError('GATE_FILE_UNREADABLE', `${path}  cannot be read: ${message}`, { cause });
}

/** @throws HoldfastError GATE_FILE_EMPTY, GATE_FILE_UNREADABLE */
export async function openTextTable(path: string, isZipped: boolean): Promise<UnitTable> {
  const header = await headerOf(path, isZipped);
  return { path, columns: header, placeName: 'line', rows: (columns) => rowsOf(path, isZipped, header, columns) };
}

async function headerOf(path: string, isZipped: boolean): Promise<string[]> {
  for await (const { fields, line } of recordsOf(path, isZipped)) {
    const names = fields.map((field, index) => (index === 0 ? field.replace(BYTE_ORDER_MARK, '') : field).trim());
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) throw unreadable(path, line, `the header names column ${JSON.stringify(twice)} twice`);
    return names;
  }
  throw new HoldfastError('GATE_FILE_EMPTY', `${path}  is empty: it has not even a header line`);
}

async function* rowsOf(
  path: string,
  isZipped: boolean,
  header: readonly string[],
  columns: readonly string[],
): AsyncGenerator<readonly TableRow[]> {
  const positions = columns.map((column) => header.indexOf(column));
  let batch: TableRow[] = [];
  let isHeader = true;
  for await (const { line, fields } of recordsOf(path, isZipped)) {
    if (isHeader) {
      isHeader = false;
      continue;
    }
    if (fields.length !== header.length) {
      const columnsThere = `${fields.length} column${fields.length === 1 ? '' : 's'}`;
      throw unreadable(path, line, `has ${columnsThere} where the header has ${header.length}`);
    }
    batch.push({ place: line, cells: positions.map((position) => fields[position] ?? null) });
    if (batch.length < BATCH_ROWS) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
