import assert from 'node:assert/strict';
import { checkSequence } from './check.ts';
import { HONEST } from './parts.ts';
import { FAULTY } from './variants.ts';

/** Enough for every outcome to occur and every variant to be seen; `npm run verify:rollout` runs a hundred thousand. */
const HONEST_SEQUENCES = 150;
const FAULTY_SEQUENCES = 200;

describe('rollouts in random worlds', function () {
  this.timeout(240_000);

  it('keep every invariant, whatever is doubled, shuffled, late, lost or killed', async () => {
    const outcomes = new Set<string>();
    for (let seed = 1; seed <= HONEST_SEQUENCES; seed++) {
      const account = await checkSequence(HONEST, seed);
      assert.equal(account.violation, null, JSON.stringify(account.violation, null, 2));
      for (const outcome of account.outcomes) outcomes.add(outcome);
    }
    assert.deepEqual([...outcomes].sort(), ['in_progress', 'promoted', 'refused', 'rolled_back', 'withdrawn']);
  });

  for (const [fault, parts] of Object.entries(FAULTY))
    it(`show a product that ${fault}`, async () => {
      for (let seed = 1; seed <= FAULTY_SEQUENCES; seed++)
        if ((await checkSequence(parts, seed)).violation !== null) return;
      assert.fail(`${FAULTY_SEQUENCES} sequences have not shown it`);
    });
});
