import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { HoldfastError } from '../../src/contracts/errors.ts';
import { climbed, ended, owedToPromotion, STABLE, startRolloutStories } from './rollout-stories.ts';
import type { RolloutStories } from './rollout-stories.ts';
import { eventually, faultsOfAllRuns, keepHistory } from './stage-run.ts';

describe('a rollout', function () {
  this.timeout(60_000);
  let stories: RolloutStories;
  before(async () => void (stories = await startRolloutStories()));
  after(() => stories.stop());

  it('climbs the ladder on advance verdicts, leaves the last canary with its approval, and becomes stable (P1)', async () => {
    const story = await stories.begin('climbs');
    story.say('continue', 'advance', 'continue', 'advance', 'advance');
    await story.order('approve', await story.approval());
    story.say('advance');
    const { decision } = await ended(story);
    assert.equal(decision?.outcome, 'promoted');
    assert.deepEqual(climbed(story), [0, 0.05, 0.25, 1, null]);
    const [shadow, first, second, full, stable] = story.world.splits;
    const { rolloutId, bundle } = story.input;
    assert.equal(shadow?.decisionId, `${rolloutId}/offline`);
    for (const rise of [first, second, full])
      assert.match(rise?.decisionId ?? '', /^rollout\/climbs\/.+\/(shadow|canary)\/\d+$/);
    assert.deepEqual([stable?.entry.stable, stable?.entry.candidate], [bundle, null]);
    await stories.records.transaction('climbs', async (tx) => {
      const candidate = await tx.get('candidate', bundle);
      assert.deepEqual(
        candidate?.exposureHistory.map(({ exposure, mode }) => [mode, exposure]),
        [
          ['shadow', 0],
          ['canary', 0.05],
          ['canary', 0.25],
          ['full', 1],
        ],
      );
      assert.equal((await tx.list('stable')).at(-1)?.body.bundle, bundle);
    });
    await keepHistory(story.handle, 'rollout--promoted-with-an-approval');
  });

  it('is refused by the suite before anybody sees it, without a split', async () => {
    const story = await stories.begin('offline', (world) => void (world.suite = 'fails'));
    const { decision, exposure } = await ended(story);
    assert.deepEqual([decision?.outcome, exposure], ['refused', 0]);
    assert.match(decision?.reason ?? '', /last-week \(\+12\.0 per 1,000, tolerated 10\)/);
    assert.deepEqual(climbed(story), []);
    assert.equal(await owedToPromotion(stories.records, 'offline'), 1);
    await keepHistory(story.handle, 'rollout--refused-offline');
  });

  it('is refused in shadow by a rollback verdict: nobody was exposed', async () => {
    const story = await stories.begin('shadow');
    story.say('rollback');
    assert.equal((await ended(story)).decision?.outcome, 'refused');
    assert.deepEqual(climbed(story), [0, null]);
  });

  it('returns everyone to stable on a rollback verdict under exposure', async () => {
    const story = await stories.begin('harm');
    story.say('advance', 'hold', { verdict: 'rollback', reasons: ['loss'] });
    const { decision, phase } = await ended(story);
    assert.deepEqual([decision?.outcome, phase], ['rolled_back', 'degraded']);
    assert.deepEqual(climbed(story), [0, 0.05, null]);
    assert.equal(story.world.splits.at(-1)?.entry.effectiveFrom, null);
    await keepHistory(story.handle, 'rollout--rolled-back-by-the-gate');
  });

  it('keeps its exposure while the gate holds or has not enough, however often it looks (P2)', async () => {
    const story = await stories.begin('holds');
    story.say('advance', 'hold', 'continue', 'hold', 'continue', 'hold');
    await eventually(
      async () => story.world.looks,
      (looks) => looks === 7,
    );
    const state = await story.status();
    assert.deepEqual([state.exposure, state.phase, state.last?.verdict], [0.05, 'progressing', 'hold']);
    assert.deepEqual(climbed(story), [0, 0.05]);
  });

  it('asks for a person when a deadline passes, and goes on being judged', async () => {
    const story = await stories.begin('late');
    story.say('advance', 'escalate');
    await story.until(({ escalated }) => escalated);
    const { searchAttributes } = await story.handle.describe();
    assert.deepEqual(searchAttributes['HoldfastNeedsHuman'], [true]);
    assert.deepEqual(searchAttributes['HoldfastWaitingFor'], ['a person: the deadline of the step has passed']);
    story.say('advance');
    assert.equal((await story.until(({ exposure }) => exposure === 0.25)).escalated, false);
  });

  it('is refused when its deadline passes in shadow', async () => {
    const story = await stories.begin('refused-late');
    story.say('escalate');
    assert.equal((await ended(story)).decision?.outcome, 'refused');
  });

  it('becomes stable only after a whole cohort that it served alone', async () => {
    const story = await stories.begin('whole', (world) => void (world.cohortsAreServed = false));
    story.say('advance', 'advance', 'advance');
    await story.order('approve', await story.approval());
    story.say('advance');
    const { fullFrom } = await story.until(({ exposure }) => exposure === 1);
    assert.ok(fullFrom !== null);
    assert.equal(await story.exposed(), 2);
    story.world.cohortsAreServed = true;
    assert.equal((await ended(story)).decision?.outcome, 'promoted');
  });

  it('waits on when told that evidence arrived, and is continued as new when that is told too often', async () => {
    const story = await stories.begin('told');
    await story.until(({ run }) => run === 'shadow');
    await eventually(
      async () => story.world.looks,
      (looks) => looks === 1,
    );
    const { runId: first } = await story.handle.describe();
    for (let told = 0; told < 10; told++) await story.handle.signal('evidenceArrived', { batchId: `batch-${told}` });
    await story.status();
    assert.equal(story.world.looks, 1);
    // A run that is continued within two seconds would look like one that goes round in circles.
    await sleep(2_000);
    for (let told = 0; (await story.handle.describe()).runId === first; told++) {
      assert.ok(told < 300, 'no run goes on for so long');
      for (const batchId of ['a', 'b', 'c', 'd']) await story.handle.signal('evidenceArrived', { batchId });
    }
    story.say('advance');
    await story.until(({ exposure }) => exposure === 0.05);
  });

  it('says in words where it is, what it waits for, and how it is stopped', async () => {
    const story = await stories.begin('words');
    story.say('advance');
    await story.until(({ exposure }) => exposure === 0.05);
    const words = await story.handle.query<string>('explain');
    assert.match(words, /\*\*Waits for\*\* matured evidence/);
    assert.match(words, /^offline > shadow > \[5 %\] > 25 % \(1 approval\) > full$/m);
    assert.match(words, /^npx holdfast pause\|reject\|rollback rollout\/words\//m);
  });

  describe('that cannot go on', () => {
    it('ends with nobody exposed when it can no longer be judged', async () => {
      const story = await stories.begin('unjudgeable');
      story.say('advance');
      await story.until(({ exposure }) => exposure === 0.05);
      story.say(new HoldfastError('RECORD_CONFLICT', 'evidence has changed'));
      const { decision } = await ended(story);
      assert.deepEqual([decision?.outcome, decision?.reason], ['rolled_back', 'RECORD_CONFLICT: evidence has changed']);
      assert.equal(await story.exposed(), 0);
    });

    it('holds when somebody else has written a later split, and ends with nobody exposed when it is rolled back', async () => {
      const story = await stories.begin('foreign');
      story.say('advance');
      await story.until(({ exposure }) => exposure === 0.05);
      const { entry } = story.world.splits.at(-1)!;
      const foreign = { generation: 50, decisionId: 'by-hand', entry: { ...entry, exposure: 0.04 } };
      await stories.router.apply('foreign', foreign);
      story.say('advance');
      const held = await story.until(({ splitRefused }) => splitRefused !== null);
      assert.equal(held.exposure, 0.05);
      assert.equal((await stories.router.observe('foreign'))[0]?.generation, 50);
      await story.order('rollback');
      assert.equal((await ended(story)).decision?.outcome, 'rolled_back');
      assert.equal(await story.exposed(), 0);
      assert.equal((await stories.router.observe('foreign'))[0]?.generation, 51);
    });

    it('leaves a later split alone that does not name it', async () => {
      const story = await stories.begin('taken-over');
      story.say('advance');
      await story.until(({ exposure }) => exposure === 0.05);
      const entry = { effectiveFrom: null, stable: STABLE, candidate: null, exposure: 0, salt: '', mirror: false };
      await stories.router.apply('taken-over', { generation: 50, decisionId: 'by-hand', entry });
      story.say('rollback');
      assert.equal((await ended(story)).decision?.outcome, 'rolled_back');
      const [state] = await stories.router.observe('taken-over');
      assert.deepEqual([state?.generation, state?.decisionId], [50, 'by-hand']);
    });
  });

  // A suite of its own comes after all the others.
  describe('altogether', () =>
    it('leaves histories in which the rules find no fault', async () =>
      assert.deepEqual(await faultsOfAllRuns(stories.run), [])));
});
