import assert from 'node:assert/strict';
import { readModelFile } from '../../src/adapters/declaration-file/model.ts';
import { createInMemoryRecordStore } from '../../src/adapters/record-store/in-memory.ts';
import type { RecordStore } from '../../src/adapters/record-store/port.ts';
import { createInMemoryRequestLog } from '../../src/adapters/request-log/in-memory.ts';
import { keepScore, ScoreKeeper } from '../../src/cli/demo/score-keeper.ts';
import type { ModelDeclaration } from '../../src/contracts/model.ts';
import type { CandidateRecord } from '../../src/contracts/records.ts';
import type { LogRecord } from '../../src/contracts/serving.ts';
import { DAY_MS, epochMs, HOUR_MS, isoInstant } from '../../src/domain/time.ts';
import { scoreboardTable } from '../../src/pages/scoreboard.ts';

const BEGINS = epochMs('2001-03-05T06:00:00Z');
const BUNDLE = 'c'.repeat(64);
const STABLE = 'a'.repeat(64);

const candidate = (change: Partial<CandidateRecord>): CandidateRecord => ({
  bundle: BUNDLE,
  idea: 'weekly-retrain',
  attempt: 1,
  claim: 'not-worse',
  priority: 'retrain',
  outcome: 'in_progress',
  rolloutId: 'rollout/flight-delay/cccccccc-1',
  step: 'shadow',
  reason: null,
  exposureHistory: [
    { exposure: 0, mode: 'shadow', eventTime: isoInstant(BEGINS), decisionId: 'a', evidenceDigest: null },
  ],
  readyAt: isoInstant(BEGINS),
  decidedAt: null,
  ...change,
});

/** A request of every hour; the candidate is sure of the wrong answer from the second day on. Labels take two hours. */
function logged(hours: number): LogRecord[] {
  return Array.from({ length: hours }, (_, hour) => {
    const at = BEGINS + hour * HOUR_MS;
    const requestId = `r${hour}`;
    const isWrong = hour >= 24;
    const prediction: LogRecord = {
      kind: 'prediction',
      requestId,
      unit: requestId,
      at,
      generation: 2,
      exposure: 0.25,
      arm: hour % 4 === 0 ? 'candidate' : 'stable',
      served: hour % 4 === 0 ? 'candidate' : 'stable',
      bundle: hour % 4 === 0 ? BUNDLE : STABLE,
      prediction: 0,
      stable: 0,
      candidate: isWrong ? 1 : 0,
      stableBundle: STABLE,
      candidateBundle: BUNDLE,
      stableError: null,
      candidateError: null,
      inputs: {},
      fresh: {},
      freshThrough: null,
    };
    const knownAt = at + 2 * HOUR_MS;
    const outcome: LogRecord = { kind: 'outcome', requestId, revision: 0, label: 0, knownAt, inputs: {} };
    return [prediction, outcome];
  }).flat();
}

describe('the scoreboard of a show', () => {
  let records: RecordStore;
  let declaration: ModelDeclaration;
  let keeper: ScoreKeeper;
  beforeEach(async () => {
    ({ declaration } = await readModelFile('models/flight-delay.yaml'));
    records = createInMemoryRecordStore();
    const log = createInMemoryRequestLog();
    await log.compact({ model: declaration.model, gateway: 'gateway-1', segment: 1, records: logged(72) });
    keeper = new ScoreKeeper(records, log, declaration);
  });
  const stand = (body: CandidateRecord, watermark: number): Promise<void> =>
    records.transaction(declaration.model, async (tx) => {
      await tx.put('candidate', body.bundle, body);
      await tx.advanceWatermark(watermark);
    });
  const readAll = async (): Promise<number> => {
    for (let days = 0; ; days += 1) if (!(await keeper.readNext())) return days;
  };
  /** Half a day is the attribution window of the flights. */
  const WINDOW_MS = 12 * HOUR_MS;

  it('has nothing to say before a day of a comparison has matured', async () => {
    await stand(candidate({}), BEGINS + DAY_MS + WINDOW_MS - 1);
    assert.equal(await readAll(), 0);
    assert.equal(keeper.board, null);
  });

  it('reads each day once, when its labels have matured', async () => {
    await stand(candidate({}), BEGINS + DAY_MS + WINDOW_MS);
    assert.equal(await readAll(), 1);
    assert.deepEqual(keeper.board?.calendar, { badPredictions: 0, goodRefused: 0 });
    await stand(candidate({}), BEGINS + 2 * DAY_MS + WINDOW_MS);
    assert.equal(await readAll(), 1);
    assert.deepEqual(keeper.board?.holdfast, { badPredictions: 6, goodRefused: 0 });
    // By the labels of its first day the candidate looked as good as stable.
    assert.deepEqual(keeper.board?.threshold, { badPredictions: 24, goodRefused: 0 });
    assert.deepEqual(keeper.board?.calendar, { badPredictions: 24, goodRefused: 0 });
  });

  it('ends the comparison where the rollout ended, also in the middle of a day', async () => {
    const decidedAt = isoInstant(BEGINS + DAY_MS + 6 * HOUR_MS);
    await stand(candidate({ outcome: 'rolled_back', decidedAt }), BEGINS + 5 * DAY_MS);
    assert.equal(await readAll(), 2);
    assert.deepEqual(scoreboardTable(keeper.board!), [
      'Same stream, other rules (1 candidate, 2 days)',
      '                 bad predictions served  good candidates refused',
      'Holdfast                              2                        0',
      'fixed threshold                       6                        0',
      'calendar                              6                        0',
    ]);
  });

  it('compares nothing where who was not served has no outcome', async () => {
    const label = { ...declaration.label, affectsLabel: true };
    keeper = new ScoreKeeper(records, createInMemoryRequestLog(), { ...declaration, label });
    await stand(candidate({}), BEGINS + 5 * DAY_MS);
    assert.equal(await readAll(), 0);
    assert.equal(keeper.board, null);
  });

  it('looks again after a failure, and stops when it is told', async () => {
    const stop = new AbortController();
    let looks = 0;
    const readNext = async (): Promise<boolean> => {
      looks += 1;
      if (looks === 1) throw new Error('the records are away');
      stop.abort();
      return true;
    };
    await keepScore({ readNext }, stop.signal);
    assert.equal(looks, 2);
  });
});
