/**
 * Frames of the gateway's log: length (u32, little endian), CRC-32 of the content (u32), content (one JSON object in UTF-8).
 * A process that dies while it writes leaves a frame that does not check; everything before it is whole.
 */
import { crc32 } from 'node:zlib';

const HEADER_BYTES = 8;
/** No record is near this large; a length beyond it is damage, not data. */
export const FRAME_BYTES_MAX = 16 * 1024 * 1024;
/** A UTF-16 code unit takes at most three bytes in UTF-8. */
const UTF8_BYTES_PER_UNIT_MAX = 3;

/** One buffer with a frame for every text, in order. */
export function encodeFrames(texts: readonly string[]): Buffer {
  const sizeMax = texts.reduce((sum, text) => sum + HEADER_BYTES + UTF8_BYTES_PER_UNIT_MAX * text.length, 0);
  const buffer = Buffer.allocUnsafe(sizeMax);
  let at = 0;
  for (const text of texts) {
    const bytes = buffer.write(text, at + HEADER_BYTES, 'utf8');
    const content = buffer.subarray(at + HEADER_BYTES, at + HEADER_BYTES + bytes);
    buffer.writeUInt32LE(bytes, at);
    buffer.writeUInt32LE(crc32(content), at + 4);
    at += HEADER_BYTES + bytes;
  }
  return buffer.subarray(0, at);
}

export interface DecodedFrames {
  readonly contents: readonly Buffer[];
  /** Bytes up to the end of the last whole frame. */
  readonly wholeBytes: number;
  /** What is wrong behind the last whole frame; null where nothing follows it. */
  readonly torn: string | null;
}

/** Reads frames until the end or the first that does not check. Contents are views of `bytes`, not copies. */
export function decodeFrames(bytes: Buffer): DecodedFrames {
  const contents: Buffer[] = [];
  let at = 0;
  while (at < bytes.length) {
    const fault = frameFault(bytes, at);
    if (fault !== null) return { contents, wholeBytes: at, torn: fault };
    const end = at + HEADER_BYTES + bytes.readUInt32LE(at);
    contents.push(bytes.subarray(at + HEADER_BYTES, end));
    at = end;
  }
  return { contents, wholeBytes: at, torn: null };
}

function frameFault(bytes: Buffer, at: number): string | null {
  if (at + HEADER_BYTES > bytes.length) return `${bytes.length - at} bytes at ${at} are less than a frame header`;
  const length = bytes.readUInt32LE(at);
  if (length > FRAME_BYTES_MAX) return `the frame at ${at} claims ${length} bytes`;
  const end = at + HEADER_BYTES + length;
  if (end > bytes.length) return `the frame at ${at} ends ${end - bytes.length} bytes behind the end`;
  const stated = bytes.readUInt32LE(at + 4);
  const found = crc32(bytes.subarray(at + HEADER_BYTES, end));
  return stated === found ? null : `the frame at ${at} has CRC ${found}, not ${stated}`;
}
