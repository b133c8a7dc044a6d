import assert from 'node:assert/strict';
import { isAsked } from '../../../scripts/verify-gate/measures.ts';
import { chunksOf, runChunk } from '../../../scripts/verify-gate/replicate.ts';
import { findingsOf } from '../../../scripts/verify-gate/report.ts';
import { rows } from '../../../scripts/verify-gate/rows.ts';

/** Enough to catch a broken procedure in seconds; `npm run verify:gate` measures. */
const SCALE = 0.02;
const TIMEOUT_MS = 60_000;

describe('simulated rollouts and tests', () => {
  const chunks = chunksOf(SCALE);
  for (const [row, { title, measures }] of rows.entries()) {
    if (!measures.some(({ target }) => isAsked(target))) continue;
    it(`do not contradict their targets: ${title}`, () => {
      const samples = chunks.filter((chunk) => chunk.row === row).flatMap(runChunk);
      assert.deepEqual(
        findingsOf(row, samples, true).filter(({ passed }) => !passed),
        [],
      );
    }).timeout(TIMEOUT_MS);
  }

  it('give the same samples for the same seed', () => {
    const chunk = chunks[0]!;
    assert.deepEqual(runChunk(chunk), runChunk(chunk));
  });
});
