import assert from 'node:assert/strict';
import { killAtWork, killRunAtWork } from '../../scripts/verify-kills/kills.ts';
import type { Kill } from '../../scripts/verify-kills/kills.ts';
import type { StoryRun } from '../../scripts/verify-kills/story-runs.ts';
import { auditStory } from '../../scripts/verify-story/audit.ts';
import { withRecords } from '../../scripts/verify-story/state.ts';
import { parseLedger, readStory } from '../../scripts/verify-story/story.ts';
import { disturbedRun, undisturbedRun } from './slice-runs.ts';

describe('kill -9 of every process, one at a time, in the middle of a rollout', function () {
  this.timeout(600_000);
  let peaceful: StoryRun;
  let disturbed: StoryRun & { readonly disturbed: readonly Kill[] };
  before(async () => {
    peaceful = await undisturbedRun();
    disturbed = await disturbedRun(async (story, stateDir, startAgain) => {
      await story.line(/first-model \S+ is at shadow/);
      const kills = [await killAtWork(story, stateDir, 'worker')];
      await story.line(/advance \(shadow\)/);
      kills.push(await killAtWork(story, stateDir, 'gateway'));
      await story.line(/advance \(canary\)/);
      kills.push(await killAtWork(story, stateDir, 'postgres'));
      await story.line(/needs a person/);
      kills.push(await killAtWork(story, stateDir, 'temporal'));
      await story.line(/skewed-features \S+ is at shadow/);
      const { next: _next, ...kill } = await killRunAtWork(story, stateDir, startAgain);
      return [...kills, kill];
    });
  });

  it('meets each of them while a rollout has work open, and each comes back', () => {
    const killed = disturbed.disturbed.map(({ victim }) => victim);
    assert.deepEqual(killed, ['worker', 'gateway', 'postgres', 'temporal', 'the run itself']);
    for (const { rollout, open } of disturbed.disturbed) {
      assert.match(rollout, /^rollout\/flight-slice\//);
      assert.ok(open.length > 0);
    }
  });

  it('P7 changes nothing of the story: same candidates, outcomes and evidence digests', () => {
    assert.deepEqual(disturbed.summary.candidates, peaceful.summary.candidates);
    assert.equal(disturbed.summary.storyDigest, peaceful.summary.storyDigest);
  });

  it('loses, repeats and reorders nothing in the exposure ledger', () => {
    const lines = parseLedger(disturbed.ledger);
    assert.deepEqual(lines, parseLedger(peaceful.ledger));
    assert.ok(lines.length >= 8);
    for (const [index, { accepted, generation, decisionId }] of lines.entries()) {
      assert.ok(accepted);
      assert.ok(index === 0 || generation > (lines[index - 1]?.generation ?? Infinity));
      assert.equal(lines.filter((line) => line.decisionId === decisionId).length, 1);
    }
  });

  it('leaves records that stand up to the audit', async () => {
    const { stateDir, summary } = disturbed;
    const story = await withRecords(stateDir, (client) => readStory(client, stateDir, 'flight-slice'));
    const { findings } = await auditStory(story, stateDir, summary);
    assert.deepEqual(
      findings.filter(({ ok }) => !ok),
      [],
    );
  });
});
