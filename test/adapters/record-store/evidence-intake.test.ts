import assert from 'node:assert/strict';
import { createEvidenceIntake } from '../../../src/adapters/record-store/evidence-intake.ts';
import { createInMemoryRecordStore } from '../../../src/adapters/record-store/in-memory.ts';
import type { RecordStore } from '../../../src/adapters/record-store/port.ts';
import type { EvidenceReceipt } from '../../../src/contracts/evidence.ts';
import type { CommandRecord } from '../../../src/contracts/records.ts';
import type { InFlight } from '../../rollout-on-record.ts';
import { MODEL, putRollout, ROLLOUT } from '../../rollout-on-record.ts';

const COUNTS = { candidateEvents: 1, events: 20, candidateExposures: 50, exposures: 1000 };
/** The fourth cohort, the second of the rollout. */
const BATCH = { batchId: 'refunds-4', metric: 'refunds', cohortStart: '2001-01-03T09:00:00Z', counts: COUNTS };
const REGRETS = {
  batchId: 'regret-4',
  metric: 'regret',
  cohortStart: '2001-01-03T09:00:00Z',
  differences: [
    [-25, 40],
    [10, 3],
  ],
};

describe('pushed evidence', () => {
  let records: RecordStore;
  const push = (batch: unknown, rolloutId = ROLLOUT, by = 'metrics-job'): Promise<EvidenceReceipt> =>
    createEvidenceIntake(records).take(MODEL, rolloutId, { batch, by, channel: 'http' });
  const commandLog = (): Promise<CommandRecord[]> =>
    records.transaction(MODEL, async (tx) => (await tx.list('command')).map(({ body }) => body));
  const onRecord = (): Promise<string[]> =>
    records.transaction(MODEL, async (tx) => (await tx.list('evidenceBatch')).map(({ key }) => key));
  const inFlight = async (given: InFlight = {}): Promise<void> => {
    records = createInMemoryRecordStore();
    await putRollout(records, given);
  };
  beforeEach(() => inFlight());

  it('is recorded in both shapes, as the integer counts a gate judges, with who gave it', async () => {
    assert.equal((await push(BATCH)).result, 'recorded');
    assert.equal((await push(REGRETS)).result, 'recorded');
    assert.deepEqual(await onRecord(), [`${ROLLOUT}/refunds/000004`, `${ROLLOUT}/regret/000004`]);
    await records.transaction(MODEL, async (tx) => {
      const refunds = await tx.get('evidenceBatch', `${ROLLOUT}/refunds/000004`);
      assert.deepEqual([refunds?.window, refunds?.histogram], [[1, 20, 50, 1000], null]);
      assert.deepEqual([refunds?.by, refunds?.channel, refunds?.cohort], ['metrics-job', 'http', 4]);
      const regret = await tx.get('evidenceBatch', `${ROLLOUT}/regret/000004`);
      assert.deepEqual(regret?.histogram, [
        [-1, 400, 40],
        [1, 1000, 3],
      ]);
    });
  });

  it('counts once however often the same batch is told', async () => {
    const [first, again] = [await push(BATCH), await push({ ...BATCH })];
    assert.deepEqual([first.result, again.result], ['recorded', 'duplicate']);
    assert.deepEqual(await onRecord(), [`${ROLLOUT}/refunds/000004`]);
    assert.deepEqual((await commandLog()).map(({ result }) => result).sort(), [
      'duplicate: recorded before; it counts once',
      'recorded: recorded for cohort 4 of refunds',
    ]);
  });

  it('is taken in any order, late ones as well', async () => {
    for (const [batchId, hour] of [
      ['c', 15],
      ['a', 6],
      ['b', 12],
    ] as const) {
      const cohortStart = `2001-01-03T${String(hour).padStart(2, '0')}:00:00Z`;
      assert.equal((await push({ ...BATCH, batchId, cohortStart })).result, 'recorded');
    }
    assert.equal((await onRecord()).length, 3);
  });

  it('takes a cohort that ends where the log is complete, and refuses one that ends later, for now', async () => {
    assert.equal((await push({ ...BATCH, cohortStart: '2001-01-03T21:00:00Z' })).result, 'recorded');
    const early = { ...BATCH, batchId: 'early', cohortStart: '2001-01-04T00:00:00Z' };
    const { result, message, later } = await push(early);
    assert.deepEqual([result, later], ['refused', true]);
    assert.equal(
      message,
      'cohort 2001-01-04T00:00:00Z is not over: it ends at 2001-01-04T03:00:00Z, and the log is complete through 2001-01-04T00:00:00Z',
    );
    await putRollout(records, { watermark: '2001-01-04T03:00:00Z' });
    assert.equal((await push(early)).result, 'recorded');
  });

  it('takes the first cohort of the rollout', async () => {
    assert.equal((await push({ ...BATCH, cohortStart: '2001-01-03T06:00:00Z' })).result, 'recorded');
  });

  const counts = (changed: Partial<typeof COUNTS>): object => ({ ...BATCH, counts: { ...COUNTS, ...changed } });
  for (const [title, batch, reason] of [
    [
      'of a cohort before the rollout',
      { ...BATCH, cohortStart: '2001-01-03T03:00:00Z' },
      /is before the rollout: its first cohort starts at 2001-01-03T06:00:00Z$/,
    ],
    [
      'that begins within a cohort',
      { ...BATCH, cohortStart: '2001-01-03T10:00:00Z' },
      /is not the start of a cohort; the one it falls in starts at 2001-01-03T09:00:00Z$/,
    ],
    ['of a metric nobody declared', { ...BATCH, metric: 'returns' }, /returns is none .* allowed: refunds, regret$/],
    ['of a metric that the gate itself has', { ...BATCH, metric: 'loss' }, /allowed: refunds, regret$/],
    ['with differences for counts', { ...REGRETS, metric: 'refunds' }, /shape count: give counts, and only these$/],
    ['with counts for differences', { ...BATCH, metric: 'regret' }, /shape difference: give differences/],
    ['with both shapes', { ...BATCH, differences: REGRETS.differences }, /give counts, and only these$/],
    [
      'with the assigned units of another metric than the first',
      { ...REGRETS, assigned: { control: 95, candidate: 5 } },
      /^assigned is told with metric refunds, not with regret: a unit's assignment counts once$/,
    ],
    ['with neither shape', { ...BATCH, counts: null }, /give counts, and only these$/],
    [
      'with more of the candidate than of both arms',
      counts({ candidateEvents: 21 }),
      /candidateEvents 21 is more than/,
    ],
    [
      'with more exposures of the candidate than of both arms',
      counts({ candidateExposures: 1001 }),
      /candidateExposures 1001 is more than exposures 1000/,
    ],
    [
      'with more events than units',
      counts({ candidateEvents: 6, candidateExposures: 5 }),
      /candidateEvents 6 is more than candidateExposures 5; count one event a unit/,
    ],
    [
      'with more events than units of the stable',
      counts({ exposures: 60 }),
      /stable has 19 events of 10 exposures; count one event a unit/,
    ],
    ['that is no object', 'refunds', /^batch: /],
    ['that is nothing', null, /^batch: /],
    ['without its id', { ...BATCH, batchId: undefined }, /^batchId: /],
    ['with a field nobody knows', { ...BATCH, arm: 'candidate' }, /"arm"/],
    ['with half a unit', counts({ events: 1.5 }), /^counts\.events: /],
    ['with counts below nothing', counts({ candidateEvents: -1 }), /^counts\.candidateEvents: /],
    ['of a day that does not exist', { ...BATCH, cohortStart: '2001-02-30T00:00:00Z' }, /^cohortStart: must be an ISO/],
    ['of a month that does not exist', { ...BATCH, cohortStart: '2001-13-01T00:00:00Z' }, /^cohortStart: must be/],
    ['of a local time', { ...BATCH, cohortStart: '2001-01-03T09:00:00' }, /^cohortStart: must be an ISO/],
    ['with a difference above 1', { ...REGRETS, differences: [[10_001, 1]] }, /^differences\.0\.0: /],
  ] as const)
    it(`is refused ${title}, and the command log says why`, async () => {
      const { result, message, later } = await push(batch);
      assert.deepEqual([result, later], ['refused', false]);
      assert.match(message, reason);
      assert.deepEqual(await onRecord(), []);
      const [logged, ...others] = await commandLog();
      assert.deepEqual([logged?.result, others.length], [`refused: ${message}`, 0]);
      assert.deepEqual([logged?.command, logged?.target, logged?.by], ['recordEvidence', ROLLOUT, 'metrics-job']);
    });

  for (const [title, given, rolloutId, reason, later] of [
    ['for a rollout that is not there', {}, `${ROLLOUT}9`, /is no rollout in flight/, false],
    ['for a rollout that is over', { outcome: 'rolled_back' }, ROLLOUT, /is no rollout in flight/, false],
    ['before the first split', { firstCohort: null }, ROLLOUT, /has no split yet/, true],
    ['where the policy has no pushed metric', { metrics: [] }, ROLLOUT, /declares no such metric$/, false],
  ] as const)
    it(`is refused ${title}`, async () => {
      await inFlight(given);
      const receipt = await push(BATCH, rolloutId);
      assert.deepEqual([receipt.result, receipt.later], ['refused', later]);
      assert.match(receipt.message, reason);
      assert.equal((await commandLog())[0]?.result, `refused: ${receipt.message}`);
    });

  it('refuses a second batch of a cohort, and other content under the same id', async () => {
    await push(BATCH);
    const overlap = await push({ ...BATCH, batchId: 'refunds-4-corrected' });
    assert.match(overlap.message, /is covered by batch refunds-4; counts of a cohort come in one batch$/);
    const changed = await push({ ...BATCH, counts: { ...COUNTS, events: 21 } });
    assert.match(changed.message, /^batchId refunds-4 has been recorded with other content/);
    const elsewhere = await push({ ...BATCH, cohortStart: '2001-01-03T12:00:00Z' });
    assert.match(elsewhere.message, /^batchId refunds-4 has been recorded with other content/);
    assert.deepEqual(await onRecord(), [`${ROLLOUT}/refunds/000004`]);
  });

  it('keeps each attempt once: of the same words by another person, another', async () => {
    const wrong = { ...BATCH, metric: 'returns' };
    for (const by of ['ana', 'ben', 'ana']) await push(wrong, ROLLOUT, by);
    assert.deepEqual((await commandLog()).map(({ by }) => by).sort(), ['ana', 'ben']);
  });
});
