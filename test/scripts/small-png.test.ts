import assert from 'node:assert/strict';
import { deflateSync, inflateSync } from 'node:zlib';
import { smallPng } from '../../scripts/draw-cockpit/small-png.ts';

/** A row for each filter of the format, each storing the same two pixels: (34, 51, 68) and (85, 102, 119). */
const STORED = [
  [0, 34, 51, 68, 85, 102, 119],
  [1, 34, 51, 68, 51, 51, 51],
  [2, 0, 0, 0, 0, 0, 0],
  [3, 17, 26, 34, 26, 26, 26],
  [4, 0, 0, 0, 0, 0, 0],
];

function chunk(kind: string, data: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  return Buffer.concat([length, Buffer.from(kind, 'latin1'), data, Buffer.alloc(4)]);
}

function png(colourType: number, rows: readonly (readonly number[])[]): Buffer {
  const header = Buffer.from([0, 0, 0, 2, 0, 0, 0, rows.length, 8, colourType, 0, 0, 0]);
  const image = deflateSync(Buffer.from(rows.flat()));
  return Buffer.concat([Buffer.alloc(8), chunk('IHDR', header), chunk('IDAT', image), chunk('IEND', Buffer.alloc(0))]);
}

const pixelsOf = (file: Buffer): number[] => {
  const at = file.indexOf('IDAT');
  return [...inflateSync(file.subarray(at + 4, at + 4 + file.readUInt32BE(at - 4)))];
};

describe('a small PNG', () => {
  it('keeps the pixels of every filter', () => {
    const row = [0, 34, 51, 68, 85, 102, 119];
    assert.deepEqual(
      pixelsOf(smallPng(png(2, STORED))),
      STORED.flatMap(() => row),
    );
  });

  it('keeps sixteen levels a channel, black and white among them', () => {
    const shades = png(2, [[0, 0, 255, 248, 8, 9, 128]]);
    assert.deepEqual(pixelsOf(smallPng(shades)), [0, 0, 255, 255, 0, 17, 136]);
  });

  it('refuses what it cannot read', () => {
    assert.throws(() => smallPng(png(6, [[0, 1, 2, 3, 4, 5, 6]])), /not a PNG of eight bits/);
    assert.throws(() => smallPng(png(2, [[9, 1, 2, 3, 4, 5, 6]])), /filter 9 is none of the five/);
  });
});
