/** What every request log must do. */
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { RequestLog } from '../../../src/adapters/request-log/port.ts';
import { PEOPLE_REVISION } from '../../../src/contracts/serving.ts';
import type { LogRecord, OutcomeRecord, PredictionRecord } from '../../../src/contracts/serving.ts';
import { DAY_MS, epochMs, HOUR_MS, MINUTE_MS } from '../../../src/domain/time.ts';

const model = 'flight-delay';
export const start = epochMs('2001-02-25T21:00:00Z');

export function prediction(requestId: string, changes: Partial<PredictionRecord> = {}): PredictionRecord {
  return {
    kind: 'prediction',
    requestId,
    unit: `unit ${requestId}`,
    at: start,
    generation: 7,
    exposure: 0.05,
    arm: 'candidate',
    served: 'candidate',
    bundle: 'b'.repeat(64),
    prediction: 0.1 + 0.2,
    stable: 1 / 3,
    candidate: 0.1 + 0.2,
    stableBundle: 'a'.repeat(64),
    candidateBundle: 'b'.repeat(64),
    stableError: null,
    candidateError: null,
    stableMs: 0.012,
    candidateMs: 1.5,
    inputs: { origin: 'ATL', distance: 500, gate: null },
    fresh: { lateOrigin3h: 0.25 },
    freshThrough: start - MINUTE_MS,
    ...changes,
  };
}

export function outcome(requestId: string, changes: Partial<OutcomeRecord> = {}): OutcomeRecord {
  return {
    kind: 'outcome',
    requestId,
    revision: 0,
    label: 1,
    knownAt: start + HOUR_MS,
    inputs: { origin: 'ATL' },
    ...changes,
  };
}

export function requestLogConformance(make: () => Promise<RequestLog>): void {
  let log: RequestLog;
  beforeEach(async () => (log = await make()));
  afterEach(() => log.close());

  let segments = 0;
  const compact = (records: LogRecord[], gateway = 'gateway-1', segment = (segments += 1)): Promise<void> =>
    log.compact({ model, gateway, segment, records });
  const cohort = { model, from: start, to: start + 3 * HOUR_MS, asOf: start + 12 * HOUR_MS };

  it('is empty at first', async () => {
    assert.deepEqual(await log.readUnits(cohort), []);
    assert.deepEqual(await log.readPredictions(cohort), []);
    assert.deepEqual(await log.readOutcomesBetween(cohort), []);
  });

  it('gives back what was compacted, number for number', async () => {
    const failed = prediction('r2', {
      at: start + 1,
      candidate: null,
      candidateError: 'no tree',
      candidateMs: null,
      freshThrough: null,
      inputs: {},
      fresh: {},
    });
    await compact([prediction('r1'), failed, outcome('r1')]);
    assert.deepEqual(await log.readPredictions(cohort), [prediction('r1'), failed]);
    assert.deepEqual(await log.readOutcomesBetween(cohort), [outcome('r1')]);
    const { kind: _kind, exposure: _exposure, fresh: _fresh, ...unit } = prediction('r1');
    assert.deepEqual((await log.readUnits(cohort))[0], { ...unit, label: 1, outcomeKnown: true, byPeople: false });
  });

  for (const [title, at, present] of [
    ['leaves out a request a millisecond before the cohort', start - 1, false],
    ['takes a request at the start of the cohort', start, true],
    ['takes a request a millisecond before the end', start + 3 * HOUR_MS - 1, true],
    ['leaves out a request at the end of the cohort', start + 3 * HOUR_MS, false],
  ] as const)
    it(title, async () => {
      await compact([prediction('r', { at })]);
      assert.equal((await log.readUnits(cohort)).length, present ? 1 : 0);
      assert.equal((await log.readPredictions(cohort)).length, present ? 1 : 0);
    });

  for (const [title, knownAt, label] of [
    ['knows an outcome a millisecond before the time asked for', cohort.asOf - 1, 1],
    ['does not know an outcome of the time asked for: a watermark of that time does not promise it', cohort.asOf, null],
    ['does not know an outcome a millisecond later', cohort.asOf + 1, null],
  ] as const)
    it(title, async () => {
      await compact([prediction('r')]);
      await compact([outcome('r', { knownAt })]);
      const [unit] = await log.readUnits(cohort);
      assert.deepEqual([unit?.label, unit?.outcomeKnown], [label, label !== null]);
    });

  it('tells an invalid label from an outcome that is not there', async () => {
    await compact([prediction('absent'), prediction('invalid'), outcome('invalid', { label: null })]);
    assert.deepEqual(
      (await log.readUnits(cohort)).map(({ requestId, label, outcomeKnown }) => [requestId, label, outcomeKnown]),
      [
        ['absent', null, false],
        ['invalid', null, true],
      ],
    );
  });

  it('keeps the highest revision known by then, also when it corrects a label to invalid', async () => {
    await compact([prediction('r'), outcome('r', { revision: 2, label: null, knownAt: start + 5 * HOUR_MS })]);
    await compact([outcome('r', { revision: 1, label: 0, knownAt: start + 6 * HOUR_MS }), outcome('r')]);
    const at = async (asOf: number): Promise<unknown> => (await log.readUnits({ ...cohort, asOf }))[0]?.label;
    assert.equal(await at(start + 5 * HOUR_MS), 1);
    assert.equal(await at(start + 5 * HOUR_MS + 1), null);
    assert.equal(await at(start + 12 * HOUR_MS), null);
  });

  it('holds a label of people until the world answers, also when that came before it', async () => {
    const people = { revision: PEOPLE_REVISION, label: 1, knownAt: start + 5 * HOUR_MS };
    await compact([prediction('asked'), outcome('asked', people), prediction('early'), outcome('early', { label: 0 })]);
    await compact([outcome('early', people), outcome('asked', { label: 0, knownAt: start + 6 * HOUR_MS })]);
    const at = async (asOf: number): Promise<unknown[]> =>
      (await log.readUnits({ ...cohort, asOf })).map(({ label, byPeople }) => [label, byPeople]);
    assert.deepEqual(await at(start + 5 * HOUR_MS + 1), [
      [1, true],
      [0, false],
    ]);
    assert.deepEqual(await at(start + 12 * HOUR_MS), [
      [0, false],
      [0, false],
    ]);
  });

  it('ignores the same revision again', async () => {
    await compact([prediction('r'), outcome('r', { label: 0 })]);
    await compact([outcome('r', { label: 1 })]);
    assert.equal((await log.readUnits(cohort))[0]?.label, 0);
    assert.equal((await log.readOutcomesBetween(cohort)).length, 1);
  });

  it('counts a request once however often it was logged, by the first record of the first gateway', async () => {
    await compact([prediction('r', { served: 'fallback' })], 'gateway-2', 1);
    await compact([prediction('r', { served: 'candidate' })], 'gateway-1', 9);
    await compact([prediction('r', { served: 'stable' }), prediction('r', { served: 'fallback' })], 'gateway-1', 8);
    assert.deepEqual(
      (await log.readUnits(cohort)).map(({ served }) => served),
      ['stable'],
    );
  });

  it('takes a segment in once: again changes nothing, another gateway has segments of its own', async () => {
    await compact([prediction('a'), outcome('a')], 'gateway-1', 1);
    await compact([prediction('a'), outcome('a')], 'gateway-1', 1);
    await compact([prediction('b')], 'gateway.2/x', 1);
    assert.deepEqual(
      (await log.readUnits(cohort)).map(({ requestId }) => requestId),
      ['a', 'b'],
    );
  });

  it('keeps models apart', async () => {
    await compact([prediction('a')]);
    assert.deepEqual(await log.readUnits({ ...cohort, model: 'other' }), []);
  });

  it('orders units by event time and request, outcomes by arrival, across segments and midnight', async () => {
    await compact([prediction('late', { at: start + 3.5 * HOUR_MS }), outcome('z', { knownAt: start + 4 * HOUR_MS })]);
    await compact([prediction('b'), prediction('a'), outcome('y', { knownAt: start + 2 * HOUR_MS })]);
    const span = { ...cohort, to: start + 6 * HOUR_MS };
    assert.deepEqual(
      (await log.readUnits(span)).map(({ requestId }) => requestId),
      ['a', 'b', 'late'],
    );
    assert.deepEqual(
      (await log.readOutcomesBetween(span)).map(({ requestId }) => requestId),
      ['y', 'z'],
    );
  });

  for (const [title, knownAt, present] of [
    ['reads an outcome at the start of a span', start, true],
    ['reads an outcome a millisecond before its end', start + DAY_MS - 1, true],
    ['leaves an outcome at its end to the next span', start + DAY_MS, false],
  ] as const)
    it(title, async () => {
      await compact([outcome('r', { knownAt })]);
      const read = await log.readOutcomesBetween({ model, from: start, to: start + DAY_MS });
      assert.equal(read.length, present ? 1 : 0);
    });

  it('gives the same units whatever the order of segments', () =>
    fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }),
        fc.integer({ min: 0 }),
        async (order, run) => {
          const name = `m${run}`;
          const batches: LogRecord[][] = [
            [prediction('a'), outcome('a', { revision: 1, label: 0 })],
            [prediction('b', { at: start + 1 }), outcome('a')],
            [prediction('a', { served: 'fallback' }), outcome('b')],
            [outcome('b', { label: 0 }), outcome('a', { revision: 1, label: 1 })],
          ];
          for (const index of order) {
            await log.compact({ model: name, gateway: 'g', segment: index, records: batches[index]! });
          }
          const units = await log.readUnits({ ...cohort, model: name });
          assert.deepEqual(
            units.map(({ requestId, served, label }) => [requestId, served, label]),
            [
              ['a', 'candidate', 0],
              ['b', 'candidate', 1],
            ],
          );
        },
      ),
      { numRuns: 8 },
    ));
}
