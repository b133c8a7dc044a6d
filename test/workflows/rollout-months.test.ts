import assert from 'node:assert/strict';
import { recordPolicy } from '../../src/activities/policy-records.ts';
import { policyOf } from '../../src/contracts/policy-record.ts';
import { HISTORY_EVENTS_MAX } from '../../src/workflows/limits.ts';
import { ended, ladderOf, startRolloutStories } from './rollout-stories.ts';
import type { RolloutStories, Story } from './rollout-stories.ts';
import { faultsOfAllRuns } from './stage-run.ts';

/** Looks of one a day. */
const DAYS = 120;
const REBASED_AFTER = 30;
/** Of a look that changes nothing, and of one that widens. */
const EVENTS_A_LOOK_MAX = 12;
const EVENTS_A_RISE_MAX = 20;
const CARRIED_BYTES_MAX = 64 * 1024;

describe('a rollout of months', function () {
  this.timeout(120_000);
  let stories: RolloutStories;
  before(async () => (stories = await startRolloutStories()));
  after(() => stories.stop());

  it('is re-based on its thirtieth day, survives its workers, gets three approvals, and stays small', async () => {
    const story = await stories.begin('months');
    await looks(story, REBASED_AFTER, 'continue');
    await rebase(stories, story);
    await looks(story, 10, 'continue');
    story.say('advance');
    for (const exposure of [0.05, 0.25, 0.5]) {
      await story.until((state) => state.exposure === exposure);
      await looks(story, 24, 'continue');
      if (exposure === 0.25) await stories.run.restartWorkers();
      story.say('advance');
      await story.order('approve', await story.approval());
      story.say('advance');
    }
    const { decision } = await ended(story);
    assert.equal(decision?.outcome, 'promoted');
    assert.ok(story.world.looks >= DAYS, `${story.world.looks} looks`);
    await sizes(stories, story);
  });

  async function looks(story: Story, days: number, verdict: 'continue'): Promise<void> {
    const { judgedCohort, run } = await story.status();
    story.say(...Array.from({ length: days }, () => verdict));
    await story.until((state) => state.judgedCohort >= (run === state.run ? judgedCohort : 0) + days);
  }

  // A suite of its own comes after all the others.
  describe('altogether', () =>
    it('leaves histories in which the rules find no fault', async () =>
      assert.deepEqual(await faultsOfAllRuns(stories.run), [])));
});

/** Another ladder on record: a third canary, and a yes at each. */
async function rebase(stories: RolloutStories, story: Story): Promise<void> {
  const { model, claim } = story.input;
  const declaration = ladderOf(model);
  const approvals = { roles: ['approver'], quorum: 1, veto: [], authenticated: false };
  const gate = { minSpan: 'PT12H', minUnits: 10, deadline: 'P7D', approvals };
  const steps = declaration.rollout.steps.filter(({ mode }) => mode !== 'canary');
  const canaries = [0.05, 0.25, 0.5].map((exposure) => ({ mode: 'canary' as const, exposure, ...gate }));
  const rollout = { ...declaration.rollout, steps: [...steps.slice(0, -1), ...canaries, ...steps.slice(-1)] };
  const policy = policyOf({ ...declaration, rollout }, claim);
  const policyDigest = await stories.records.transaction(model, (tx) => recordPolicy(tx, policy));
  const from = (await story.status()).brief?.policyDigest;
  await story.order('rebasePolicy', { policyDigest, from });
  const state = await story.until(({ brief }) => brief?.policyDigest === policyDigest);
  assert.equal(state.exposure, 0);
  assert.equal(state.brief?.steps.length, steps.length + 3);
}

async function sizes({ client }: RolloutStories, story: Story): Promise<void> {
  let runs = 0;
  let events = 0;
  for await (const { historyLength } of client.workflow.list({ query: `WorkflowId = "${story.input.rolloutId}"` })) {
    assert.ok(historyLength <= HISTORY_EVENTS_MAX + 60, `${historyLength} events in one run`);
    runs += 1;
    events += historyLength;
  }
  const carried = JSON.stringify(await story.status()).length;
  if (process.env['VERBOSE'] !== undefined)
    process.stdout.write(`${story.world.looks} looks, ${runs} runs, ${events} events, ${carried} bytes carried\n`);
  assert.ok(carried <= CARRIED_BYTES_MAX, `${carried} bytes carried`);
  assert.ok(events <= story.world.looks * EVENTS_A_LOOK_MAX + 10 * EVENTS_A_RISE_MAX, `${events} events`);
}
