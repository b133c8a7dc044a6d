/**
 * The append-only log of one model on one gateway: numbered segments of frames, and `closed.jsonl`, one line for each closed segment.
 *
 * Invariants: at most one segment is open, the one after the last line of `closed.jsonl`; a closed segment never changes; an append that
 * was acknowledged survives the death of the process at any point. Appends that wait together are written and flushed together.
 */
import { existsSync } from 'node:fs';
import { mkdir, open, readFile, truncate } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { HoldfastError } from '../contracts/errors.ts';
import type { LogRecord } from '../contracts/serving.ts';
import { decodeFrames } from './log-frames.ts';

/** A line of `closed.jsonl`. Instants are epoch milliseconds. */
export interface ClosedSegment {
  readonly segment: number;
  readonly records: number;
  readonly bytes: number;
  /** Event time before which everything is in this segment or an earlier one, by what was promised when it closed. */
  readonly through: number;
  readonly latestPredictionAt: number | null;
  readonly latestOutcomeAt: number | null;
}

export interface Appended {
  readonly frames: Buffer;
  readonly records: number;
  readonly latestPredictionAt: number | null;
  readonly latestOutcomeAt: number | null;
}

export interface LogSegments {
  /** Resolves when the frames are written and, with `sync`, flushed to the disk. @throws LOG_UNAVAILABLE; nothing was kept then. */
  append(appended: Appended, sync: boolean): Promise<void>;
  /** Closes the open segment with everything appended before; an empty one too, for the sake of its `through`. */
  close(through: number): Promise<ClosedSegment>;
  closed(): readonly ClosedSegment[];
  /** Bytes and records in the open segment, appended or waiting. */
  openSize(): { readonly records: number; readonly bytes: number };
  /** Records of a segment, whole frames only; of the open one what had been written when called. */
  read(segment: number): Promise<LogRecord[]>;
  /** Content of the frames of a closed segment, without parsing. @throws SEGMENT_UNKNOWN */
  readRaw(segment: number): Promise<readonly Buffer[]>;
  readonly openSegment: () => number;
  /** What a torn tail lost when the log was opened, in words; null where nothing was torn. */
  readonly tornAtOpen: string | null;
  /** Flushes what waits and closes the file. The segment stays open in the log's sense. */
  end(): Promise<void>;
}

interface Waiting {
  readonly appended: Appended | null;
  readonly sync: boolean;
  /** Set for a close: the promise it carries. */
  readonly through: number | null;
  readonly done: (closed: ClosedSegment | null) => void;
  readonly failed: (error: HoldfastError) => void;
}

interface OpenSegment {
  number: number;
  file: FileHandle;
  records: number;
  bytes: number;
  latestPredictionAt: number | null;
  latestOutcomeAt: number | null;
}

const segmentPath = (folder: string, segment: number): string =>
  join(folder, `${String(segment).padStart(9, '0')}.log`);

/** Opens the log in a folder, cutting off a torn tail. @throws LOG_UNAVAILABLE when the folder cannot be used. */
export async function openLogSegments(folder: string): Promise<LogSegments> {
  try {
    await mkdir(folder, { recursive: true });
    const closed = await readClosed(join(folder, 'closed.jsonl'));
    const { segment, torn } = await reopenSegment(folder, (closed.at(-1)?.segment ?? 0) + 1);
    const index = await open(join(folder, 'closed.jsonl'), 'a');
    return new SegmentLog(folder, closed, index, segment, torn);
  } catch (error) {
    throw unavailable(folder, error);
  }
}

class SegmentLog implements LogSegments {
  readonly tornAtOpen: string | null;
  readonly #folder: string;
  readonly #closed: ClosedSegment[];
  readonly #index: FileHandle;
  readonly #open: OpenSegment;
  readonly #queue: Waiting[] = [];
  #waitingBytes = 0;
  #waitingRecords = 0;
  #draining: Promise<void> | null = null;
  #ended = false;

  constructor(folder: string, closed: ClosedSegment[], index: FileHandle, segment: OpenSegment, torn: string | null) {
    this.#folder = folder;
    this.#closed = closed;
    this.#index = index;
    this.#open = segment;
    this.tornAtOpen = torn;
  }

  openSegment = (): number => this.#open.number;

  closed(): readonly ClosedSegment[] {
    return this.#closed;
  }

  openSize(): { records: number; bytes: number } {
    return { records: this.#open.records + this.#waitingRecords, bytes: this.#open.bytes + this.#waitingBytes };
  }

  async append(appended: Appended, sync: boolean): Promise<void> {
    this.#waitingBytes += appended.frames.length;
    this.#waitingRecords += appended.records;
    await this.#enqueue({ appended, sync, through: null });
  }

  async close(through: number): Promise<ClosedSegment> {
    const closed = await this.#enqueue({ appended: null, sync: true, through });
    if (closed === null) throw unavailable(this.#folder, new Error('the segment was not closed'));
    return closed;
  }

  async read(segment: number): Promise<LogRecord[]> {
    const contents = await this.#contents(segment);
    return contents.map((content) => JSON.parse(content.toString('utf8')) as LogRecord);
  }

  async readRaw(segment: number): Promise<readonly Buffer[]> {
    if (segment < 1 || segment >= this.#open.number) {
      throw new HoldfastError(
        'SEGMENT_UNKNOWN',
        `segment ${segment} is not one of the ${this.#open.number - 1} closed segments`,
      );
    }
    return this.#contents(segment);
  }

  async end(): Promise<void> {
    this.#ended = true;
    while (this.#draining !== null) await this.#draining;
    await this.#open.file.sync();
    await this.#open.file.close();
    await this.#index.close();
  }

  async #contents(segment: number): Promise<readonly Buffer[]> {
    try {
      const bytes = await readFile(segmentPath(this.#folder, segment));
      return decodeFrames(bytes).contents;
    } catch (error) {
      throw unavailable(this.#folder, error);
    }
  }

  async #enqueue(request: Pick<Waiting, 'appended' | 'sync' | 'through'>): Promise<ClosedSegment | null> {
    if (this.#ended) throw unavailable(this.#folder, new Error('the gateway is stopping'));
    return new Promise((resolve, reject) => {
      this.#queue.push({ ...request, done: resolve, failed: reject });
      this.#draining ??= this.#drain();
    });
  }

  /** One writer: takes what waits, appends up to the next close in one write and one flush, then answers all of them. */
  async #drain(): Promise<void> {
    // What is asked for in the same turn of the event loop is written together.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const closeAt = this.#queue.findIndex(({ through }) => through !== null);
      const group = this.#queue.splice(0, closeAt === 0 ? 1 : closeAt === -1 ? this.#queue.length : closeAt);
      const closing = group[0]?.through ?? null;
      try {
        const closed = closing === null ? await this.#write(group) : await this.#closeOpen(closing);
        for (const { done } of group) done(closed);
      } catch (error) {
        for (const { failed } of group) failed(unavailable(this.#folder, error));
      }
    }
    this.#draining = null;
  }

  async #write(group: readonly Waiting[]): Promise<null> {
    const segment = this.#open;
    const appended = group.flatMap((waiting) => waiting.appended ?? []);
    const bytes = appended.reduce((sum, { frames }) => sum + frames.length, 0);
    const records = appended.reduce((sum, each) => sum + each.records, 0);
    this.#waitingBytes -= bytes;
    this.#waitingRecords -= records;
    try {
      await writeFully(
        segment.file,
        appended.map(({ frames }) => frames),
        segment.bytes,
      );
      if (group.some(({ sync }) => sync)) await segment.file.datasync();
    } catch (error) {
      // Half a group on the disk was not acknowledged: without the cut, later frames would stand behind damage.
      await segment.file.truncate(segment.bytes);
      throw error;
    }
    segment.bytes += bytes;
    segment.records += records;
    for (const each of appended) {
      segment.latestPredictionAt = later(segment.latestPredictionAt, each.latestPredictionAt);
      segment.latestOutcomeAt = later(segment.latestOutcomeAt, each.latestOutcomeAt);
    }
    return null;
  }

  async #closeOpen(through: number): Promise<ClosedSegment> {
    const segment = this.#open;
    await segment.file.datasync();
    const { records, bytes, latestPredictionAt, latestOutcomeAt } = segment;
    const closed: ClosedSegment = {
      segment: segment.number,
      records,
      bytes,
      through,
      latestPredictionAt,
      latestOutcomeAt,
    };
    // The next file first: were it to fail after the line is written, nothing could be appended any more.
    const next = await newSegment(this.#folder, segment.number + 1);
    const indexBytes = (await this.#index.stat()).size;
    try {
      await this.#index.appendFile(`${JSON.stringify(closed)}\n`);
      await this.#index.datasync();
    } catch (error) {
      await this.#index.truncate(indexBytes);
      await next.file.close();
      throw error;
    }
    this.#closed.push(closed);
    await segment.file.close();
    Object.assign(segment, next);
    return closed;
  }
}

async function readClosed(path: string): Promise<ClosedSegment[]> {
  if (!existsSync(path)) return [];
  const text = await readFile(path, 'utf8');
  const wholeLength = text.lastIndexOf('\n') + 1;
  // A line without its end was never acknowledged: its segment is the open one again.
  if (wholeLength < text.length) await truncate(path, Buffer.byteLength(text.slice(0, wholeLength)));
  const lines = text.slice(0, wholeLength).split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as ClosedSegment);
}

async function reopenSegment(folder: string, number: number): Promise<{ segment: OpenSegment; torn: string | null }> {
  const path = segmentPath(folder, number);
  if (!existsSync(path)) return { segment: await newSegment(folder, number), torn: null };
  const bytes = await readFile(path);
  const { contents, wholeBytes, torn } = decodeFrames(bytes);
  const file = await open(path, 'r+');
  if (torn !== null) {
    await file.truncate(wholeBytes);
    await file.sync();
  }
  const segment: OpenSegment = {
    number,
    file,
    records: contents.length,
    bytes: wholeBytes,
    latestPredictionAt: null,
    latestOutcomeAt: null,
  };
  for (const content of contents) {
    const record = JSON.parse(content.toString('utf8')) as LogRecord;
    if (record.kind === 'prediction') segment.latestPredictionAt = later(segment.latestPredictionAt, record.at);
    else segment.latestOutcomeAt = later(segment.latestOutcomeAt, record.knownAt);
  }
  return {
    segment,
    torn: torn === null ? null : `segment ${number}: ${torn}; cut after ${contents.length} whole records`,
  };
}

async function newSegment(folder: string, number: number): Promise<OpenSegment> {
  // Truncating: a file beyond the open segment is the leftover of a close that was not finished, and empty.
  const file = await open(segmentPath(folder, number), 'w');
  await file.sync();
  await syncFolder(folder);
  return { number, file, records: 0, bytes: 0, latestPredictionAt: null, latestOutcomeAt: null };
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  await handle.sync();
  await handle.close();
}

async function writeFully(file: FileHandle, buffers: readonly Buffer[], position: number): Promise<void> {
  const content = buffers.length === 1 && buffers[0] !== undefined ? buffers[0] : Buffer.concat(buffers);
  let written = 0;
  while (written < content.length) {
    const { bytesWritten } = await file.write(content, written, content.length - written, position + written);
    written += bytesWritten;
  }
}

const later = (a: number | null, b: number | null): number | null => (a === null || (b !== null && b > a) ? b : a);

function unavailable(folder: string, error: unknown): HoldfastError {
  if (error instanceof HoldfastError) return error;
  return new HoldfastError('LOG_UNAVAILABLE', `log in ${folder}: ${(error as Error).message}`, { cause: error });
}
