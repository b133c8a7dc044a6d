import assert from 'node:assert/strict';
import { EMPTY_PARTITION, judgePartition, NO_PLACE } from '../../../src/domain/collection/quality.ts';
import type { DeclaredCheck } from '../../../src/domain/collection/quality.ts';

const checks: DeclaredCheck[] = [
  { kind: 'rowRange', id: 'impossible' },
  { kind: 'exactDuplicate', id: 'duplicate' },
  { kind: 'rowCount', id: 'incomplete', min: 100 },
  { kind: 'missingShare', id: 'origin-missing', input: 'origin', max: 0.01 },
];

describe('judgePartition', () => {
  for (const [title, rows, blocked] of [
    ['blocks a partition one row below the count', 99, 'incomplete'],
    ['accepts a partition at the count', 100, null],
    ['accepts a partition above the count', 101, null],
  ] as const)
    it(title, () => {
      const verdict = judgePartition(checks, { rows, quarantined: {}, missing: { origin: 0 } });
      assert.equal(verdict.blocked?.checkId ?? null, blocked);
    });

  for (const [title, missing, blocked] of [
    ['accepts a missing share below the limit', 9, null],
    ['accepts a missing share at the limit', 10, null],
    ['blocks a missing share above the limit', 11, 'origin-missing'],
  ] as const)
    it(title, () => {
      const verdict = judgePartition(checks, { rows: 1000, quarantined: {}, missing: { origin: missing } });
      assert.equal(verdict.blocked?.checkId ?? null, blocked);
    });

  it('blocks a partition whose input was not counted: missing is not good', () => {
    const verdict = judgePartition(checks, { rows: 1000, quarantined: {}, missing: {} });
    assert.deepEqual(verdict.blocked, { checkId: 'origin-missing', reason: 'nothing is known of input origin' });
  });

  it('blocks an empty partition even where no check is declared', () => {
    assert.equal(judgePartition([], { rows: 0, quarantined: {}, missing: {} }).blocked?.checkId, EMPTY_PARTITION);
  });

  it('lists quarantined rows in the order of the declared checks, those without a place first', () => {
    const verdict = judgePartition(checks, {
      rows: 200,
      quarantined: { duplicate: 2, impossible: 1, [NO_PLACE]: 3 },
      missing: { origin: 0 },
    });
    assert.deepEqual(verdict.quarantined, [
      { checkId: NO_PLACE, rows: 3 },
      { checkId: 'impossible', rows: 1 },
      { checkId: 'duplicate', rows: 2 },
    ]);
    assert.equal(verdict.blocked, null);
  });
});
