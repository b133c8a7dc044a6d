import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { OutcomeRecord } from '../../src/contracts/serving.ts';
import { decodeFrames, encodeFrames } from '../../src/gateway/log-frames.ts';
import { openLogSegments } from '../../src/gateway/log-segments.ts';
import type { Appended } from '../../src/gateway/log-segments.ts';

const outcome = (requestId: string): OutcomeRecord => ({
  kind: 'outcome',
  requestId,
  revision: 0,
  label: 1,
  knownAt: 1000,
  inputs: {},
});
const appended = (...ids: string[]): Appended => ({
  frames: encodeFrames(ids.map((id) => JSON.stringify(outcome(id)))),
  records: ids.length,
  latestPredictionAt: null,
  latestOutcomeAt: 1000,
});

describe('log frames', () => {
  it('give back every text, whatever is in it', () =>
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (texts) => {
        const wellFormed = texts.map((text) => Buffer.from(text).toString());
        const { contents, torn } = decodeFrames(encodeFrames(wellFormed));
        assert.equal(torn, null);
        assert.deepEqual(contents.map(String), wellFormed);
      }),
    ));

  it('give back every whole frame before a cut, and say that there was one', () =>
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1 }), fc.nat(), (texts, at) => {
        const bytes = encodeFrames(texts);
        const cut = at % bytes.length;
        const { contents, wholeBytes, torn } = decodeFrames(bytes.subarray(0, cut));
        assert.deepEqual(contents.map(String), texts.slice(0, contents.length));
        assert.equal(torn === null, wholeBytes === cut);
      }),
    ));

  it('never take a frame with a flipped bit for a whole one', () =>
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.nat(), fc.nat(7), (text, at, bit) => {
        const bytes = encodeFrames([text]);
        bytes[at % bytes.length]! ^= 1 << bit;
        assert.notEqual(decodeFrames(bytes).torn, null);
      }),
    ));
});

describe('log segments', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-log-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  const file = (segment: number): string => join(folder, `00000000${segment}.log`);

  it('keep the order of appends and closes that are asked for together', async () => {
    const log = await openLogSegments(folder);
    const [, closed] = await Promise.all([
      log.append(appended('a', 'b'), true),
      log.close(10),
      log.append(appended('c'), false),
      log.append(appended('d'), true),
    ]);
    assert.deepEqual([closed.segment, closed.records, closed.through], [1, 2, 10]);
    assert.deepEqual(
      (await log.read(1)).map(({ requestId }) => requestId),
      ['a', 'b'],
    );
    assert.deepEqual(
      (await log.read(2)).map(({ requestId }) => requestId),
      ['c', 'd'],
    );
    await log.end();
  });

  it('open again where they were, with the open segment open', async () => {
    const before = await openLogSegments(folder);
    await before.append(appended('a'), true);
    await before.close(10);
    await before.append(appended('b'), true);
    await before.end();
    const log = await openLogSegments(folder);
    assert.equal(log.tornAtOpen, null);
    await log.append(appended('c'), true);
    const closed = await log.close(20);
    assert.deepEqual([closed.segment, closed.records, closed.latestOutcomeAt], [2, 2, 1000]);
    assert.deepEqual(
      log.closed().map(({ segment }) => segment),
      [1, 2],
    );
    await log.end();
  });

  it('cut off a torn tail, say so, and go on behind what was whole', async () => {
    const before = await openLogSegments(folder);
    await before.append(appended('a', 'b'), true);
    await before.end();
    await truncate(file(1), (await readFile(file(1))).length - 3);
    const log = await openLogSegments(folder);
    assert.match(log.tornAtOpen!, /segment 1: the frame at \d+ ends 3 bytes behind the end; cut after 1 whole records/);
    await log.append(appended('c'), true);
    assert.deepEqual(
      (await log.read(1)).map(({ requestId }) => requestId),
      ['a', 'c'],
    );
    await log.end();
  });

  it('have a segment open again whose closing was not finished', async () => {
    const before = await openLogSegments(folder);
    await before.append(appended('a'), true);
    await before.end();
    await writeFile(file(2), '');
    await appendFile(join(folder, 'closed.jsonl'), '{"segment":1,"reco');
    const log = await openLogSegments(folder);
    assert.equal(log.openSegment(), 1);
    const closed = await log.close(10);
    assert.deepEqual([closed.segment, closed.records], [1, 1]);
    await log.append(appended('b'), true);
    await log.end();
    const again = await openLogSegments(folder);
    assert.deepEqual([again.closed().length, again.openSize().records], [1, 1]);
    await again.end();
  });

  it('refuse to be read where no segment is closed: SEGMENT_UNKNOWN', async () => {
    const log = await openLogSegments(folder);
    for (const segment of [0, 1, 99]) await assert.rejects(log.readRaw(segment), { code: 'SEGMENT_UNKNOWN' });
    await log.end();
  });

  it('take nothing any more once ended: LOG_UNAVAILABLE', async () => {
    const log = await openLogSegments(folder);
    await log.end();
    await assert.rejects(log.append(appended('a'), true), { code: 'LOG_UNAVAILABLE', kind: 'retryable' });
  });
});
