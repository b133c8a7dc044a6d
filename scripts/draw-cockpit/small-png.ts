/** PNG for documents: screenshots of text keep well at sixteen levels a channel, and take half the room. */
import { crc32, deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE_BYTES = 8;
/** 0, 17, 34 … 255. */
const LEVEL = 17;
const CHANNELS_RGB = 3;

/** @param png eight bits a channel, red, green and blue, not interlaced: what Chromium writes. @throws for others */
export function smallPng(png: Buffer): Buffer {
  const chunks = chunksOf(png);
  const header = chunks.find(({ kind }) => kind === 'IHDR')?.data;
  if (header === undefined || header.readUInt32BE(8) !== 0x08020000) {
    throw new Error('this is not a PNG of eight bits a channel in red, green and blue');
  }
  const packed = Buffer.concat(chunks.filter(({ kind }) => kind === 'IDAT').map(({ data }) => data));
  const rows = withoutFilters(inflateSync(packed), header.readUInt32BE(0) * CHANNELS_RGB);
  const pixels = Buffer.concat(rows.flatMap((row) => [Buffer.from([0]), row.map(nearestLevel)]));
  const image = deflateSync(pixels, { level: 9, memLevel: 9 });
  return Buffer.concat([
    png.subarray(0, SIGNATURE_BYTES),
    chunk('IHDR', header),
    chunk('IDAT', image),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

const nearestLevel = (value: number): number => Math.round(value / LEVEL) * LEVEL;

function chunksOf(png: Buffer): Array<{ kind: string; data: Buffer }> {
  const chunks = [];
  for (let at = SIGNATURE_BYTES; at < png.length;) {
    const length = png.readUInt32BE(at);
    chunks.push({ kind: png.toString('latin1', at + 4, at + 8), data: png.subarray(at + 8, at + 8 + length) });
    at += 12 + length;
  }
  return chunks;
}

function chunk(kind: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(kind, 'latin1'), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

/** Rows of plain bytes: each was stored as its difference to what the filter foresaw (PNG specification, section 9). */
function withoutFilters(stored: Buffer, width: number): Buffer[] {
  const rows: Buffer[] = [];
  let above = Buffer.alloc(width);
  for (let start = 0; start < stored.length; start += width + 1) {
    const row = Buffer.from(stored.subarray(start + 1, start + 1 + width));
    const filter = stored[start] ?? 0;
    for (let x = 0; x < width; x += 1) {
      const left = row[x - CHANNELS_RGB] ?? 0;
      const corner = above[x - CHANNELS_RGB] ?? 0;
      row[x] = (row[x] ?? 0) + foreseen(filter, left, above[x] ?? 0, corner);
    }
    rows.push(row);
    above = row;
  }
  return rows;
}

function foreseen(filter: number, left: number, up: number, corner: number): number {
  switch (filter) {
    case 0:
      return 0;
    case 1:
      return left;
    case 2:
      return up;
    case 3:
      return (left + up) >> 1;
    case 4: {
      const [byLeft, byUp, byCorner] = [up - corner, left - corner, left + up - 2 * corner].map(Math.abs) as [
        number,
        number,
        number,
      ];
      if (byLeft <= byUp && byLeft <= byCorner) return left;
      return byUp <= byCorner ? up : corner;
    }
    default:
      throw new Error(`PNG filter ${filter} is none of the five`);
  }
}
